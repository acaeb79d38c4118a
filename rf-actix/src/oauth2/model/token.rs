//! Tokens, as the database knows them.

use serde_json::{Map, Value};

use super::{ClientId, Digest, GrantId, ScopeSet, Subject, Timestamp};

/// An access token that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessTokenRecord {
    /// The `jti` of a JWT, the digest of an opaque token.
    pub id: String,
    /// Its family; `None` when the client acts for itself.
    pub grant_id: Option<GrantId>,
    /// Who got it.
    pub client_id: ClientId,
    /// For whom the client acts; `None` when for itself.
    pub subject: Option<Subject>,
    /// What it allows.
    pub scope: ScopeSet,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it alone was revoked.
    pub revoked_at: Option<Timestamp>,
    /// What the policy added, of an opaque token; a JWT says it itself.
    pub extra: Map<String, Value>,
}

/// A refresh token that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshTokenRecord {
    /// The digest of the token.
    pub hash: Digest,
    /// Its family.
    pub grant_id: GrantId,
    /// Who got it.
    pub client_id: ClientId,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When the family ends, however much it is used.
    pub expires_at: Timestamp,
    /// When it ends unless it is used.
    pub idle_expires_at: Timestamp,
    /// When it was exchanged for its successor.
    pub consumed_at: Option<Timestamp>,
}

/// Whether an access token still counts, by all that can revoke it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenState {
    /// It counts.
    Active,
    /// It, its family or its client was revoked, or nobody knows it.
    Revoked,
}
