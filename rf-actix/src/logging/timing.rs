//! How long something took, in a line.

use super::{Level, RequestContext, context::current_logger, keys, logger::Logger};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Logs a name and how long it lived when it is dropped; made by `rf::timed!`.
///
/// ```
/// # use std::time::Duration;
/// fn load() {
///     let _timed = rf::timed!("database_query").warn_after(Duration::from_millis(200));
///     // … and at the end of the scope: `timed name=database_query duration_ms=1.204`
/// }
/// # load();
/// ```
///
/// `rf::timed!("name" => expression)` measures an expression, its awaits too, and is its value.
#[derive(Debug)]
#[must_use = "a guard that is not kept measures nothing: write `let _timed = …`"]
pub struct Timed {
    name: &'static str,
    target: &'static str,
    started: Instant,
    warn_after: Option<Duration>,
    /// The request it began in; it may be dropped when that is not being polled.
    context: Option<RequestContext>,
    logger: Option<Arc<Logger>>,
}

impl Timed {
    /// Starts to measure; the line has the level info and this target.
    pub fn start(name: &'static str, target: &'static str) -> Self {
        Self {
            name,
            target,
            started: Instant::now(),
            warn_after: None,
            context: RequestContext::current(),
            logger: current_logger().filter(|logger| logger.enabled(Level::Warn, target)),
        }
    }

    /// Is a warning with `slow` when it took this long.
    pub fn warn_after(mut self, threshold: Duration) -> Self {
        self.warn_after = Some(threshold);
        self
    }

    /// How long it has taken so far.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        let Some(logger) = &self.logger else { return };
        let took = self.elapsed();
        let millis = took.as_micros() as f64 / 1000.0;
        let slow = self.warn_after.is_some_and(|threshold| took >= threshold);
        let level = if slow { Level::Warn } else { Level::Info };
        let fields: [(&'static str, &dyn slog::Value); 3] = [
            ("name", &self.name),
            (keys::DURATION, &millis),
            (keys::SLOW, &true),
        ];
        let fields = if slow { &fields[..] } else { &fields[..2] };
        let log = || logger.log_event(level, self.target, "timed", fields);
        match &self.context {
            Some(context) => context.run(log),
            None => log(),
        }
    }
}
