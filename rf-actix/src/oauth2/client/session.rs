//! Who is signed in, with the tokens the provider gave.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::oauth2::model::{Subject, Timestamp};

/// What the cookie keeps.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) subject: Subject,
    #[serde(default)]
    pub(super) profile: Map<String, Value>,
    pub(super) tokens: Tokens,
    pub(super) ends_at: Timestamp,
}

/// What the token endpoint answered.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: Option<String>,
    /// When the access token ends, if that was said.
    pub(super) access_ends_at: Option<Timestamp>,
    pub(super) scope: Option<String>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("subject", &self.subject)
            .field("ends_at", &self.ends_at)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("access_ends_at", &self.access_ends_at)
            .finish_non_exhaustive()
    }
}
