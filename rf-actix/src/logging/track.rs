//! Error tracking: who gets to know of errors and panics, beside the outputs.

use super::{
    Level,
    keys::{PANIC, REQUEST_ID, SPAN_ID, TRACE_ID},
    record::{Entry, Value},
};
use serde_json::{Map, Value as Json};
use std::{
    cell::Cell,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Instant,
};

/// Gets every record of level error, with its context: for services that collect errors, for alarms.
///
/// It is called on the thread that logs, so it must not wait: hand over what is to be sent. What it logs itself at
/// level error is not reported again. A closure is one:
///
/// ```
/// use rf::logging::{ErrorReport, Logger};
/// let logger = Logger::builder()
///     .on_error(|report: &ErrorReport<'_>| println!("{}: {}", report.target(), report.message()))
///     .build()?;
/// # Ok::<(), rf::logging::Error>(())
/// ```
pub trait ErrorTracker: Send + Sync + 'static {
    /// An error was logged, or something panicked.
    fn report(&self, report: &ErrorReport<'_>);

    /// Waits until everything reported is sent, at most until `deadline`; whether it is.
    fn flush(&self, deadline: Instant) -> bool {
        let _ = deadline;
        true
    }
}

impl<F: Fn(&ErrorReport<'_>) + Send + Sync + 'static> ErrorTracker for F {
    fn report(&self, report: &ErrorReport<'_>) {
        self(report);
    }
}

/// A record of level error, as its line has it: every key once, secrets replaced.
#[derive(Clone, Copy, Debug)]
pub struct ErrorReport<'a>(&'a Entry<'a>);

impl ErrorReport<'_> {
    /// When it was logged: RFC 3339 in UTC, with microseconds.
    #[must_use]
    pub fn timestamp(&self) -> &str {
        self.0.ts
    }

    /// The module or the part it was logged in; `panic` for panics.
    #[must_use]
    pub fn target(&self) -> &str {
        self.0.target()
    }

    /// What was logged.
    #[must_use]
    pub fn message(&self) -> &str {
        self.0.message()
    }

    /// Whether something panicked.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        self.0.target() == PANIC
    }

    /// The request's id, when it was logged under one.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.text(REQUEST_ID)
    }

    /// The request's trace, 32 hex digits, when it was logged under one.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.text(TRACE_ID)
    }

    /// The request's span, 16 hex digits, when it was logged under one.
    #[must_use]
    pub fn span_id(&self) -> Option<&str> {
        self.text(SPAN_ID)
    }

    /// The field of this name.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<Json> {
        self.0.field(key).map(json)
    }

    /// All fields: those of the request, of the logger and of the record.
    #[must_use]
    pub fn fields(&self) -> Map<String, Json> {
        let fields = self.0.fields();
        fields
            .map(|(key, value)| (key.to_owned(), json(value)))
            .collect()
    }

    fn text(&self, key: &str) -> Option<&str> {
        match self.0.field(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

fn json(value: Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => value.into(),
        Value::I64(value) => value.into(),
        Value::U64(value) => value.into(),
        // JSON has no limit; serde_json's numbers have.
        Value::I128(value) => value.to_string().into(),
        Value::U128(value) => value.to_string().into(),
        Value::F32(value) => value.into(),
        Value::F64(value) => value.into(),
        Value::Text(value) => value.into(),
        Value::Nested(value) => value.clone(),
    }
}

/// All that were given to the builder.
#[derive(Default)]
pub(crate) struct Trackers(Vec<Guarded>);

/// Called only where a panic is caught, and without anything of ours that a panic could leave half done.
type Guarded = AssertUnwindSafe<Arc<dyn ErrorTracker>>;

thread_local! {
    static REPORTING: Cell<bool> = const { Cell::new(false) };
}

impl Trackers {
    pub(crate) fn push(&mut self, tracker: impl ErrorTracker) {
        self.0.push(AssertUnwindSafe(Arc::new(tracker)));
    }

    pub(crate) fn report(&self, entry: &Entry<'_>) {
        if entry.level != Level::Error || self.0.is_empty() {
            return;
        }
        // An error in reporting an error is no error to report.
        if REPORTING
            .try_with(|reporting| reporting.replace(true))
            .unwrap_or(true)
        {
            return;
        }
        for tracker in &self.0 {
            // Whoever logs an error has trouble enough.
            let _ = catch_unwind(AssertUnwindSafe(|| tracker.report(&ErrorReport(entry))));
        }
        REPORTING.set(false);
    }

    pub(crate) fn flush(&self, deadline: Instant) -> bool {
        // All are asked, also after one that was not in time.
        let late = self.0.iter().filter(|tracker| !tracker.flush(deadline));
        late.count() == 0
    }
}

impl fmt::Debug for Trackers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trackers({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::logging::{Logger, capture::Capture};
    use std::sync::Mutex;

    #[test]
    fn errors_are_reported_with_their_fields_and_without_secrets_and_nothing_else_is() {
        let reports = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&reports);
        let capture = Capture::default();
        let logger = capture
            .builder()
            .context("service", "drive")
            .on_error(move |report: &ErrorReport<'_>| {
                let told = (report.message().to_owned(), report.fields());
                kept.lock().unwrap().push(told);
            })
            .build()
            .unwrap();
        slog::warn!(logger.slog(), "not wrong yet");
        slog::error!(logger.slog(), "wrong"; "n" => 7, "password" => "hunter2");
        let reports = reports.lock().unwrap();
        assert_eq!(reports.len(), 1);
        let (message, fields) = &reports[0];
        assert_eq!(message, "wrong");
        assert_eq!(
            Json::Object(fields.clone()),
            serde_json::json!({ "n": 7, "password": "[redacted]", "service": "drive" })
        );
    }

    #[test]
    fn a_tracker_that_panics_or_logs_errors_itself_does_no_harm() {
        let own = Arc::new(Mutex::new(None::<Logger>));
        let logs = Arc::clone(&own);
        let capture = Capture::default();
        let logger = capture
            .builder()
            .on_error(|_: &ErrorReport<'_>| panic!("a tracker that panics, as the test wants it"))
            .on_error(move |_: &ErrorReport<'_>| {
                let logger = logs.lock().unwrap().clone().unwrap();
                slog::error!(logger.slog(), "cannot report");
            })
            .build()
            .unwrap();
        *own.lock().unwrap() = Some(logger.clone());
        slog::error!(logger.slog(), "wrong");
        slog::error!(logger.slog(), "wrong again");
        logger.flush().unwrap();
        assert_eq!(capture.json().len(), 4);
        *own.lock().unwrap() = None;
    }
}
