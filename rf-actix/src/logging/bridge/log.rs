//! Records of the `log` crate.

use crate::logging::context::{current_logger, logger_for};
use log::{Log, Metadata, Record};

/// Sends records to the current request's logger, else to the installed one.
pub(in crate::logging) struct LogBridge;

impl Log for LogBridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        logger_for(metadata.level().into(), metadata.target()).is_some()
    }

    fn log(&self, record: &Record<'_>) {
        let (level, target) = (record.level().into(), record.target());
        if let Some(logger) = logger_for(level, target) {
            logger.emit((level, target), *record.args(), &(), None);
        }
    }

    fn flush(&self) {
        if let Some(logger) = current_logger() {
            // The trait has no way to say that it failed; the sink's error is counted.
            let _ = logger.flush();
        }
    }
}
