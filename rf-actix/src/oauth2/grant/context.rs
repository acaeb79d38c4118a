//! What a grant has to work with, and the choice of the grant.

use serde_json::{Map, Value};

use super::{authorization_code, client_credentials, refresh_token};
use crate::oauth2::error::{ErrorCode, OAuthError};
use crate::oauth2::event::{Event, Observer};
use crate::oauth2::key::Keyring;
use crate::oauth2::model::{
    AccessTokenRecord, Client, Grant, GrantId, GrantType, Principal, RegisteredClient, ScopeSet,
    Secret, Subject, Timestamp, TokenParams, TokenResponse,
};
use crate::oauth2::policy::Policy;
use crate::oauth2::settings::OAuth2Settings;
use crate::oauth2::store::Store;
use crate::oauth2::token::{Epoch, Issuer, Order};
use crate::oauth2::users::Users;

/// Everything a grant may use; never the server.
#[derive(Clone, Copy)]
pub(crate) struct GrantContext<'a> {
    pub(crate) settings: &'a OAuth2Settings,
    pub(crate) store: &'a dyn Store,
    pub(crate) users: &'a dyn Users,
    pub(crate) policy: &'a dyn Policy,
    pub(crate) issuer: &'a Issuer,
    pub(crate) keyring: &'a Keyring,
    pub(crate) epoch: &'a Epoch,
    pub(crate) observer: &'a Observer,
    pub(crate) now: Timestamp,
}

/// Answers a token request of an authenticated client.
pub(crate) async fn execute(
    context: GrantContext<'_>,
    grant: GrantType,
    client: &RegisteredClient,
    params: &TokenParams,
) -> Result<TokenResponse, OAuthError> {
    if !client.client.allows(grant) {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "the client may not use this grant",
        ));
    }
    match grant {
        GrantType::AuthorizationCode => authorization_code::execute(context, client, params).await,
        GrantType::RefreshToken => refresh_token::execute(context, client, params).await,
        GrantType::ClientCredentials => client_credentials::execute(context, client, params).await,
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
    pub(super) fn access_token(
        &self,
        client: &Client,
        on_behalf: Option<(&Subject, &GrantId)>,
        scope: ScopeSet,
    ) -> Result<NewAccess, OAuthError> {
        let principal = match on_behalf {
            Some((subject, _)) => Principal::User(subject.clone()),
            None => Principal::Client(client.id.clone()),
        };
        let ttl = (self.policy).access_token_ttl(client, self.settings.access_token.ttl);
        let extra: Map<String, Value> = self.policy.extra_claims(client, &principal, &scope);
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

    /// What of a grant its client may still have: it may have lost scopes since.
    pub(super) fn allowed_scope(&self, grant: &Grant, client: &Client) -> ScopeSet {
        grant.scope.intersection(&client.scopes)
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
        self.observer.emit(&Event::ReplayDetected {
            grant,
            client_id: client.id.clone(),
        });
        Ok(OAuthError::invalid_grant(
            "already used; everything issued for it is revoked",
        ))
    }
}

/// The scopes of a request, in the grammar of RFC 6749 §3.3.
pub(super) fn parse_scope(scope: Option<&str>) -> Result<Option<ScopeSet>, OAuthError> {
    scope
        .map(str::parse)
        .transpose()
        .map_err(|_| OAuthError::new(ErrorCode::InvalidScope, "malformed scope"))
}

/// Scopes of which some are not for this client.
pub(super) fn scope_too_wide() -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidScope,
        "unknown scope, or more than is allowed",
    )
}
