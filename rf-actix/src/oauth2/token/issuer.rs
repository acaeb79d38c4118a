//! Making access tokens: JWTs by RFC 9068.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, Header, encode};
use serde_json::{Map, Value};

use crate::oauth2::key::Keyring;
use crate::oauth2::model::{
    AccessTokenRecord, Claims, ClientId, GrantId, GrantType, ScopeSet, Subject, Timestamp,
};

/// The type of access tokens, which tells them from every other JWT (RFC 9068 §2.1, RFC 8725 §3.11).
pub(super) const TYP: &str = "at+jwt";

/// Makes access tokens in the server's name.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    keyring: Arc<Keyring>,
    issuer: String,
    audience: String,
}

/// What the next access token shall be.
pub(crate) struct Order<'a> {
    pub(crate) client_id: &'a ClientId,
    /// Whom it is for and by which consent; `None` when the client acts for itself.
    pub(crate) on_behalf: Option<(&'a Subject, &'a GrantId)>,
    pub(crate) scope: ScopeSet,
    pub(crate) ttl: Duration,
    pub(crate) extra: Map<String, Value>,
    pub(crate) now: Timestamp,
}

impl Issuer {
    pub(crate) fn new(keyring: Arc<Keyring>, issuer: &str, audience: &str) -> Self {
        Self {
            keyring,
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
        }
    }

    /// The token, and what to keep of it.
    pub(crate) fn issue(
        &self,
        order: Order<'_>,
    ) -> Result<(String, AccessTokenRecord), jsonwebtoken::errors::Error> {
        let iat = order.now.as_secs();
        let ttl = i64::try_from(order.ttl.as_secs()).unwrap_or(i64::MAX / 2000);
        let exp = iat.saturating_add(ttl);
        let (subject, grant_id) = order.on_behalf.unzip();
        let mut extra = order.extra;
        extra.retain(|name, _| !Claims::RESERVED.contains(&name.as_str()));
        let claims = Claims {
            iss: self.issuer.clone(),
            sub: subject
                .map_or(order.client_id.as_str(), Subject::as_str)
                .to_owned(),
            aud: self.audience.clone(),
            exp,
            iat,
            jti: uuid::Uuid::now_v7().to_string(),
            client_id: order.client_id.clone(),
            scope: order.scope,
            // RFC 9068 §5: a subject must not be taken for a client of the same name.
            gty: (subject.is_none()).then(|| GrantType::ClientCredentials.as_str().to_owned()),
            extra,
        };
        let key = self.keyring.signer();
        let header = Header {
            typ: Some(TYP.to_owned()),
            kid: Some(key.kid().to_owned()),
            ..Header::new(Algorithm::ES256)
        };
        let token = encode(&header, &claims, &key.encoding)?;
        let record = AccessTokenRecord {
            id: claims.jti,
            grant_id: grant_id.cloned(),
            client_id: claims.client_id,
            subject: subject.cloned(),
            scope: claims.scope,
            issued_at: order.now,
            expires_at: Timestamp::from_millis(exp.saturating_mul(1000)),
            revoked_at: None,
        };
        Ok((token, record))
    }
}
