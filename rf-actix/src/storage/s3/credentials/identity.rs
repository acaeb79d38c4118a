//! Credentials, and why there are none.

use crate::storage::s3::secret::Secret;
use hyper::{Response, body::Bytes};
use serde::Deserialize;
use std::{sync::Arc, time::SystemTime};

/// What requests are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::storage::s3) struct Credentials {
    /// The id of the key: no secret, but nobody's business.
    pub(in crate::storage::s3) access_key: Secret,
    pub(in crate::storage::s3) secret_key: Secret,
    pub(in crate::storage::s3) session_token: Option<Secret>,
    /// When they stop being good for anything.
    pub(in crate::storage::s3) expires_at: Option<SystemTime>,
}

/// Why there are none, in words for who runs the application. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(in crate::storage::s3) struct NoCredentials(pub(in crate::storage::s3) String);

impl NoCredentials {
    pub(super) fn because(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// Where variables of the environment come from; tests have their own.
pub(in crate::storage) type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The environment of the process. An empty variable is none.
pub(in crate::storage) fn process_environment() -> Environment {
    Arc::new(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

/// Credentials that were lent, in the form that containers and instances give them out.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Lent {
    access_key_id: Secret,
    secret_access_key: Secret,
    #[serde(alias = "SessionToken")]
    token: Secret,
    expiration: String,
}

impl Lent {
    /// From JSON. What is wrong with it is told without repeating any of it.
    pub(super) fn from_json(body: &[u8], from: &str) -> Result<Credentials, NoCredentials> {
        let lent: Self = serde_json::from_slice(body).map_err(|_| {
            NoCredentials(format!("{from} answered something else than credentials"))
        })?;
        lent.into_credentials(from)
    }

    pub(super) fn into_credentials(self, from: &str) -> Result<Credentials, NoCredentials> {
        let expires_at = humantime::parse_rfc3339_weak(self.expiration.trim()).map_err(|_| {
            NoCredentials(format!(
                "{from} does not say in time of UTC when its credentials expire"
            ))
        })?;
        Ok(Credentials {
            access_key: self.access_key_id,
            secret_key: self.secret_access_key,
            session_token: Some(self.token),
            expires_at: Some(expires_at),
        })
    }
}

/// The body of an answer, if it is one of success.
pub(super) fn success(answer: Response<Bytes>, from: &str) -> Result<Bytes, NoCredentials> {
    let status = answer.status();
    if status.is_success() {
        Ok(answer.into_body())
    } else {
        Err(NoCredentials(format!("{from} answered {status}")))
    }
}
