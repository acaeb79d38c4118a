//! What was logged, for tests of applications: each test sees its own records, also when tests run side by side.

use super::{
    Format, Level, Logger, LoggerBuilder, Output, RequestContext, Sink, TraceContext, bridge,
    context::Entered, ids::Seed,
};
use serde_json::{Map, Value};
use std::{
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
};

/// Keeps everything that is logged on this thread, for as long as it lives.
///
/// The macros, the `log` and `tracing` crates and [`Log`](super::Log) without the middleware log here. Tests on other
/// threads have captures of their own; what is spawned needs [`rf::logging::spawn`](super::spawn) or
/// [`block`](super::block), and an application under test [`logger`](Self::logger) for its middleware. Of `log` and
/// `tracing` only what an installed logger lets pass, where there is one, is offered to captures too.
///
/// ```
/// use rf::logging::{Capture, Level};
///
/// let logs = Capture::start();
/// rf::info!("user logged in"; "user_id" => 7, "password" => "hunter2");
///
/// let record = logs.only("user logged in");
/// assert_eq!(record.level(), Level::Info);
/// assert_eq!(record["user_id"], 7);
/// assert_eq!(record["password"], "[redacted]");
/// logs.assert_none(Level::Warn);
/// ```
#[must_use = "records are kept while the capture lives"]
pub struct Capture {
    logger: Logger,
    kept: Kept,
    // Not for other threads: it is this thread's context.
    _entered: Entered,
}

impl Capture {
    /// Starts to keep records, of all levels.
    pub fn start() -> Self {
        Self::start_with(|builder| builder)
    }

    /// The same with a builder of your own making: directives, context, names to redact.
    ///
    /// # Panics
    ///
    /// When the builder refuses.
    pub fn start_with(build: impl FnOnce(LoggerBuilder) -> LoggerBuilder) -> Self {
        bridge::connect();
        let kept = Kept::default();
        let builder = Logger::builder()
            .level(Level::Trace)
            .format(Format::Json)
            .output(Output::custom(kept.clone()))
            .with_request_id();
        let logger = match build(builder).build() {
            Ok(logger) => logger,
            Err(refused) => panic!("the logger of a test cannot be built: {refused}"),
        };
        let context = RequestContext::new(
            Arc::new(logger.clone()),
            None,
            TraceContext::fresh(&Seed::draw()),
        );
        Self {
            _entered: context.enter_outside(),
            logger,
            kept,
        }
    }

    /// The logger that keeps, for `App::new().wrap(logs.logger().middleware())`.
    #[must_use]
    pub fn logger(&self) -> &Logger {
        &self.logger
    }

    /// All records so far, the first one first.
    ///
    /// # Panics
    ///
    /// When they cannot be had.
    #[must_use]
    pub fn records(&self) -> Vec<Captured> {
        if let Err(error) = self.logger.flush() {
            panic!("the records of a test cannot be had: {error}");
        }
        let text = self.kept.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&text)
            .lines()
            .map(|line| Captured(serde_json::from_str(line).expect("records are rendered as JSON")))
            .collect()
    }

    /// The one record with this message.
    ///
    /// # Panics
    ///
    /// When there is none, or more than one.
    #[track_caller]
    #[must_use]
    pub fn only(&self, message: &str) -> Captured {
        let mut found = self.with_message(message);
        match (found.pop(), found.len()) {
            (Some(record), 0) => record,
            (_, others) => panic!(
                "{} records say {message:?}, of {:#?}",
                others + usize::from(others > 0),
                self.records()
            ),
        }
    }

    /// The records with this message.
    #[must_use]
    pub fn with_message(&self, message: &str) -> Vec<Captured> {
        let mut records = self.records();
        records.retain(|record| record.message() == message);
        records
    }

    /// Nothing of this level, or more important, was logged.
    ///
    /// # Panics
    ///
    /// When something was.
    #[track_caller]
    pub fn assert_none(&self, level: Level) {
        let mut records = self.records();
        records.retain(|record| record.level() <= level);
        assert!(records.is_empty(), "these were logged: {records:#?}");
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.records()).finish()
    }
}

/// A record as its line has it; fields by `record["name"]`, null when there is none.
#[derive(Clone, PartialEq)]
pub struct Captured(Map<String, Value>);

impl Captured {
    /// How important it is.
    #[must_use]
    pub fn level(&self) -> Level {
        let level = self["level"].as_str().and_then(|level| level.parse().ok());
        level.expect("every record has a level")
    }

    /// The module or part it was logged in.
    #[must_use]
    pub fn target(&self) -> &str {
        self["target"].as_str().unwrap_or_default()
    }

    /// What was logged.
    #[must_use]
    pub fn message(&self) -> &str {
        self["msg"].as_str().unwrap_or_default()
    }

    /// All of it, `ts` and `msg` too.
    #[must_use]
    pub fn fields(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl std::ops::Index<&str> for Captured {
    type Output = Value;

    fn index(&self, field: &str) -> &Value {
        self.0.get(field).unwrap_or(&Value::Null)
    }
}

impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Value::Object(self.0.clone()))
    }
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Sink for Kept {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(lines);
        Ok(lines.len())
    }
}
