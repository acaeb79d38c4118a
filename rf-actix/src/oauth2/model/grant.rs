//! What a person allowed a client, and the root of all tokens that came of it.

use std::fmt;

use super::{ClientId, ScopeSet, Subject, Timestamp};

/// The identifier of a grant: a UUID, not a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GrantId(String);

impl GrantId {
    /// A new one; version 7, so that rows made together lie together.
    pub fn generate() -> Self {
        Self(uuid::Uuid::now_v7().to_string())
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for GrantId {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One consent and its family of tokens; revoking it kills them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its identifier.
    pub id: GrantId,
    /// Who got it.
    pub client_id: ClientId,
    /// Who gave it.
    pub subject: Subject,
    /// What was allowed.
    pub scope: ScopeSet,
    /// When the person last proved who they are.
    pub auth_time: Timestamp,
    /// When it was given.
    pub created_at: Timestamp,
    /// When nothing of the family can live any more; only the purge reads it.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// What a person has allowed a client once and for all, to be asked less often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Who.
    pub subject: Subject,
    /// Whom.
    pub client_id: ClientId,
    /// What.
    pub scope: ScopeSet,
    /// Since when.
    pub updated_at: Timestamp,
}
