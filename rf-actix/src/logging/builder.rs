//! How a logger is put together.

use super::{
    Channel, Directives, Error, ErrorTracker, Format, Level, Logger, Output, OutputOptions,
    Sampling, channel,
    filter::Filter,
    intern,
    logger::Options,
    pipeline::{Pipeline, Rules},
    redact::Redactor,
    sample::Sampler,
    shared::Shared,
    track::Trackers,
};
use std::time::Duration;

/// Builds a [`Logger`].
///
/// ```
/// use rf::logging::{Format, Level, Logger, Output};
/// use std::time::Duration;
///
/// # let folder = tempfile::tempdir()?;
/// # std::env::set_current_dir(&folder)?;
/// let logger = Logger::builder()
///     .level(Level::Info)
///     .directives("sqlx=warn,rf::oauth2=debug")
///     .format(Format::Json)
///     .output(Output::Stdout)
///     .output(Output::File("app.log".into()))
///     .with_request_id()
///     .slow_request(Duration::from_millis(500))
///     .build()?;
/// rf::logging::slog::info!(logger.slog(), "ready"; "port" => 8080);
/// logger.shutdown()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # How the defaults were chosen
///
/// Level info, because debug lines of libraries drown everything else. Pretty lines on stdout, because that is
/// what the first run of a program is for. Lines are dropped, counted and reported when an output is too slow:
/// losing a line is better than losing the service; say [`Overflow::Block`](super::Overflow::Block) where it is not.
#[derive(Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct LoggerBuilder {
    level: Level,
    directives: String,
    format: Format,
    outputs: Vec<OutputOptions>,
    channels: Vec<Channel>,
    sampling: Vec<Sampling>,
    redact: Vec<String>,
    trackers: Trackers,
    context: Vec<(&'static str, String)>,
    request_id: bool,
    slow_request: Option<Duration>,
    panic_hook: bool,
}

impl Default for LoggerBuilder {
    fn default() -> Self {
        Self {
            level: Level::Info,
            directives: String::new(),
            format: Format::default(),
            outputs: Vec::new(),
            channels: Vec::new(),
            sampling: Vec::new(),
            redact: Vec::new(),
            trackers: Trackers::default(),
            context: Vec::new(),
            request_id: false,
            slow_request: None,
            panic_hook: false,
        }
    }
}

impl LoggerBuilder {
    /// The least important level that is logged, where no directive says otherwise.
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Other levels for some targets, see [`Directives`].
    pub fn directives(mut self, directives: impl Into<String>) -> Self {
        self.directives = directives.into();
        self
    }

    /// The format of outputs that name none.
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Adds a place for lines.
    pub fn output(mut self, output: impl Into<OutputOptions>) -> Self {
        self.outputs.push(output.into());
        self
    }

    /// Adds a channel with outputs of its own.
    pub fn channel(mut self, channel: Channel) -> Self {
        self.channels.push(channel);
        self
    }

    /// Writes less of what is logged too often; errors are never left out.
    pub fn sampling(mut self, rule: Sampling) -> Self {
        self.sampling.push(rule);
        self
    }

    /// Replaces values under this name too, in any case: `card_number`, `iban`.
    pub fn redact(mut self, name: impl Into<String>) -> Self {
        self.redact.push(name.into());
        self
    }

    /// Tells somebody of every error and panic, beside the outputs.
    pub fn on_error(mut self, tracker: impl ErrorTracker) -> Self {
        self.trackers.push(tracker);
        self
    }

    /// Adds a field to every record: the service's name, its version, the host.
    pub fn context(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.context.push((key, value.into()));
        self
    }

    /// The same with a key that was read.
    pub(crate) fn owned_context(mut self, key: String, value: String) -> Self {
        self.context.push((intern::key(&key), value));
        self
    }

    /// Gives every request an id: accepted from `X-Request-Id` or made, echoed on the response, in every line.
    pub fn with_request_id(mut self) -> Self {
        self.request_id = true;
        self
    }

    /// Requests whose response takes this long to begin are logged at warn.
    pub fn slow_request(mut self, threshold: Duration) -> Self {
        self.slow_request = Some(threshold);
        self
    }

    /// Logs panics, with the request they happened in, and flushes; set when the logger is installed.
    pub fn panic_hook(mut self) -> Self {
        self.panic_hook = true;
        self
    }

    /// Opens the outputs and starts their threads.
    ///
    /// # Errors
    ///
    /// When the directives cannot be read, an option of an output or a channel cannot be used, or a file cannot be opened.
    pub fn build(self) -> Result<Logger, Error> {
        let directives: Directives = self.directives.parse()?;
        let outputs = if self.outputs.is_empty() {
            vec![Output::Stdout.into()]
        } else {
            self.outputs
        };
        let (channels, outputs) = channel::resolve(outputs, self.channels)?;
        let outputs = outputs
            .into_iter()
            .map(|output| output.start(self.format))
            .collect::<Result<_, _>>()?;
        let pipeline = Pipeline::new(
            Filter::new(self.level, directives),
            Shared::new(self.context),
            (channels, outputs),
            Rules {
                sampler: Sampler::new(self.sampling),
                trackers: self.trackers,
                redactor: Redactor::new(self.redact),
            },
        );
        let options = Options {
            request_id: self.request_id,
            slow_request: self.slow_request,
            panic_hook: self.panic_hook,
        };
        Ok(Logger::new(pipeline, options))
    }
}

impl Logger {
    /// Starts with level info and, unless an output is added, pretty lines on stdout.
    pub fn builder() -> LoggerBuilder {
        LoggerBuilder::default()
    }
}
