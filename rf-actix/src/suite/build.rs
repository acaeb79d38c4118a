//! `Suite`: the parts of a configuration, opened in the order in which they are needed.

use super::{
    health,
    observe::{self, DiskNumbers, OAuth2Numbers},
    outputs, records,
};
use crate::{
    Error,
    config::{Config, ConfigError},
    logging::{self, Logger, LoggerBuilder, RequestContext},
    metrics::{self, Metrics, MetricsBuilder},
    oauth2::{self, OAuth2Server, OAuth2ServerBuilder},
    storage::{self, Disks},
};
use actix_web::{dev::Server, web::ServiceConfig};
use sea_orm::DatabaseConnection;
use std::{
    fmt, io,
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::task::AbortHandle;

/// Where the key of signed links is kept when the configuration names none.
const URL_KEY_FILE: &str = "var/url.key";
/// How often expired codes and tokens are deleted, and how many in one go.
const PURGE_EVERY: Duration = Duration::from_secs(600);
const PURGE_BATCH: u64 = 500;
/// The label of the connection in metrics.
#[cfg(feature = "database")]
const DATABASE: &str = "main";
/// How often the pool is asked for a connection, to see how long that takes.
#[cfg(feature = "database")]
const POOL_PROBE_EVERY: Duration = Duration::from_secs(10);

/// The parts that a configuration names, built and wired. A cheap clone.
#[derive(Clone)]
pub struct Suite(Arc<Inner>);

struct Inner {
    config: Config,
    logger: Logger,
    metrics: Metrics,
    disks: Disks,
    oauth2: OAuth2Server,
    upkeep: Vec<AbortHandle>,
    /// Where the scrape is served when it is not on the app's own address; taken when it is.
    scrape: Mutex<Option<TcpListener>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        for task in &self.upkeep {
            task.abort();
        }
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
    /// its own, one more observer. For the other parts there is [`Suite::builder`].
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
        Self::with(config, |logger| logger, |metrics| metrics, change).await
    }

    /// With what the app brings to its parts.
    pub(super) async fn with(
        config: Config,
        logger: impl FnOnce(LoggerBuilder) -> LoggerBuilder,
        metrics: impl FnOnce(MetricsBuilder) -> MetricsBuilder,
        oauth2: impl FnOnce(OAuth2ServerBuilder) -> OAuth2ServerBuilder,
    ) -> Result<Self, Error> {
        let written = config.clone();
        // On the heap: the compiler follows futures only so deep, and an app has its own around this one.
        Box::pin(Self::build(config, logger, metrics, oauth2))
            .await
            .map_err(|error| match error {
                Error::Config(error) => written.located(error).into(),
                error => error,
            })
    }

    async fn build(
        config: Config,
        logger: impl FnOnce(LoggerBuilder) -> LoggerBuilder,
        metrics: impl FnOnce(MetricsBuilder) -> MetricsBuilder,
        oauth2: impl FnOnce(OAuth2ServerBuilder) -> OAuth2ServerBuilder,
    ) -> Result<Self, Error> {
        let logger = open_logger(&config, logger)?;
        logger.install()?;
        let built = Self::build_with(config, logger.clone(), metrics, oauth2).await;
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
        change_metrics: impl FnOnce(MetricsBuilder) -> MetricsBuilder,
        change_oauth2: impl FnOnce(OAuth2ServerBuilder) -> OAuth2ServerBuilder,
    ) -> Result<Self, Error> {
        let metrics = open_metrics(&config, change_metrics)?;
        records::count_records(&metrics, &logger)?;
        let disks = open_disks(&config, DiskNumbers::new(&metrics, &logger)?)?;
        let listener = bind_metrics(&config)?;
        let connection = connect(&config, &metrics).await?;
        let numbers = OAuth2Numbers::new(&metrics, &logger)?;
        let oauth2 = open_oauth2(&config, connection.clone(), numbers, change_oauth2).await?;
        observe::count_waiting(&metrics, &disks)?;
        health::check_health(&metrics, &disks, &oauth2);
        outputs::check_outputs(&metrics, &logger);
        let upkeep = vec![
            tokio::spawn(purge(oauth2.clone())).abort_handle(),
            #[cfg(feature = "database")]
            tokio::spawn(watch_pool(metrics.clone(), connection)).abort_handle(),
        ];
        Ok(Self(Arc::new(Inner {
            config,
            logger,
            metrics,
            disks,
            oauth2,
            upkeep,
            scrape: Mutex::new(listener),
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

    /// Where the scrape is served when `metrics.bind` names an address, with the port that was found for port 0.
    /// Nothing once [`serve`](Self::serve) runs it.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        let listener = self.0.scrape.lock().unwrap_or_else(PoisonError::into_inner);
        listener.as_ref()?.local_addr().ok()
    }

    /// The server of the scrape, if it has an address of its own and is not served already.
    pub(super) fn scrape_server(&self) -> io::Result<Option<Server>> {
        let listener = self
            .0
            .scrape
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        listener
            .map(|listener| self.metrics().server(listener))
            .transpose()
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

fn open_logger(
    config: &Config,
    change: impl FnOnce(LoggerBuilder) -> LoggerBuilder,
) -> Result<Logger, Error> {
    let builder = config.logging.builder().map(change);
    builder
        .and_then(LoggerBuilder::build)
        .map_err(|error| match error {
            logging::Error::Setting { key, reason } => {
                ConfigError::new(format!("logging.{key}"), reason).into()
            }
            logging::Error::Channel { name, reason } => {
                ConfigError::new(format!("logging.channels.{name}"), reason).into()
            }
            logging::Error::Directive(reason) => {
                ConfigError::new("logging.directives", reason).into()
            }
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

fn open_metrics(
    config: &Config,
    change: impl FnOnce(MetricsBuilder) -> MetricsBuilder,
) -> Result<Metrics, Error> {
    let traced = |builder: MetricsBuilder| {
        change(builder.trace_id(|| {
            let request = RequestContext::current()?;
            Some(request.trace().trace_id().into())
        }))
    };
    Metrics::from_settings_with(&config.metrics, traced).map_err(|error| match error {
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

fn bind_metrics(config: &Config) -> Result<Option<TcpListener>, Error> {
    let Some(address) = config.metrics.bind else {
        return Ok(None);
    };
    let bound = TcpListener::bind(address).map_err(|error| {
        let message = format!("{address} cannot be listened on ({error}), write a free address");
        ConfigError::new("metrics.bind", message)
    })?;
    Ok(Some(bound))
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

async fn connect(config: &Config, metrics: &Metrics) -> Result<DatabaseConnection, Error> {
    let database = &config.database;
    let slow = config.logging.slow_query;
    let connection = oauth2::connect_with(&database.url, database.max_connections, slow)
        .await
        .map_err(refused)?;
    watched(connection, metrics)
}

#[cfg(feature = "database")]
fn watched(
    mut connection: DatabaseConnection,
    metrics: &Metrics,
) -> Result<DatabaseConnection, Error> {
    metrics.watch_database(DATABASE, &mut connection)?;
    Ok(connection)
}

#[cfg(not(feature = "database"))]
fn watched(connection: DatabaseConnection, _: &Metrics) -> Result<DatabaseConnection, Error> {
    Ok(connection)
}

async fn open_oauth2(
    config: &Config,
    connection: DatabaseConnection,
    numbers: OAuth2Numbers,
    change: impl FnOnce(OAuth2ServerBuilder) -> OAuth2ServerBuilder,
) -> Result<OAuth2Server, Error> {
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

/// Waits for a connection every now and then, to see how long others do.
#[cfg(feature = "database")]
async fn watch_pool(metrics: Metrics, connection: DatabaseConnection) {
    let mut timer = tokio::time::interval(POOL_PROBE_EVERY);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        timer.tick().await;
        // That the database does not answer is for the health check to say.
        let _ = metrics.observe_pool_wait(DATABASE, &connection).await;
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
