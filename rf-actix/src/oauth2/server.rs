//! [`OAuth2Server`]: the handle on everything.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::client_auth::{Authenticator, Credentials};
use super::error::{AuthError, Error, ErrorCode, OAuthError};
use super::event::{Event, Observers};
use super::grant::{GrantContext, Grants, execute};
use super::key::Keyring;
use super::model::{
    Claims, ClientId, Clock, GrantType, RegisteredClient, Secret, Subject, TokenParams,
    TokenResponse,
};
use super::page::Pages;
use super::policy::Policy;
use super::settings::{OAuth2Settings, SettingError};
use super::store::{Store, StoreError};
use super::throttle::Throttle;
use super::token::{Epoch, Hasher, Introspection, Issuer, Verifier, introspect, revoke};
use super::users::Users;

mod apps;
mod builder;
mod clients;
mod config_users;
mod register;
#[cfg(all(test, feature = "sqlite"))]
mod tests;
mod upkeep;

pub use apps::AuthorizedApp;
pub use builder::OAuth2ServerBuilder;
pub use config_users::ConfigUsers;

/// The authorization server; a cheap clone, shared by all workers.
///
/// ```
/// use rf::oauth2::{Client, GrantType, OAuth2Server, TokenParams, connect};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = OAuth2Server::builder(connect("sqlite::memory:", 1).await?).build().await?;
/// server.register_client(Client {
///     id: "nightly-job".into(),
///     secret: Some("a long random secret".into()),
///     grants: vec![GrantType::ClientCredentials],
///     scopes: "reports:write".parse()?,
///     ..Default::default()
/// }).await?;
///
/// let tokens = server.issue_token(TokenParams {
///     grant_type: Some("client_credentials".into()),
///     client_id: Some("nightly-job".into()),
///     client_secret: Some("a long random secret".into()),
///     ..Default::default()
/// }).await?;
/// let claims = server.validate_token(&tokens.access_token).await?;
/// assert!(claims.is_client() && claims.scope.contains("reports:write"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct OAuth2Server(Arc<Inner>);

struct Inner {
    settings: OAuth2Settings,
    store: Arc<dyn Store>,
    users: Arc<dyn Users>,
    policy: Arc<dyn Policy>,
    clock: Clock,
    observers: Observers,
    grants: Grants,
    pages: Arc<dyn Pages>,
    login_throttle: Throttle,
    trusted_proxies: Vec<IpAddr>,
    hasher: Hasher,
    keyring: Arc<Keyring>,
    issuer: Issuer,
    verifier: Verifier,
    epoch: Epoch,
    authenticator: Authenticator,
}

impl OAuth2Server {
    /// A server on the database that the setting `database_url` names, with the people of the settings.
    ///
    /// There is no database by default: tokens that vanish with the process would be a trap. An app that has a
    /// connection already uses [`builder`](Self::builder).
    ///
    /// # Errors
    /// When `database_url` is missing, and as [`OAuth2ServerBuilder::build`].
    pub async fn new(settings: OAuth2Settings) -> Result<Self, Error> {
        let url = settings.database_url.clone().ok_or_else(|| {
            SettingError::new(
                "database_url",
                "is missing, write for example \"sqlite://var/app.db\", or use OAuth2Server::builder(db)",
            )
        })?;
        let db = super::store::sea_orm::connect(&url, 10).await?;
        Self::builder(db).settings(settings).build().await
    }

    /// Answers a token request whose client, if it has a secret, sent it in the body.
    ///
    /// The built-in endpoint also takes HTTP Basic and slows down whoever guesses from one address; prefer
    /// it to a handler of your own.
    ///
    /// # Errors
    /// As RFC 6749 §5.2 has them.
    pub async fn issue_token(&self, params: TokenParams) -> Result<TokenResponse, OAuthError> {
        self.token(&params.without_empty(), &[], None).await
    }

    /// Answers a token request with the `Authorization` headers it came with.
    pub(crate) async fn token(
        &self,
        params: &TokenParams,
        authorization: &[&[u8]],
        address: Option<IpAddr>,
    ) -> Result<TokenResponse, OAuthError> {
        let mut asked = None;
        let mut known = None;
        let answer = async {
            let name = params.grant_type.as_deref();
            let name = name.ok_or_else(|| OAuthError::invalid_request("grant_type is missing"))?;
            let grant = self.0.grants.find(name).ok_or_else(|| {
                OAuthError::new(
                    ErrorCode::UnsupportedGrantType,
                    "this grant_type is not supported",
                )
            })?;
            asked = Some(grant.grant_type());
            let (id, secret) = (params.client_id.as_deref(), params.client_secret.as_ref());
            let credentials = Credentials::read(authorization, id, secret)?;
            let client = self.authenticate(&credentials, address).await?;
            known = Some(client.client.id.clone());
            self.follow_keys().await;
            execute(grant, self.grant_context(address), &client, params).await
        }
        .await;
        match (&answer, asked, known) {
            (Ok(_), Some(grant), Some(client_id)) => self.emit(&Event::TokenIssued {
                grant,
                client_id,
                format: self.0.settings.access_token.format.as_str(),
            }),
            (Err(error), grant, client_id) => self.emit(&Event::TokenRefused {
                grant,
                client_id,
                error: error.code,
                cause: error.source.as_ref().map(ToString::to_string),
            }),
            // Tokens are issued to known clients by known grants only.
            (Ok(_), ..) => {}
        }
        answer
    }

    /// The client that `credentials` prove.
    pub(crate) async fn authenticate(
        &self,
        credentials: &Credentials,
        address: Option<IpAddr>,
    ) -> Result<Arc<RegisteredClient>, OAuthError> {
        let now = self.0.clock.now();
        let proven = self
            .0
            .authenticator
            .authenticate(credentials, address, now)
            .await;
        if let Err(error) = &proven
            && error.code == ErrorCode::InvalidClient
        {
            self.emit(&Event::ClientRefused {
                throttled: error.retry_after.is_some(),
            });
        }
        proven
    }

    /// The claims of an access token of this server that counts now.
    ///
    /// # Errors
    /// When it does not, or could not be checked.
    pub async fn validate_token(&self, token: &str) -> Result<Claims, AuthError> {
        self.verified_claims(token).await.map(Arc::unwrap_or_clone)
    }

    /// The same without a copy.
    pub(crate) async fn verified_claims(&self, token: &str) -> Result<Arc<Claims>, AuthError> {
        self.0.verifier.verify(token).await
    }

    /// The same, of a token that was found good lately, when that is still believed.
    pub(crate) fn known_claims(&self, token: &[u8]) -> Option<Arc<Claims>> {
        self.0.verifier.known(token)
    }

    /// Where it is in memory: the same for all clones.
    pub(crate) fn place(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Revokes a token of `client` (RFC 7009).
    pub(crate) async fn revoke_token(
        &self,
        token: &Secret,
        client: &RegisteredClient,
    ) -> Result<(), OAuthError> {
        let parts = (&*self.0.store, &self.0.verifier, &self.0.epoch);
        revoke(token, client, parts, &self.0.observers, self.0.clock.now()).await?;
        Ok(())
    }

    /// What `client` may know of a token (RFC 7662).
    pub(crate) async fn introspect_token(
        &self,
        token: &Secret,
        client: &RegisteredClient,
    ) -> Result<Introspection, OAuthError> {
        let issuer = self.0.settings.issuer.as_str();
        let parts = (&*self.0.store, &self.0.verifier);
        let policy = &*self.0.policy;
        let mut found =
            introspect(token, client, parts, policy, issuer, self.0.clock.now()).await?;
        if let Introspection::Active(token) = &mut found
            && let Some(user) = token.user()
        {
            let claims = self.0.users.claims(&user).await;
            let claims = claims.map_err(OAuthError::unavailable)?;
            let name = claims
                .get("preferred_username")
                .and_then(|name| name.as_str());
            token.username = name.map(str::to_owned);
        }
        Ok(found)
    }

    /// Takes back everything `subject` gave `client`: remembered consent and all tokens. Nothing is told when there was
    /// nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn withdraw_consent(
        &self,
        subject: &Subject,
        client: &ClientId,
    ) -> Result<(), StoreError> {
        // Nobody is called so, and PostgreSQL fails on text that holds a NUL.
        if !client.is_well_formed() {
            return Ok(());
        }
        let consented = self.0.store.delete_consent(subject, client).await?;
        let now = self.0.clock.now();
        let granted = self.0.store.revoke_grants_of(subject, client, now).await?;
        // Also when another instance was quicker, of which this one has not heard.
        self.0.epoch.advance();
        if consented || granted {
            self.emit(&Event::ConsentWithdrawn {
                client_id: client.clone(),
                subject: subject.clone(),
            });
        }
        Ok(())
    }

    /// What it was built from.
    pub fn settings(&self) -> &OAuth2Settings {
        &self.0.settings
    }

    /// What it keeps.
    pub fn store(&self) -> &dyn Store {
        &*self.0.store
    }

    /// The app's people.
    pub fn users(&self) -> &dyn Users {
        &*self.0.users
    }

    /// The app's decisions.
    pub fn policy(&self) -> &dyn Policy {
        &*self.0.policy
    }

    /// The grants it knows.
    pub fn grant_types(&self) -> impl Iterator<Item = GrantType> {
        self.0.grants.types()
    }

    /// Where it gets the time from.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The keys.
    pub(crate) fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    /// The 32 bytes that sign session cookies and form tokens; the same on all instances. Derive one key for
    /// each use from it.
    pub(crate) fn cookie_key(&self) -> &[u8; 32] {
        self.0.keyring.cookie()
    }

    /// What people see.
    pub fn pages(&self) -> &dyn Pages {
        &*self.0.pages
    }

    /// Whose `X-Forwarded-For` counts.
    pub(crate) fn trusted_proxies(&self) -> &[IpAddr] {
        &self.0.trusted_proxies
    }

    /// Tells the observers.
    pub(crate) fn emit(&self, event: &Event) {
        self.0.observers.emit(event);
    }

    pub(crate) fn grant_context(&self, address: Option<IpAddr>) -> GrantContext<'_> {
        let inner = &*self.0;
        GrantContext {
            settings: &inner.settings,
            store: &*inner.store,
            users: &*inner.users,
            policy: &*inner.policy,
            issuer: &inner.issuer,
            keyring: &inner.keyring,
            epoch: &inner.epoch,
            observers: &inner.observers,
            login_throttle: &inner.login_throttle,
            address,
            now: inner.clock.now(),
        }
    }
}

impl fmt::Debug for OAuth2Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth2Server")
            .field("issuer", &self.0.settings.issuer)
            .finish_non_exhaustive()
    }
}
