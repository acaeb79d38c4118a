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
        "Lines that a log output had no room for, or that were lost when it failed",
        move || dropped.stats().dropped(),
    );
    metrics.counter_fn(
        "log_sink_errors_total",
        "Writes that a log output refused",
        move || errors.stats().sink_errors(),
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::logging::{Output, Sink};
    use std::{io, sync::mpsc};

    /// Hangs until the test is done with it.
    struct Hangs(mpsc::Receiver<()>);

    impl Sink for Hangs {
        fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Ok(lines.len())
        }
    }

    #[test]
    fn records_that_no_queue_had_room_for_are_counted() {
        let (done, hang) = mpsc::channel();
        let output = Output::custom(Hangs(hang)).queue(4);
        let logger = Logger::builder().output(output).build().unwrap();
        let metrics = Metrics::new();
        count_records(&metrics, &logger).unwrap();
        assert!(metrics.encode().contains("\nlog_records_dropped_total 0\n"));
        // One or more are being written, and four may wait.
        while logger.stats().dropped() == 0 {
            logger.log_event(Level::Info, "test", "line", &[]);
        }
        let dropped = logger.stats().dropped();
        let told = format!("\nlog_records_dropped_total {dropped}\n");
        assert!(metrics.encode().contains(&told), "{}", metrics.encode());
        drop(done);
    }
}
