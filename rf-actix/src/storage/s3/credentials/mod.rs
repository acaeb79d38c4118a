//! Who signs, and where that is found out.

mod cache;
mod chain;

pub(super) use cache::CredentialsCache;
pub(super) use chain::Chain;

use super::secret::Secret;
use std::{sync::Arc, time::SystemTime};

/// What requests are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    /// The id of the key: no secret, but nobody's business.
    pub(super) access_key: Secret,
    pub(super) secret_key: Secret,
    pub(super) session_token: Option<Secret>,
    /// When they stop being good for anything.
    pub(super) expires_at: Option<SystemTime>,
}

/// Why there are none, in words for who runs the application. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoCredentials(pub(super) String);

/// Where variables of the environment come from; tests have their own.
pub(super) type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The environment of the process. An empty variable is none.
pub(super) fn process_environment() -> Environment {
    Arc::new(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}
