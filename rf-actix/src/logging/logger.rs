//! The handle: what an application holds of its logging.

use super::{
    Error, Level, Stats,
    pipeline::{Pipeline, Route},
    transport::Command,
};
use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

/// How long a flush waits for an output.
const PATIENCE: Duration = Duration::from_secs(5);

/// The logging of an application: a handle that is cheap to clone.
///
/// Records reach it through [`slog`](Self::slog), through the macros (`rf::info!` …) and from libraries once it is
/// [installed](Self::install), and from the [middleware](Self::middleware). The lines are written by a thread for
/// each output, which ends with [`shutdown`](Self::shutdown) or with the last handle.
#[derive(Clone)]
pub struct Logger {
    pub(crate) pipeline: Arc<Pipeline>,
    slog: slog::Logger,
    options: Arc<Options>,
}

/// What the builder was told that is not about the pipeline.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) request_id: bool,
    pub(crate) slow_request: Option<Duration>,
    pub(crate) panic_hook: bool,
}

static GLOBAL: OnceLock<Logger> = OnceLock::new();

/// The installed logger.
pub(crate) fn global() -> Option<&'static Logger> {
    GLOBAL.get()
}

impl Logger {
    pub(crate) fn new(pipeline: Pipeline, options: Options) -> Self {
        let pipeline = Arc::new(pipeline);
        let route = Route {
            pipeline: Arc::clone(&pipeline),
            ids: None,
        };
        Self {
            pipeline,
            slog: slog::Logger::root(route, slog::o!()),
            options: Arc::new(options),
        }
    }

    /// Makes this the process's logger, or says which has come before.
    pub(crate) fn make_global(&self) -> Result<(), Error> {
        GLOBAL
            .set(self.clone())
            .map_err(|_| Error::AlreadyInstalled("a logger"))
    }

    /// For slog's macros and for child loggers; lines belong to the request in which they are logged.
    pub fn slog(&self) -> &slog::Logger {
        &self.slog
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// Whether a record of this level and target would be written by any output.
    #[must_use]
    pub fn enabled(&self, level: Level, target: &str) -> bool {
        self.pipeline.enabled(level, target)
    }

    /// Logs what happened elsewhere, with its fields in order. The keys are names, so they are static.
    ///
    /// ```
    /// # use rf::logging::{Level, Logger};
    /// # let logger = Logger::builder().build()?;
    /// logger.log_event(Level::Info, "rf::oauth2", "token issued", &[("client_id", &"demo"), ("scopes", &2)]);
    /// # Ok::<(), rf::logging::Error>(())
    /// ```
    pub fn log_event(
        &self,
        level: Level,
        target: &str,
        message: &str,
        fields: &[(&'static str, &dyn slog::Value)],
    ) {
        if self.enabled(level, target) {
            self.pipeline
                .emit_event((level, target), &message, &Pairs(fields), None);
        }
    }

    /// Changes the level while running, in all threads at once; directives stay as they are.
    pub fn set_level(&self, level: Level) {
        self.pipeline.set_level(level);
        if global().is_some_and(|global| Arc::ptr_eq(&global.pipeline, &self.pipeline)) {
            self.announce_level();
        }
    }

    /// Tells the `log` and `tracing` crates what they need not even offer.
    pub(crate) fn announce_level(&self) {
        log::set_max_level(match self.pipeline.most_detailed() {
            None => log::LevelFilter::Off,
            Some(Level::Error) => log::LevelFilter::Error,
            Some(Level::Warn) => log::LevelFilter::Warn,
            Some(Level::Info) => log::LevelFilter::Info,
            Some(Level::Debug) => log::LevelFilter::Debug,
            Some(Level::Trace) => log::LevelFilter::Trace,
        });
        tracing_core::callsite::rebuild_interest_cache();
    }

    /// What was logged, delivered and lost so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.pipeline.stats()
    }

    /// Returns when everything logged before is written, or after five seconds. It blocks the thread.
    ///
    /// # Errors
    ///
    /// Names the first output that failed or did not answer in time; its lines are kept, and tried again.
    pub fn flush(&self) -> Result<(), Error> {
        self.pipeline
            .command(Command::Flush, Instant::now() + PATIENCE)
            .map_err(flush_error)
    }

    /// Opens files again: for logrotate, which renames them and sends a signal. No line is lost.
    ///
    /// A renamed or removed file is also noticed without it, with the next line.
    ///
    /// # Errors
    ///
    /// Names the first output that could not be opened; it goes on where it is.
    pub fn reopen(&self) -> Result<(), Error> {
        self.pipeline
            .command(Command::Reopen, Instant::now() + PATIENCE)
            .map_err(flush_error)
    }

    /// Writes everything and ends the threads; later records are silently ignored. It blocks the thread, for five
    /// seconds at most when an output hangs.
    ///
    /// Call it when the server has stopped: requests that are just being dropped are waited for, one second at
    /// most, so that their access lines are there too.
    ///
    /// # Errors
    ///
    /// Names the first output that could not write its last lines.
    pub fn shutdown(&self) -> Result<(), Error> {
        self.pipeline.close(PATIENCE).map_err(flush_error)
    }
}

fn flush_error((output, source): (String, std::io::Error)) -> Error {
    Error::Flush { output, source }
}

impl fmt::Debug for Logger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logger")
            .field("most_detailed", &self.pipeline.most_detailed())
            .field("options", &self.options)
            .field("stats", &self.stats())
            .finish()
    }
}

/// Fields in the order they were given.
struct Pairs<'a>(&'a [(&'static str, &'a dyn slog::Value)]);

impl slog::KV for Pairs<'_> {
    fn serialize(&self, record: &slog::Record<'_>, to: &mut dyn slog::Serializer) -> slog::Result {
        self.0
            .iter()
            .try_for_each(|(key, value)| value.serialize(record, key, to))
    }
}
