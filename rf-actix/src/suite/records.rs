//! What the log pipeline counts, as metrics.

use crate::{
    logging::{Level, Logger},
    metrics::{Error, Kind, Metrics},
};

/// Reads the log pipeline's own counts at every scrape.
pub(super) fn count_records(metrics: &Metrics, logger: &Logger) -> Result<(), Error> {
    for level in Level::ALL {
        let logger = logger.clone();
        let label = [("level", level.as_str())];
        metrics.pull(
            Kind::Counter,
            "log_records_total",
            "Log records by level",
            label,
            move || logger.stats().records(level),
        )?;
    }
    let (dropped, errors) = (logger.clone(), logger.clone());
    metrics.counter_fn(
        "log_records_dropped_total",
        "Log records that no queue had room for",
        move || dropped.stats().dropped(),
    );
    metrics.counter_fn(
        "log_sink_errors_total",
        "Writes that a log output refused",
        move || errors.stats().sink_errors(),
    );
    Ok(())
}
