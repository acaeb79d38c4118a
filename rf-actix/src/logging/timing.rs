//! How long something took, in a line.

use super::{Level, RequestContext, context::current_logger, logger::Logger};
use std::time::Instant;

/// Logs a name and how long it lived when it is dropped; made by `rf::timed!`.
///
/// ```
/// fn load() {
///     let _timed = rf::timed!("database_query");
///     // … and at the end of the scope: `timed name=database_query duration_ms=1.204`
/// }
/// # load();
/// ```
#[derive(Debug)]
#[must_use = "a guard that is not kept measures nothing: write `let _timed = …`"]
pub struct Timed {
    name: &'static str,
    target: &'static str,
    started: Instant,
    /// The request it began in; it may be dropped when that is not being polled.
    context: Option<RequestContext>,
    logger: Option<Logger>,
}

impl Timed {
    /// Starts to measure; the line has the level info and this target.
    pub fn start(name: &'static str, target: &'static str) -> Self {
        let logger = current_logger().filter(|logger| logger.enabled(Level::Info, target));
        Self {
            name,
            target,
            started: Instant::now(),
            context: RequestContext::current(),
            logger,
        }
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        if let Some(logger) = &self.logger {
            let millis = self.started.elapsed().as_micros() as f64 / 1000.0;
            let log = || {
                logger.log_event(
                    Level::Info,
                    self.target,
                    "timed",
                    &[("name", &self.name), ("duration_ms", &millis)],
                );
            };
            match &self.context {
                Some(context) => context.run(log),
                None => log(),
            }
        }
    }
}
