//! Putting the server together.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use sea_orm::DatabaseConnection;

use super::register::keep_in_step;
use super::{ConfigUsers, Inner, OAuth2Server};
use crate::oauth2::client_auth::Authenticator;
use crate::oauth2::error::Error;
use crate::oauth2::event::{Event, Observer};
use crate::oauth2::key::Keyring;
use crate::oauth2::model::Clock;
use crate::oauth2::page::{DefaultPages, Pages};
use crate::oauth2::policy::{DefaultPolicy, Policy};
use crate::oauth2::settings::OAuth2Settings;
use crate::oauth2::store::Store;
use crate::oauth2::store::sea_orm::SeaOrmStore;
use crate::oauth2::throttle::{Limits, Throttle};
use crate::oauth2::token::{Epoch, Hasher, Issuer, Verifier};
use crate::oauth2::users::Users;

/// Builds an [`OAuth2Server`].
#[derive(Debug)]
pub struct OAuth2ServerBuilder {
    store: SeaOrmStore,
    settings: OAuth2Settings,
    users: Option<Held<dyn Users>>,
    policy: Held<dyn Policy>,
    observer: Observer,
    clock: Clock,
    pages: Held<dyn Pages>,
    trusted_proxies: Vec<IpAddr>,
}

/// A trait object that prints as what it is for.
struct Held<T: ?Sized>(Arc<T>);

impl<T: ?Sized> std::fmt::Debug for Held<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(std::any::type_name::<T>())
    }
}

impl OAuth2Server {
    /// A server on `db`.
    pub fn builder(db: DatabaseConnection) -> OAuth2ServerBuilder {
        OAuth2ServerBuilder {
            store: SeaOrmStore::new(db),
            settings: OAuth2Settings::default(),
            users: None,
            policy: Held(Arc::new(DefaultPolicy)),
            observer: Observer::default(),
            clock: Clock::default(),
            pages: Held(Arc::new(DefaultPages::default())),
            trusted_proxies: Vec::new(),
        }
    }
}

impl OAuth2ServerBuilder {
    /// Issuer, lifetimes, clients.
    #[must_use]
    pub fn settings(mut self, settings: OAuth2Settings) -> Self {
        self.settings = settings;
        self
    }

    /// The app's people. Default: those of the settings.
    #[must_use]
    pub fn users(mut self, users: impl Users) -> Self {
        self.users = Some(Held(Arc::new(users)));
        self
    }

    /// The app's decisions. Default: [`DefaultPolicy`].
    #[must_use]
    pub fn policy(mut self, policy: impl Policy) -> Self {
        self.policy = Held(Arc::new(policy));
        self
    }

    /// Who is told what happens; must not block.
    #[must_use]
    pub fn observer(mut self, observe: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.observer = Observer::new(observe);
        self
    }

    /// Where the time comes from; for tests.
    #[must_use]
    pub fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Clock::new(now);
        self
    }

    /// What people see. Default: [`DefaultPages`].
    #[must_use]
    pub fn pages(mut self, pages: impl Pages + 'static) -> Self {
        self.pages = Held(Arc::new(pages));
        self
    }

    /// Believes the `X-Forwarded-For` of these addresses, and of no other. Default: none.
    ///
    /// Guesses of secrets and passwords are counted per address. Behind a proxy that is not named here everybody
    /// has the proxy's, and one who guesses would keep out all others.
    #[must_use]
    pub fn trusted_proxies(mut self, proxies: impl IntoIterator<Item = IpAddr>) -> Self {
        self.trusted_proxies = (proxies.into_iter())
            .map(|address| address.to_canonical())
            .collect();
        self
    }

    /// Makes or changes the tables, loads or makes the keys, and brings the clients of the settings in.
    ///
    /// Any number of instances may do this on one database at the same time.
    ///
    /// # Errors
    /// When a setting cannot be used, or the database fails.
    pub async fn build(self) -> Result<OAuth2Server, Error> {
        let settings = self.settings;
        settings.validate()?;
        self.store.migrate().await.map_err(Error::Migrate)?;
        let store: Arc<dyn Store> = Arc::new(self.store);
        let now = self.clock.now();
        let keyring = Arc::new(Keyring::load_or_make(&*store, now).await?);
        let hasher = Hasher::new().await?;
        keep_in_step(&*store, &hasher, &settings, now).await?;
        let users = match self.users {
            Some(Held(users)) => users,
            None => Arc::new(ConfigUsers::new(&settings.users, hasher.clone()).await?),
        };
        let epoch = Epoch::default();
        let verifier = Verifier::new(
            Arc::clone(&keyring),
            Arc::clone(&store),
            &settings,
            self.clock.clone(),
            epoch.clone(),
        );
        Ok(OAuth2Server(Arc::new(Inner {
            issuer: Issuer::new(Arc::clone(&keyring), &settings.issuer, settings.audience()),
            authenticator: Authenticator::new(Arc::clone(&store), hasher.clone()),
            policy: self.policy.0,
            pages: self.pages.0,
            trusted_proxies: self.trusted_proxies,
            login_throttle: Throttle::new(Limits::LOGIN),
            observer: self.observer,
            clock: self.clock,
            settings,
            store,
            users,
            hasher,
            keyring,
            verifier,
            epoch,
        })))
    }
}
