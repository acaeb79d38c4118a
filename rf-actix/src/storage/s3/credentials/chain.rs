//! The places credentials are looked for, in their order.

use super::{Credentials, Environment, NoCredentials};
use crate::storage::s3::{config::S3Config, transport::Http};
use std::fmt;

/// Asks one place after the other.
pub(in crate::storage::s3) struct Chain {
    fixed: Option<Credentials>,
    environment: Environment,
}

impl Chain {
    pub(in crate::storage::s3) fn new(
        config: &S3Config,
        environment: Environment,
        _http: Http,
    ) -> Self {
        let fixed = match (&config.access_key, &config.secret_key) {
            (Some(access_key), Some(secret_key)) => Some(Credentials {
                access_key: access_key.clone(),
                secret_key: secret_key.clone(),
                session_token: config.session_token.clone(),
                expires_at: None,
            }),
            _ => None,
        };
        Self { fixed, environment }
    }

    pub(super) async fn fetch(&self) -> Result<Credentials, NoCredentials> {
        if let Some(fixed) = &self.fixed {
            return Ok(fixed.clone());
        }
        let read = |name: &str| (self.environment)(name);
        match (read("AWS_ACCESS_KEY_ID"), read("AWS_SECRET_ACCESS_KEY")) {
            (Some(access_key), Some(secret_key)) => Ok(Credentials {
                access_key: access_key.into(),
                secret_key: secret_key.into(),
                session_token: read("AWS_SESSION_TOKEN").map(Into::into),
                expires_at: None,
            }),
            _ => Err(NoCredentials("write access_key and secret_key".to_owned())),
        }
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain").finish_non_exhaustive()
    }
}
