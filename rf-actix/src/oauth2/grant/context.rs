//! What a grant has to work with.

use std::fmt;
use std::net::IpAddr;

use crate::oauth2::error::{ErrorCode, OAuthError};
use crate::oauth2::event::{Event, Observers};
use crate::oauth2::key::Keyring;
use crate::oauth2::lifetime::Lifetimes;
use crate::oauth2::model::{
    AccessTokenRecord, Client, ClientId, Digest, Grant, GrantId, GrantType, Principal,
    RefreshTokenRecord, RegisteredClient, ScopeSet, Secret, Subject, Timestamp, TokenParams,
    TokenResponse,
};
use crate::oauth2::policy::Policy;
use crate::oauth2::scope;
use crate::oauth2::settings::OAuth2Settings;
use crate::oauth2::store::{Issued, Store};
use crate::oauth2::throttle::{Throttle, Throttled};
use crate::oauth2::token::{Epoch, Issuer, Order, TokenKind, generate};
use crate::oauth2::users::{PasswordError, Users};

/// What a grant may do; never the server.
#[derive(Clone, Copy)]
pub struct GrantContext<'a> {
    pub(crate) settings: &'a OAuth2Settings,
    pub(crate) store: &'a dyn Store,
    pub(crate) users: &'a dyn Users,
    pub(crate) policy: &'a dyn Policy,
    pub(crate) issuer: &'a Issuer,
    pub(crate) keyring: &'a Keyring,
    pub(crate) epoch: &'a Epoch,
    pub(crate) observers: &'a Observers,
    pub(crate) login_throttle: &'a Throttle,
    pub(crate) address: Option<IpAddr>,
    pub(crate) now: Timestamp,
}

impl GrantContext<'_> {
    /// The scopes that `params` ask for, as far as `client` may have them; its default when they ask for none.
    ///
    /// # Errors
    /// `invalid_scope`.
    pub fn scope(
        &self,
        client: &RegisteredClient,
        params: &TokenParams,
    ) -> Result<ScopeSet, OAuthError> {
        scope::requested(self.settings, &client.client, params.scope.as_deref())
    }

    /// Issues an access token to a confidential client for itself.
    ///
    /// # Errors
    /// When the client is public, or the database or the policy fails.
    pub async fn issue_for_client(
        &self,
        client: &RegisteredClient,
        scope: ScopeSet,
    ) -> Result<TokenResponse, OAuthError> {
        // RFC 6749 §4.4: confidential clients only, however it was registered.
        if client.is_public() {
            return Err(OAuthError::new(
                ErrorCode::UnauthorizedClient,
                "tokens for itself are for confidential clients",
            ));
        }
        let access = self.access_token(&client.client, None, scope).await?;
        self.store.insert_access_token(&access.record).await?;
        Ok(access.response(None))
    }

    /// Issues an access token for `subject` to `client`, and a refresh token when the client may have one. You have
    /// made sure that it is `subject` who wants it.
    ///
    /// # Errors
    /// `invalid_grant` when the person is not active; when the database, the policy or the people fail, or nobody can
    /// have this subject ([`Subject::is_well_formed`]).
    pub async fn issue_for_user(
        &self,
        client: &RegisteredClient,
        subject: &Subject,
        scope: ScopeSet,
    ) -> Result<TokenResponse, OAuthError> {
        OAuthError::require_usable(subject)?;
        self.require_active(subject).await?;
        let client = &client.client;
        let grant = Grant {
            id: GrantId::generate(),
            client_id: client.id.clone(),
            subject: subject.clone(),
            scope: scope.clone(),
            auth_time: self.now,
            created_at: self.now,
            expires_at: self.now.plus(self.lifetimes(client).grant()),
            revoked_at: None,
        };
        let on_behalf = Some((subject, &grant.id));
        let access = self.access_token(client, on_behalf, scope).await?;
        let (secret, record) = self.first_refresh_token(client, &grant).unzip();
        let issued = Issued {
            access: access.record.clone(),
            refresh: record,
        };
        self.store.insert_grant(&grant, &issued).await?;
        Ok(access.response(secret))
    }

    /// The client of this identifier, if there is one that is not disabled.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn client(&self, id: &ClientId) -> Result<Option<RegisteredClient>, OAuthError> {
        let found = self.store.client(id).await?;
        Ok(found.filter(|client| !client.disabled))
    }

    /// The app's people.
    pub fn users(&self) -> &dyn Users {
        self.users
    }

    /// The present, by the server's clock.
    pub fn now(&self) -> Timestamp {
        self.now
    }
}

impl fmt::Debug for GrantContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrantContext")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// A signed access token and what is kept of it.
pub(super) struct NewAccess {
    token: String,
    ttl: u64,
    pub(super) record: AccessTokenRecord,
}

impl NewAccess {
    /// The answer to the client.
    pub(super) fn response(self, refresh_token: Option<Secret>) -> TokenResponse {
        TokenResponse {
            access_token: self.token,
            token_type: "Bearer",
            expires_in: self.ttl,
            // The one place where a refresh token leaves the server.
            refresh_token: refresh_token.map(|secret| secret.expose().to_owned()),
            scope: self.record.scope,
        }
    }
}

impl GrantContext<'_> {
    /// Signs an access token; nothing is kept yet.
    pub(super) async fn access_token(
        &self,
        client: &Client,
        on_behalf: Option<(&Subject, &GrantId)>,
        scope: ScopeSet,
    ) -> Result<NewAccess, OAuthError> {
        let principal = match on_behalf {
            Some((subject, _)) => Principal::User(subject.clone()),
            None => Principal::Client(client.id.clone()),
        };
        let ttl = self.lifetimes(client).access;
        let scope = self.final_scope(client, &principal, scope).await?;
        let extra = (self.policy).extra_claims(client, &principal, &scope).await;
        let extra = extra.map_err(OAuthError::unavailable)?;
        let order = Order {
            client_id: &client.id,
            on_behalf,
            scope,
            ttl,
            extra,
            now: self.now,
        };
        let (token, record) = self.issuer.issue(order).map_err(OAuthError::internal)?;
        Ok(NewAccess {
            token,
            ttl: ttl.as_secs(),
            record,
        })
    }

    /// The scopes with all that they imply, as far as the policy lets them.
    async fn final_scope(
        &self,
        client: &Client,
        principal: &Principal,
        scope: ScopeSet,
    ) -> Result<ScopeSet, OAuthError> {
        let scope = self.settings.scopes.with_implied(&scope);
        let policy = self.policy;
        let wanted = policy
            .finalize_scope(client, principal, scope.clone())
            .await;
        let wanted = wanted.map_err(OAuthError::unavailable)?;
        Ok(wanted.limited_to(&scope))
    }

    /// The first refresh token of a family, when its client may have one; nothing is kept yet.
    pub(super) fn first_refresh_token(
        &self,
        client: &Client,
        grant: &Grant,
    ) -> Option<(Secret, RefreshTokenRecord)> {
        if !client.allows(GrantType::RefreshToken) {
            return None;
        }
        let secret = generate(TokenKind::Refresh);
        let expires_at = grant.created_at.plus(self.lifetimes(client).refresh);
        let idle = self.now.plus(self.settings.refresh_token.idle);
        let record = RefreshTokenRecord {
            hash: Digest::of(secret.expose()),
            grant_id: grant.id.clone(),
            client_id: client.id.clone(),
            issued_at: self.now,
            expires_at,
            idle_expires_at: idle.min(expires_at),
            consumed_at: None,
        };
        Some((secret, record))
    }

    fn lifetimes(&self, client: &Client) -> Lifetimes {
        Lifetimes::of(client, self.settings, self.policy)
    }

    /// What of a grant its client may still have: it may have lost scopes since.
    pub(super) fn allowed_scope(&self, grant: &Grant, client: &Client) -> ScopeSet {
        let granted = self.settings.scopes.with_implied(&grant.scope);
        granted.limited_to(&scope::allowed(self.settings, client))
    }

    /// Whose name and password these are. Guesses are counted together, wherever the password was sent to.
    pub(crate) async fn verify_password(
        &self,
        name: &str,
        password: &Secret,
    ) -> Result<Subject, PasswordError> {
        let failed = |throttled| self.observers.emit(&Event::LoginFailed { throttled });
        let attempt = self.login_throttle.attempt(name, self.address, self.now);
        if let Err(Throttled { retry_after }) = attempt {
            failed(true);
            return Err(PasswordError::TooManyAttempts { retry_after });
        }
        let subject = self.users.verify_password(name, password).await;
        let Some(subject) = subject.map_err(PasswordError::Unavailable)? else {
            failed(false);
            return Err(PasswordError::Wrong);
        };
        self.login_throttle.succeeded(name, self.address);
        self.observers.emit(&Event::LoginSucceeded {
            subject: subject.clone(),
        });
        Ok(subject)
    }

    /// Refuses when the person behind a grant is gone.
    pub(super) async fn require_active(&self, subject: &Subject) -> Result<(), OAuthError> {
        match self.users.is_active(subject).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(OAuthError::invalid_grant("the user is not active any more")),
            Err(error) => Err(OAuthError::unavailable(error)),
        }
    }

    /// Something that counts once came twice: whoever holds the other one may be a thief, so that the whole
    /// family goes (RFC 6749 §4.1.2, RFC 9700 §4.14.2).
    pub(super) async fn replayed(
        &self,
        grant: GrantType,
        client: &Client,
        family: &GrantId,
    ) -> Result<OAuthError, OAuthError> {
        self.store.revoke_grant(family, self.now).await?;
        self.epoch.advance();
        self.observers.emit(&Event::ReplayDetected {
            grant,
            client_id: client.id.clone(),
        });
        Ok(OAuthError::invalid_grant(
            "already used; everything issued for it is revoked",
        ))
    }
}
