//! Introspection (RFC 7662).

use serde::Serialize;

use super::Verifier;
use crate::oauth2::error::AuthError;
use crate::oauth2::model::{
    ClientId, Digest, RegisteredClient, ScopeSet, Secret, Subject, Timestamp,
};
use crate::oauth2::policy::Policy;
use crate::oauth2::store::{Store, StoreError};

/// What is told about a token. An inactive one is `{"active":false}` and nothing more (RFC 7662 §2.2).
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Introspection {
    pub(crate) active: bool,
    #[serde(flatten)]
    pub(crate) token: Option<ActiveToken>,
}

/// What is told about a token that counts. Times are seconds since the Unix epoch.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ActiveToken {
    scope: ScopeSet,
    client_id: ClientId,
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) username: Option<String>,
    exp: i64,
    iat: i64,
    nbf: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<String>,
    iss: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    /// Tells a client that acts for itself from a person who is called the same, as in our JWTs.
    #[serde(skip_serializing_if = "Option::is_none")]
    gty: Option<String>,
    #[serde(skip)]
    is_user: bool,
}

impl ActiveToken {
    /// The person behind it, if it is a person.
    pub(crate) fn user(&self) -> Option<Subject> {
        self.is_user.then(|| self.sub.as_str().into())
    }
}

impl From<ActiveToken> for Introspection {
    fn from(token: ActiveToken) -> Self {
        Self {
            active: true,
            token: Some(token),
        }
    }
}

/// What `client` may know of `token`.
pub(crate) async fn introspect(
    token: &Secret,
    client: &RegisteredClient,
    (store, verifier): (&dyn Store, &Verifier),
    policy: &dyn Policy,
    issuer: &str,
    now: Timestamp,
) -> Result<Introspection, StoreError> {
    let found = match verifier.verify(token.expose()).await {
        Ok(claims) => Some(ActiveToken {
            is_user: !claims.is_client(),
            gty: claims.gty.clone(),
            scope: claims.scope.clone(),
            client_id: claims.client_id.clone(),
            sub: claims.sub.clone(),
            username: None,
            exp: claims.exp,
            iat: claims.iat,
            nbf: claims.iat,
            aud: Some(claims.aud.clone()),
            iss: claims.iss.clone(),
            jti: Some(claims.jti.clone()),
            token_type: Some("Bearer"),
        }),
        Err(AuthError::Unavailable(error)) => return Err(error),
        // A refresh token is a matter between its client and this server: a resource server that asks about what
        // it was sent must not take it for an access token.
        Err(_) => refresh_token(token, store, now)
            .await?
            .filter(|token| token.client_id == client.client.id)
            .map(|token| ActiveToken {
                iss: issuer.to_owned(),
                ..token
            }),
    };
    Ok(found
        .filter(|token| policy.may_introspect(client, &token.client_id))
        .map(Introspection::from)
        .unwrap_or_default())
}

async fn refresh_token(
    token: &Secret,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Option<ActiveToken>, StoreError> {
    let found = store.refresh_token(&Digest::of(token.expose())).await?;
    let Some((token, grant)) = found else {
        return Ok(None);
    };
    let end = token.expires_at.min(token.idle_expires_at);
    if token.consumed_at.is_some() || end <= now {
        return Ok(None);
    }
    let client = store.client(&token.client_id).await?;
    if grant.revoked_at.is_some() || client.is_none_or(|client| client.disabled) {
        return Ok(None);
    }
    Ok(Some(ActiveToken {
        scope: grant.scope,
        client_id: token.client_id,
        sub: grant.subject.as_str().to_owned(),
        username: None,
        exp: end.as_secs(),
        iat: token.issued_at.as_secs(),
        nbf: token.issued_at.as_secs(),
        aud: None,
        iss: String::new(),
        jti: None,
        token_type: None,
        gty: None,
        is_user: true,
    }))
}
