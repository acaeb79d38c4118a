//! Introspection (RFC 7662).

use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::Verifier;
use crate::oauth2::error::AuthError;
use crate::oauth2::model::{
    Claims, ClientId, Digest, Grant, RefreshTokenRecord, RegisteredClient, Secret, Subject,
    Timestamp,
};
use crate::oauth2::policy::Policy;
use crate::oauth2::store::{Store, StoreError};

/// What is told about a token. An inactive one is `{"active":false}` and nothing more (RFC 7662 §2.2).
#[derive(Debug, Clone)]
pub(crate) enum Introspection {
    Inactive,
    Active(ActiveToken),
}

/// What is told about a token that counts.
#[derive(Debug, Clone)]
pub(crate) struct ActiveToken {
    what: What,
    pub(crate) username: Option<String>,
}

#[derive(Debug, Clone)]
enum What {
    Access(Arc<Claims>),
    Refresh(Box<(RefreshTokenRecord, Grant)>, String),
}

impl ActiveToken {
    /// The person behind it, if it is a person.
    pub(crate) fn user(&self) -> Option<Subject> {
        match &self.what {
            What::Access(claims) => (!claims.is_client()).then(|| claims.sub.as_str().into()),
            What::Refresh(held, _) => Some(held.1.subject.clone()),
        }
    }

    fn client_id(&self) -> &ClientId {
        match &self.what {
            What::Access(claims) => &claims.client_id,
            What::Refresh(held, _) => &held.0.client_id,
        }
    }
}

/// RFC 7662 §2.2. Times are seconds since the Unix epoch.
impl Serialize for Introspection {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut told = to.serialize_map(None)?;
        let Self::Active(token) = self else {
            told.serialize_entry("active", &false)?;
            return told.end();
        };
        told.serialize_entry("active", &true)?;
        if let Some(name) = &token.username {
            told.serialize_entry("username", name)?;
        }
        told.serialize_entry("client_id", token.client_id())?;
        match &token.what {
            What::Access(claims) => {
                told.serialize_entry("scope", &claims.scope)?;
                told.serialize_entry("sub", &claims.sub)?;
                told.serialize_entry("exp", &claims.exp)?;
                told.serialize_entry("iat", &claims.iat)?;
                told.serialize_entry("nbf", &claims.iat)?;
                told.serialize_entry("aud", &claims.aud)?;
                told.serialize_entry("iss", &claims.iss)?;
                told.serialize_entry("jti", &claims.jti)?;
                told.serialize_entry("token_type", "Bearer")?;
                // Tells a client that acts for itself from a person who is called the same, as in our JWTs.
                if let Some(gty) = &claims.gty {
                    told.serialize_entry("gty", gty)?;
                }
            }
            What::Refresh(held, issuer) => {
                let (token, grant) = &**held;
                told.serialize_entry("scope", &grant.scope)?;
                told.serialize_entry("sub", grant.subject.as_str())?;
                told.serialize_entry("exp", &end(token).as_secs())?;
                told.serialize_entry("iat", &token.issued_at.as_secs())?;
                told.serialize_entry("nbf", &token.issued_at.as_secs())?;
                told.serialize_entry("iss", issuer)?;
            }
        }
        told.end()
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
    let what = match verifier.verify_for_others(token.expose()).await {
        Ok(claims) => Some(What::Access(claims)),
        Err(AuthError::Unavailable(error)) => return Err(error),
        // A refresh token is a matter between its client and this server: a resource server that asks about what
        // it was sent must not take it for an access token.
        Err(_) => refresh_token(token, store, now)
            .await?
            .filter(|(token, _)| token.client_id == client.client.id)
            .map(|held| What::Refresh(Box::new(held), issuer.to_owned())),
    };
    let username = None;
    Ok(what
        .map(|what| ActiveToken { what, username })
        .filter(|token| policy.may_introspect(client, token.client_id()))
        .map_or(Introspection::Inactive, Introspection::Active))
}

async fn refresh_token(
    token: &Secret,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Option<(RefreshTokenRecord, Grant)>, StoreError> {
    let found = store.refresh_token(&Digest::of(token.expose())).await?;
    let Some((token, grant)) = found else {
        return Ok(None);
    };
    if token.consumed_at.is_some() || end(&token) <= now || grant.revoked_at.is_some() {
        return Ok(None);
    }
    let client = store.client(&token.client_id).await?;
    let counts = client.is_some_and(|client| !client.disabled);
    Ok(counts.then_some((token, grant)))
}

fn end(token: &RefreshTokenRecord) -> Timestamp {
    token.expires_at.min(token.idle_expires_at)
}
