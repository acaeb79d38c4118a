//! Putting the server together.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use sea_orm::DatabaseConnection;

use super::register::keep_in_step;
use super::{ConfigUsers, Inner, OAuth2Server};
use crate::oauth2::client_auth::Authenticator;
use crate::oauth2::error::Error;
use crate::oauth2::event::{Event, Observers};
use crate::oauth2::grant::{Grants, TokenGrant};
use crate::oauth2::key::Keyring;
use crate::oauth2::model::Clock;
use crate::oauth2::page::{DefaultPages, Pages};
use crate::oauth2::policy::{DefaultPolicy, Policy};
use crate::oauth2::settings::{OAuth2Settings, SettingError};
use crate::oauth2::store::Store;
use crate::oauth2::store::sea_orm::SeaOrmStore;
use crate::oauth2::throttle::{Limits, Throttle};
use crate::oauth2::token::{Epoch, Hasher, Issuer, Verifier};
use crate::oauth2::users::Users;

/// Builds an [`OAuth2Server`].
pub struct OAuth2ServerBuilder {
    store: SeaOrmStore,
    settings: OAuth2Settings,
    users: Option<Arc<dyn Users>>,
    policy: Arc<dyn Policy>,
    observers: Observers,
    grants: Vec<Box<dyn TokenGrant>>,
    clock: Clock,
    pages: Arc<dyn Pages>,
    trusted_proxies: Vec<IpAddr>,
}

impl fmt::Debug for OAuth2ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth2ServerBuilder")
            .field("store", &self.store)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl OAuth2Server {
    /// A server on `db`.
    pub fn builder(db: DatabaseConnection) -> OAuth2ServerBuilder {
        OAuth2ServerBuilder {
            store: SeaOrmStore::new(db),
            settings: OAuth2Settings::default(),
            users: None,
            policy: Arc::new(DefaultPolicy),
            observers: Observers::default(),
            grants: Vec::new(),
            clock: Clock::default(),
            pages: Arc::new(DefaultPages::default()),
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
        self.users = Some(Arc::new(users));
        self
    }

    /// The app's decisions. Default: [`DefaultPolicy`].
    #[must_use]
    pub fn policy(mut self, policy: impl Policy) -> Self {
        self.policy = Arc::new(policy);
        self
    }

    /// One more who is told what happens, after those that were named before; must not block. To wait for
    /// something, hand the event to a task of its own:
    ///
    /// ```
    /// # use rf::oauth2::{Event, OAuth2ServerBuilder};
    /// # fn watch(builder: OAuth2ServerBuilder) -> OAuth2ServerBuilder {
    /// let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
    /// tokio::spawn(async move {
    ///     while let Some(event) = events.recv().await {
    ///         if let Event::ReplayDetected { client_id, .. } = event {
    ///             warn_the_owner_of(client_id).await;
    ///         }
    ///     }
    /// });
    /// // Once the receiver is gone nobody wants to know any more.
    /// builder.observer(move |event| drop(sender.send(event.clone())))
    /// # }
    /// # async fn warn_the_owner_of(_: rf::oauth2::ClientId) {}
    /// ```
    #[must_use]
    pub fn observer(mut self, observe: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.observers.add(observe);
        self
    }

    /// One more way to get tokens: a grant of the app's own (RFC 6749 §4.5). Clients may use it once they have
    /// its URI among their grants.
    #[must_use]
    pub fn grant(mut self, grant: impl TokenGrant) -> Self {
        self.grants.push(Box::new(grant));
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
        self.pages = Arc::new(pages);
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
        let mut grants = Grants::built_in(settings.password_grant);
        for grant in self.grants {
            grants.add(grant).map_err(|name| {
                let message = format!("{name} is taken, or no absolute URI, name it \"urn:…\"");
                SettingError::new("grants", message)
            })?;
        }
        // On the heap: the compiler follows futures only so deep, and an app has its own around this one.
        let migrating = Box::pin(self.store.migrate());
        migrating.await.map_err(Error::Migrate)?;
        let store: Arc<dyn Store> = Arc::new(self.store);
        let now = self.clock.now();
        let keyring = Box::pin(Keyring::open(Arc::clone(&store), &settings, now));
        let keyring = Arc::new(keyring.await?);
        let hasher = Hasher::new().await?;
        Box::pin(keep_in_step(&*store, &hasher, &settings, &grants, now)).await?;
        let users = match self.users {
            Some(users) => users,
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
            issuer: Issuer::new(Arc::clone(&keyring), &settings),
            authenticator: Authenticator::new(
                Arc::clone(&store),
                epoch.clone(),
                settings.access_token.check,
                hasher.clone(),
            ),
            policy: self.policy,
            pages: self.pages,
            trusted_proxies: self.trusted_proxies,
            login_throttle: Throttle::new(Limits::LOGIN),
            observers: self.observers,
            grants,
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
