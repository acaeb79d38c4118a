//! Making access tokens: JWTs by RFC 9068, or words without a meaning of their own.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::secret::{TokenKind, generate};
use crate::oauth2::key::{Keyring, SigningError};
use crate::oauth2::model::{
    AccessTokenRecord, Claims, ClientId, Digest, GrantId, ScopeSet, Subject, Timestamp,
};
use crate::oauth2::settings::{OAuth2Settings, TokenFormat};

/// Makes access tokens in the server's name.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    keyring: Arc<Keyring>,
    format: TokenFormat,
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
    pub(crate) fn new(keyring: Arc<Keyring>, settings: &OAuth2Settings) -> Self {
        Self {
            keyring,
            format: settings.access_token.format,
            issuer: settings.issuer.clone(),
            audience: settings.audience().to_owned(),
        }
    }

    /// The token, and what to keep of it.
    pub(crate) fn issue(
        &self,
        order: Order<'_>,
    ) -> Result<(String, AccessTokenRecord), SigningError> {
        let ttl = i64::try_from(order.ttl.as_secs()).unwrap_or(i64::MAX / 2000);
        let end = order.now.as_secs().saturating_add(ttl);
        let (subject, grant_id) = order.on_behalf.unzip();
        let mut record = AccessTokenRecord {
            id: String::new(),
            grant_id: grant_id.cloned(),
            client_id: order.client_id.clone(),
            subject: subject.cloned(),
            scope: order.scope,
            issued_at: order.now,
            expires_at: Timestamp::from_millis(end.saturating_mul(1000)),
            revoked_at: None,
            extra: order.extra,
        };
        (record.extra).retain(|name, _| !Claims::RESERVED.contains(&name.as_str()));
        if self.format == TokenFormat::Opaque {
            let secret = generate(TokenKind::Access);
            record.id = Digest::of(secret.expose()).as_str().to_owned();
            // The one place where it leaves the server.
            return Ok((secret.expose().to_owned(), record));
        }
        record.id = uuid::Uuid::now_v7().to_string();
        let claims = Claims::of(&record, &self.issuer, &self.audience);
        // The token itself says it.
        record.extra.clear();
        let claims = serde_json::to_vec(&claims).expect("claims are strings, numbers and JSON");
        let token = self.keyring.signer(order.now).token(&claims)?;
        Ok((token, record))
    }
}
