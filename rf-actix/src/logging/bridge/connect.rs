//! The bridges are connected once a process, whoever wants them.

use super::{log::LogBridge, tracing::TracingBridge};
use std::sync::OnceLock;

/// Who was there before.
static CONNECTED: OnceLock<Result<(), &'static str>> = OnceLock::new();

/// Connects the bridges, or says which of the crates has another receiver already.
pub(in crate::logging) fn install() -> Result<(), &'static str> {
    *CONNECTED.get_or_init(|| {
        log::set_boxed_logger(Box::new(LogBridge)).map_err(|_| "the `log` crate")?;
        let subscriber = tracing_core::Dispatch::new(TracingBridge);
        tracing_core::dispatcher::set_global_default(subscriber).map_err(|_| "the `tracing` crate")
    })
}

/// Connects them for tests, where everything is wanted.
///
/// # Panics
///
/// When the test installed another logger.
#[cfg(feature = "testing")]
pub(in crate::logging) fn connect() {
    if let Err(taken) = install() {
        panic!("{taken} is already set for this process, records of libraries cannot be captured");
    }
    log::set_max_level(log::LevelFilter::Trace);
}
