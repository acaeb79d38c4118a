//! The places credentials are looked for, in their order.

use super::{Credentials, Environment, NoCredentials, container, instance, profile, web_identity};
use crate::storage::s3::{config::S3Config, transport::Http};
use std::{fmt, path::Path};

/// Asks one place after the other. A place that is meant and fails is the end: the keys of another one would be
/// somebody else's.
pub(in crate::storage::s3) struct Chain {
    fixed: Option<Credentials>,
    profile: Option<String>,
    places: Places,
}

/// What places are asked with.
pub(super) struct Places {
    pub(super) environment: Environment,
    pub(super) http: Http,
    /// The region of the bucket, for services that have none of their own.
    pub(super) region: String,
}

impl Chain {
    pub(in crate::storage::s3) fn new(
        config: &S3Config,
        region: &str,
        environment: Environment,
        http: Http,
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
        Self {
            fixed,
            profile: config.profile.clone(),
            places: Places {
                environment,
                http,
                region: region.to_owned(),
            },
        }
    }

    pub(super) async fn fetch(&self) -> Result<Credentials, NoCredentials> {
        if let Some(fixed) = &self.fixed {
            return Ok(fixed.clone());
        }
        // Who names a profile in the configuration wants that one.
        if self.profile.is_none()
            && let Some(found) = self.places.variables()?
        {
            return Ok(found);
        }
        if let Some(found) = profile::find(&self.places, self.profile.as_deref()).await? {
            return Ok(found);
        }
        if let Some(found) = web_identity::find(&self.places).await? {
            return Ok(found);
        }
        if let Some(found) = container::find(&self.places).await? {
            return Ok(found);
        }
        instance::find(&self.places).await
    }
}

/// Whether anything says where keys are. The instance is not asked: that takes a network, and has none to say so.
pub(in crate::storage) fn keys_are_told(config: &S3Config, environment: &Environment) -> bool {
    const TELLING: [&str; 6] = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ];
    let written = [&config.access_key, &config.secret_key];
    written.into_iter().any(Option::is_some)
        || config.profile.is_some()
        || TELLING.iter().any(|name| environment(name).is_some())
        || profile::file(environment).is_some_and(|path| Path::new(&path).exists())
}

impl Places {
    pub(super) fn read(&self, name: &str) -> Option<String> {
        (self.environment)(name)
    }

    fn variables(&self) -> Result<Option<Credentials>, NoCredentials> {
        match (
            self.read("AWS_ACCESS_KEY_ID"),
            self.read("AWS_SECRET_ACCESS_KEY"),
        ) {
            (Some(access_key), Some(secret_key)) => Ok(Some(Credentials {
                access_key: access_key.into(),
                secret_key: secret_key.into(),
                session_token: self.read("AWS_SESSION_TOKEN").map(Into::into),
                expires_at: None,
            })),
            (None, None) => Ok(None),
            _ => Err(NoCredentials::because(
                "write both of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            )),
        }
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain").finish_non_exhaustive()
    }
}
