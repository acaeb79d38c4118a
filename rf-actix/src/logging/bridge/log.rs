//! Records of the `log` crate.

use crate::logging::{Level, context::current_logger};
use log::{Log, Metadata, Record};

/// Sends records to the current request's logger, else to the installed one.
pub(in crate::logging) struct LogBridge;

impl Log for LogBridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let level = Level::from(metadata.level());
        current_logger().is_some_and(|logger| logger.enabled(level, metadata.target()))
    }

    fn log(&self, record: &Record<'_>) {
        let (level, target) = (Level::from(record.level()), record.target());
        if let Some(logger) = current_logger().filter(|logger| logger.enabled(level, target)) {
            logger
                .pipeline
                .emit_event((level, target), record.args(), &(), None);
        }
    }

    fn flush(&self) {
        if let Some(logger) = current_logger() {
            // The trait has no way to say that it failed; the sink's error is counted.
            let _ = logger.flush();
        }
    }
}
