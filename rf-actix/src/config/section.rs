//! The sections as types, and what can be checked before anything is opened.

use super::{ConfigError, Sources, origins::Origins};
use crate::setting::duration;
use serde::Deserialize;
use std::{ops::RangeInclusive, path::PathBuf, time::Duration};

/// What actix-web runs; more makes it panic.
const WORKERS: RangeInclusive<usize> = 1..=512;

/// Everything `rf.toml` says. Sections of parts that are not compiled in are unknown keys.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// `[server]`: where and how the app listens.
    pub server: ServerSettings,
    /// `[database]`: where clients, grants and tokens live.
    #[cfg(feature = "oauth2")]
    pub database: super::DatabaseSettings,
    /// `[oauth2]`: the authorization server.
    #[cfg(feature = "oauth2")]
    pub oauth2: crate::oauth2::OAuth2Settings,
    /// `[storage]`: the disks.
    #[cfg(feature = "storage")]
    pub storage: crate::storage::StorageSettings,
    /// `[logging]`: levels and outputs.
    #[cfg(feature = "logging")]
    pub logging: crate::logging::LoggingSettings,
    /// `[metrics]`: names and the path of the exposition.
    #[cfg(feature = "metrics")]
    pub metrics: crate::metrics::MetricsSettings,
    #[serde(skip)]
    pub(super) origins: Origins,
}

impl Config {
    /// Reads `file`, with this process's `RF_…` variables on top.
    ///
    /// # Errors
    /// A file that cannot be read, a key that nobody knows, a value that does not fit.
    pub fn load(file: impl Into<PathBuf>) -> Result<Self, ConfigError> {
        Sources::of_process().file(file).load()
    }

    /// The same error, with the file or variable that its key was read from; for what is found wrong with a value
    /// only when it is used.
    #[must_use]
    pub fn located(&self, error: ConfigError) -> ConfigError {
        self.origins.locate(error)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.server.check()?;
        #[cfg(feature = "oauth2")]
        self.database.check()?;
        #[cfg(feature = "oauth2")]
        self.oauth2
            .validate()
            .map_err(|error| ConfigError::new(format!("oauth2.{}", error.key), error.message))?;
        Ok(())
    }
}

/// `[server]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ServerSettings {
    /// Host and port, `127.0.0.1:8080` by default. Port 0 takes a free one.
    pub bind: String,
    /// Worker threads, 1 to 512; one a core if left out.
    pub workers: Option<usize>,
    /// Addresses of proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// How long readiness answers 503 after SIGTERM while all is still served; 1 s by default, so that a load
    /// balancer that looks every second has seen it.
    #[serde(deserialize_with = "duration::deserialize")]
    pub drain: Duration,
    /// How long requests in flight may take after that, 30 s by default.
    #[serde(deserialize_with = "duration::deserialize")]
    pub shutdown_timeout: Duration,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            bind: "127.0.0.1:8080".to_owned(),
            workers: None,
            trusted_proxies: Vec::new(),
            drain: Duration::from_secs(1),
            shutdown_timeout: Duration::from_secs(30),
        }
    }
}

impl ServerSettings {
    fn check(&self) -> Result<(), ConfigError> {
        let port = self
            .bind
            .rsplit_once(':')
            .filter(|(host, _)| !host.is_empty())
            .map(|(_, port)| port.parse::<u16>());
        if !matches!(port, Some(Ok(_))) {
            let message = format!(
                "{:?} is not an address, write host and port, for example \"127.0.0.1:8080\"",
                self.bind
            );
            return Err(ConfigError::new("server.bind", message));
        }
        if let Some(workers) = self.workers
            && !WORKERS.contains(&workers)
        {
            let (least, most) = (WORKERS.start(), WORKERS.end());
            return Err(ConfigError::new(
                "server.workers",
                format!("{workers} is out of range, write {least} to {most}, or leave it out"),
            ));
        }
        Ok(())
    }
}
