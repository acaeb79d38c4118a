//! The handle: what an application holds of its logging.

use super::{
    Directives, Error, Level, OutputStats, Stats,
    filter::Filter,
    ids::Ids,
    pipeline::{Origin, Pipeline},
    route::Route,
    transport::Command,
};
use std::{
    fmt,
    sync::{Arc, OnceLock},
    thread,
    time::{Duration, Instant},
};

/// How long a flush waits for an output.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

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
    /// The number of the channel whose records these are.
    channel: usize,
}

/// What the builder was told that is not about the pipeline.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) request_id: bool,
    pub(crate) slow_request: Option<Duration>,
    pub(crate) panic_hook: bool,
}

static GLOBAL: OnceLock<Arc<Logger>> = OnceLock::new();

/// The installed logger.
pub(crate) fn global() -> Option<&'static Logger> {
    installed().map(|logger| &**logger)
}

/// The same for whoever keeps it.
pub(crate) fn installed() -> Option<&'static Arc<Logger>> {
    GLOBAL.get()
}

impl Logger {
    pub(crate) fn new(pipeline: Pipeline, options: Options) -> Self {
        let pipeline = Arc::new(pipeline);
        Self::on(pipeline, Arc::new(options), 0)
    }

    fn on(pipeline: Arc<Pipeline>, options: Arc<Options>, channel: usize) -> Self {
        let route = Route::new(Arc::clone(&pipeline), channel, None);
        Self {
            pipeline,
            slog: slog::Logger::root(route, slog::o!()),
            options,
            channel,
        }
    }

    /// The logger of a [`Channel`](super::Channel) that was given to the builder: the same outputs' threads, other
    /// routes. Everything that is about outputs (flush, shutdown, levels) is about all of them, whoever is asked.
    ///
    /// # Errors
    ///
    /// When there is no channel of this name; `default` is the logger itself.
    pub fn channel(&self, name: &str) -> Result<Self, Error> {
        let channel = self.pipeline.channel(name).ok_or_else(|| Error::Channel {
            name: name.to_owned(),
            reason: "is not there, add it to the builder or to `channels` of the configuration"
                .to_owned(),
        })?;
        Ok(Self::on(
            Arc::clone(&self.pipeline),
            Arc::clone(&self.options),
            channel,
        ))
    }

    /// Adds a field to every record of all channels from now on, or replaces it: what becomes known only when the
    /// program runs.
    pub fn share(&self, key: &'static str, value: impl AsRef<str>) {
        self.pipeline.share(key, value.as_ref());
    }

    /// Whether any output is a file that may be opened again.
    #[must_use]
    pub fn writes_files(&self) -> bool {
        self.pipeline.writes_files()
    }

    /// The route of the records of `ids`.
    pub(crate) fn route(&self, ids: Option<Arc<Ids>>) -> Route {
        Route::new(Arc::clone(&self.pipeline), self.channel, ids)
    }

    /// Makes this the process's logger, or says which has come before.
    pub(crate) fn make_global(&self) -> Result<(), Error> {
        GLOBAL
            .set(Arc::new(self.clone()))
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
        self.pipeline.enabled(self.channel, level, target)
    }

    /// For records that do not come through slog, and that are [`enabled`](Self::enabled). Whether an output took it.
    pub(crate) fn emit(
        &self,
        at: (Level, &str),
        message: fmt::Arguments<'_>,
        fields: &dyn slog::KV,
        ids: Option<&Ids>,
    ) -> bool {
        let from = Origin {
            ids,
            channel: self.channel,
        };
        self.pipeline.emit_event(at, message, fields, from)
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
        self.try_log_event(level, target, message, fields);
    }

    /// The same; whether an output took it.
    pub(crate) fn try_log_event(
        &self,
        level: Level,
        target: &str,
        message: &str,
        fields: &[(&'static str, &dyn slog::Value)],
    ) -> bool {
        let message = format_args!("{message}");
        self.enabled(level, target) && self.emit((level, target), message, &Pairs(fields), None)
    }

    /// Changes the level while running, in all threads at once; directives stay as they are.
    pub fn set_level(&self, level: Level) {
        self.pipeline
            .tuning
            .change(|filter| filter.with_level(level));
        announce(&self.pipeline);
    }

    /// Changes the level for a while: to look closer, and not to forget to look away. Several such changes hold together,
    /// the later over the earlier, and each ends by itself; one for good ends them all.
    pub fn set_level_for(&self, level: Level, time_to_live: Duration) {
        self.change_for(time_to_live, move |filter| filter.with_level(level));
    }

    /// Changes the directives while running, and the level too when they name one.
    ///
    /// # Errors
    ///
    /// When they cannot be read; nothing changes then.
    pub fn set_directives(&self, directives: &str) -> Result<(), Error> {
        let directives: Directives = directives.parse()?;
        self.pipeline
            .tuning
            .change(|filter| filter.with_directives(directives));
        announce(&self.pipeline);
        Ok(())
    }

    /// Changes the directives for a while: these hold instead of the others, until those are back. See
    /// [`set_level_for`](Self::set_level_for).
    ///
    /// # Errors
    ///
    /// When they cannot be read; nothing changes then.
    pub fn set_directives_for(
        &self,
        directives: &str,
        time_to_live: Duration,
    ) -> Result<(), Error> {
        let directives: Directives = directives.parse()?;
        self.change_for(time_to_live, move |filter| {
            filter.with_directives(directives.clone())
        });
        Ok(())
    }

    fn change_for(
        &self,
        time_to_live: Duration,
        change: impl Fn(&Filter) -> Filter + Send + 'static,
    ) {
        let number = self.pipeline.tuning.change_for_a_while(change);
        announce(&self.pipeline);
        let pipeline = Arc::downgrade(&self.pipeline);
        let end = move |pipeline: &Arc<Pipeline>| {
            if pipeline.tuning.over(number) {
                announce(pipeline);
            }
        };
        let timer = thread::Builder::new().name("rf-log-level".to_owned());
        let started = timer.spawn(move || {
            thread::sleep(time_to_live);
            if let Some(pipeline) = pipeline.upgrade() {
                end(&pipeline);
            }
        });
        if started.is_err() {
            // Nobody would end it.
            end(&self.pipeline);
        }
    }

    /// Tells the `log` and `tracing` crates what they need not even offer.
    pub(crate) fn announce_level(&self) {
        announce(&self.pipeline);
    }

    /// What was logged, delivered and lost so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.pipeline.stats()
    }

    /// How each output is, in the order in which they were added.
    ///
    /// ```
    /// let logger = rf::logging::Logger::builder().build()?;
    /// assert!(logger.outputs().iter().all(|output| !output.is_failing()));
    /// # Ok::<(), rf::logging::Error>(())
    /// ```
    #[must_use]
    pub fn outputs(&self) -> Vec<OutputStats> {
        self.pipeline.output_stats()
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

/// Tells the `log` and `tracing` crates what they need not even offer, when it is the installed logger's level.
fn announce(pipeline: &Arc<Pipeline>) {
    if !global().is_some_and(|global| Arc::ptr_eq(&global.pipeline, pipeline)) {
        return;
    }
    log::set_max_level(match pipeline.tuning.most_detailed() {
        None => log::LevelFilter::Off,
        Some(Level::Error) => log::LevelFilter::Error,
        Some(Level::Warn) => log::LevelFilter::Warn,
        Some(Level::Info) => log::LevelFilter::Info,
        Some(Level::Debug) => log::LevelFilter::Debug,
        Some(Level::Trace) => log::LevelFilter::Trace,
    });
    tracing_core::callsite::rebuild_interest_cache();
}

fn flush_error((output, source): (String, std::io::Error)) -> Error {
    Error::Flush { output, source }
}

impl fmt::Debug for Logger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logger")
            .field("most_detailed", &self.pipeline.tuning.most_detailed())
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
