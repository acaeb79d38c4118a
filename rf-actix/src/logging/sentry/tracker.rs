//! The tracker that a builder gets.

use super::{
    SentryError,
    dsn::Dsn,
    event::{About, envelope},
    worker::Worker,
};
use crate::logging::{ErrorReport, ErrorTracker};
use std::{fmt, time::Instant};

/// Reports errors and panics to a project of Sentry.
///
/// ```no_run
/// use rf::logging::{Logger, Sentry};
/// let sentry = Sentry::new("https://key@sentry.example.com/7")?
///     .release(env!("CARGO_PKG_VERSION"))
///     .environment("production");
/// let logger = Logger::builder().on_error(sentry).panic_hook().build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// An event has the record's fields, the request's id as a tag, its trace, method, path and route. Secrets are replaced
/// as in lines. Events are sent by a thread of its own; what it cannot send is dropped and counted, and while Sentry
/// says 429 nothing is sent. [`Logger::flush`](crate::logging::Logger::flush) and `shutdown` wait for it.
pub struct Sentry {
    worker: Worker,
    about: About,
}

impl Sentry {
    /// A tracker for the project of this DSN.
    ///
    /// # Errors
    ///
    /// When the DSN is not one, or the system has no certificates.
    pub fn new(dsn: &str) -> Result<Self, SentryError> {
        Ok(Self {
            worker: Worker::start(Dsn::parse(dsn)?)?,
            about: About::default(),
        })
    }

    /// The version of the application, in every event.
    #[must_use]
    pub fn release(mut self, release: impl Into<String>) -> Self {
        self.about.release = Some(release.into());
        self
    }

    /// Where it runs, in every event: `production`, `staging`.
    #[must_use]
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.about.environment = Some(environment.into());
        self
    }

    /// The host's name, in every event.
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.about.server_name = Some(name.into());
        self
    }

    /// Events that could not be sent so far.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.worker.dropped()
    }
}

impl ErrorTracker for Sentry {
    fn report(&self, report: &ErrorReport<'_>) {
        self.worker.send(envelope(report, &self.about));
    }

    fn flush(&self, deadline: Instant) -> bool {
        self.worker.flush(deadline)
    }
}

impl fmt::Debug for Sentry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sentry")
            .field("about", &self.about)
            .field("dropped", &self.dropped())
            .finish_non_exhaustive()
    }
}
