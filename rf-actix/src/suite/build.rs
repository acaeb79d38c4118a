//! `Suite`: the parts of a configuration, opened in the order in which they are needed.

use super::observe::{self, DiskNumbers, OAuth2Numbers};
use crate::{
    Error,
    config::{Config, ConfigError},
    logging::{self, Logger},
    metrics::{self, Metrics},
    oauth2::{self, OAuth2Server, OAuth2ServerBuilder},
    storage::{self, Disks},
};
use actix_web::web::ServiceConfig;
use std::{fmt, path::Path, sync::Arc, time::Duration};
use tokio::task::AbortHandle;

/// Where the key of signed links is kept when the configuration names none.
const URL_KEY_FILE: &str = "var/url.key";
/// How often expired codes and tokens are deleted, and how many in one go.
const PURGE_EVERY: Duration = Duration::from_secs(600);
const PURGE_BATCH: u64 = 500;

/// The parts that a configuration names, built and wired. A cheap clone.
#[derive(Clone)]
pub struct Suite(Arc<Inner>);

struct Inner {
    config: Config,
    logger: Logger,
    metrics: Metrics,
    disks: Disks,
    oauth2: OAuth2Server,
    upkeep: AbortHandle,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.upkeep.abort();
    }
}

impl Suite {
    /// Reads `file`, with the `RF_…` variables of this process on top, and builds what it says.
    ///
    /// # Errors
    /// Whatever [`Config::load`] and [`Suite::new`] refuse.
    pub async fn load(file: impl AsRef<Path>) -> Result<Self, Error> {
        Self::new(Config::load(file.as_ref())?).await
    }

    /// Builds the parts of `config`: logs first, so that the others can tell what they do.
    ///
    /// The logger becomes the one of the whole process. Disks are opened, the database is connected and migrated,
    /// and the clients of the configuration are written to it.
    ///
    /// # Errors
    /// [`Error::Config`] for a key whose value turns out to be unusable, the part's own error for all else.
    pub async fn new(config: Config) -> Result<Self, Error> {
        Self::with_oauth2(config, |builder| builder).await
    }

    /// The same with what the app brings to the authorization server: its people, its policy, its pages, grants of
    /// its own, one more observer.
    ///
    /// ```no_run
    /// # async fn build(config: rf::config::Config) -> Result<rf::Suite, rf::Error> {
    /// rf::Suite::with_oauth2(config, |oauth2| {
    ///     oauth2.observer(|event| println!("{event:?}"))
    /// }).await
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Suite::new`].
    pub async fn with_oauth2(
        config: Config,
        change: impl FnOnce(OAuth2ServerBuilder) -> OAuth2ServerBuilder,
    ) -> Result<Self, Error> {
        let written = config.clone();
        Self::build(config, change)
            .await
            .map_err(|error| match error {
                Error::Config(error) => written.located(error).into(),
                error => error,
            })
    }

    async fn build(
        config: Config,
        change: impl FnOnce(OAuth2ServerBuilder) -> OAuth2ServerBuilder,
    ) -> Result<Self, Error> {
        let logger = open_logger(&config)?;
        logger.install()?;
        let built = Self::build_with(config, logger.clone(), change).await;
        if built.is_err() {
            // The process is about to end: what was logged on the way here is not lost with it. Should that fail
            // too, what went wrong first is the error to tell.
            let _ = tokio::task::spawn_blocking(move || logger.flush()).await;
        }
        built
    }

    async fn build_with(
        config: Config,
        logger: Logger,
        change: impl FnOnce(OAuth2ServerBuilder) -> OAuth2ServerBuilder,
    ) -> Result<Self, Error> {
        let metrics = open_metrics(&config)?;
        observe::count_records(&metrics, &logger)?;
        let disks = open_disks(&config, DiskNumbers::new(&metrics, &logger)?)?;
        let oauth2 = open_oauth2(&config, OAuth2Numbers::new(&metrics, &logger)?, change).await?;
        observe::count_waiting(&metrics, &disks)?;
        observe::check_health(&metrics, &disks, &oauth2);
        let upkeep = tokio::spawn(purge(oauth2.clone())).abort_handle();
        Ok(Self(Arc::new(Inner {
            config,
            logger,
            metrics,
            disks,
            oauth2,
            upkeep,
        })))
    }

    /// Hands the parts to an app: `App::new().configure(rf.state())`.
    pub fn state(&self) -> impl FnOnce(&mut ServiceConfig) + use<> {
        let suite = self.clone();
        move |app| {
            app.configure(suite.0.logger.state())
                .configure(suite.0.metrics.state())
                .configure(suite.0.disks.state())
                .configure(suite.0.oauth2.state());
        }
    }

    /// What the suite was built from.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The log pipeline.
    #[must_use]
    pub fn logger(&self) -> &Logger {
        &self.0.logger
    }

    /// The registry, and with it [`Metrics::health`].
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The disks.
    #[must_use]
    pub fn disks(&self) -> &Disks {
        &self.0.disks
    }

    /// The authorization server.
    #[must_use]
    pub fn oauth2(&self) -> &OAuth2Server {
        &self.0.oauth2
    }
}

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite")
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}

fn open_logger(config: &Config) -> Result<Logger, Error> {
    Logger::from_settings(&config.logging).map_err(|error| match error {
        logging::Error::Setting { key, reason } => {
            ConfigError::new(format!("logging.{key}"), reason).into()
        }
        logging::Error::Directive(reason) => ConfigError::new("logging.directives", reason).into(),
        logging::Error::Open { path, source } => {
            let message = format!(
                "{} cannot be opened ({source}), write a file in a writable folder",
                path.display()
            );
            ConfigError::new("logging.outputs", message).into()
        }
        error => error.into(),
    })
}

fn open_metrics(config: &Config) -> Result<Metrics, Error> {
    Metrics::from_settings(&config.metrics).map_err(|error| match error {
        metrics::Error::Path { .. } => ConfigError::new("metrics.path", error.to_string()).into(),
        metrics::Error::Namespace { .. } => {
            ConfigError::new("metrics.namespace", error.to_string()).into()
        }
        metrics::Error::Buckets { reason, .. } => {
            ConfigError::new("metrics.buckets", reason).into()
        }
        error => error.into(),
    })
}

fn open_disks(config: &Config, numbers: DiskNumbers) -> Result<Disks, Error> {
    let disks = Disks::builder()
        .settings(config.storage.clone())
        .url_key_file(URL_KEY_FILE)
        .observer(move |event| numbers.observe(event));
    disks.build().map_err(|error| match error {
        // The part names its keys itself: `disks.drive.root: …`.
        storage::Error::Config(text) => match text.split_once(": ") {
            Some((key, message)) if key.ends_with(".root") && message.starts_with("cannot open") => {
                let message =
                    format!("{message}, write a folder that can be made and written, for example \"var/drive\"");
                ConfigError::new(format!("storage.{key}"), message).into()
            }
            Some((key, message)) => ConfigError::new(format!("storage.{key}"), message).into(),
            None => ConfigError::new("storage", text).into(),
        },
        error => error.into(),
    })
}

async fn open_oauth2(
    config: &Config,
    numbers: OAuth2Numbers,
    change: impl FnOnce(OAuth2ServerBuilder) -> OAuth2ServerBuilder,
) -> Result<OAuth2Server, Error> {
    let database = &config.database;
    let connection = oauth2::connect(&database.url, database.max_connections)
        .await
        .map_err(refused)?;
    let builder = OAuth2Server::builder(connection)
        .settings(config.oauth2.clone())
        .trusted_proxies(config.server.trusted_proxies.iter().copied())
        .observer(move |event| numbers.observe(event));
    change(builder).build().await.map_err(refused)
}

/// What is wrong with a key is told as such; all else is the server's own error.
fn refused(error: oauth2::Error) -> Error {
    use oauth2::Error as E;
    match error {
        E::Setting(error) => {
            ConfigError::new(format!("oauth2.{}", error.key), error.message).into()
        }
        E::DatabaseUrl(message) if message.starts_with("cannot make") => ConfigError::new(
            "database.url",
            format!("{message}, write a file in a folder that can be made"),
        )
        .into(),
        E::DatabaseUrl(message) => ConfigError::new("database.url", message).into(),
        E::Connect { target, source } => ConfigError::new(
            "database.url",
            format!("cannot connect to {target} ({source}), start the database or correct the url"),
        )
        .into(),
        error => error.into(),
    }
}

/// Deletes what has expired, for as long as the suite lives.
async fn purge(server: OAuth2Server) {
    let mut timer = tokio::time::interval(PURGE_EVERY);
    loop {
        timer.tick().await;
        loop {
            match server.purge(PURGE_BATCH).await {
                Ok(deleted) if deleted >= PURGE_BATCH => tokio::task::yield_now().await,
                Ok(_) => break,
                Err(error) => {
                    log::warn!(target: "rf::oauth2", "expired tokens could not be deleted: {error}");
                    break;
                }
            }
        }
    }
}
