//! What readiness says of the log's outputs. None of it keeps requests away: an app that cannot log can still serve.

use crate::{
    logging::{Logger, OutputStats},
    metrics::Metrics,
};
use std::{
    fmt,
    future::ready,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A write that takes longer has got stuck: even a slow disk takes milliseconds.
const STUCK: Duration = Duration::from_secs(5);
/// How long a line that was lost is told of, so that a probe every minute hears of it.
const REMEMBERED: Duration = Duration::from_secs(60);

/// The check `log`.
pub(super) fn check_outputs(metrics: &Metrics, logger: &Logger) {
    let (logger, watch) = (logger.clone(), Watch::default());
    let probe = move || {
        let degraded = watch.look(&logger.outputs(), Instant::now());
        ready(Ok::<_, fmt::Error>(degraded))
    };
    metrics.health().check_degraded("log", probe);
}

/// Remembers how many lines were lost.
#[derive(Default)]
struct Watch(Mutex<Lost>);

#[derive(Default)]
struct Lost {
    lines: u64,
    seen: Option<Instant>,
}

impl Watch {
    /// What is wrong. The answer is for anybody, so it does not name files and servers.
    fn look(&self, outputs: &[OutputStats], now: Instant) -> Option<String> {
        let mut lost = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = outputs.iter().map(OutputStats::dropped).sum();
        if lines > lost.lines {
            *lost = Lost {
                lines,
                seen: Some(now),
            };
        }
        let count = |is: fn(&OutputStats) -> bool| outputs.iter().filter(|it| is(it)).count();
        let failing = count(OutputStats::is_failing);
        let stuck = count(|output| output.busy().is_some_and(|busy| busy >= STUCK));
        let recently = lost
            .seen
            .is_some_and(|seen| now.duration_since(seen) < REMEMBERED);
        let all = outputs.len();
        let mut told = Vec::new();
        if failing > 0 {
            told.push(format!("{failing} of {all} outputs refuse lines"));
        }
        if stuck > 0 {
            told.push(format!("{stuck} of {all} outputs hang"));
        }
        if recently {
            told.push("lines were lost within the last minute".to_owned());
        }
        (!told.is_empty()).then(|| told.join(", "))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::logging::{Output, Sink};
    use std::{io, sync::mpsc, thread};

    /// Does as the test says, write by write.
    struct Told(mpsc::Receiver<io::Result<()>>);

    impl Sink for Told {
        fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
            // Once the test is over, all is well.
            self.0.recv().unwrap_or(Ok(())).map(|()| lines.len())
        }
    }

    fn logger() -> (Logger, mpsc::Sender<io::Result<()>>) {
        let (tell, told) = mpsc::channel();
        let output = Output::custom(Told(told)).queue(4);
        let logger = Logger::builder().output(output).build().unwrap();
        (logger, tell)
    }

    fn line(logger: &Logger) {
        logger.log_event(crate::logging::Level::Info, "test", "line", &[]);
    }

    fn until(logger: &Logger, wanted: impl Fn(&OutputStats) -> bool) {
        while !wanted(&logger.outputs()[0]) {
            thread::yield_now();
        }
    }

    #[test]
    fn an_output_that_refuses_lines_is_told_of_until_it_takes_them() {
        let (logger, tell) = logger();
        let (watch, now) = (Watch::default(), Instant::now());
        assert_eq!(watch.look(&logger.outputs(), now), None);
        line(&logger);
        tell.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
        until(&logger, OutputStats::is_failing);
        let said = watch.look(&logger.outputs(), now).unwrap();
        assert_eq!(said, "1 of 1 outputs refuse lines");
        // It is offered again by itself.
        tell.send(Ok(())).unwrap();
        until(&logger, |output| !output.is_failing());
        assert_eq!(watch.look(&logger.outputs(), now), None);
        assert_eq!(logger.outputs()[0].delivered(), 1);
    }

    #[test]
    fn an_output_that_hangs_is_told_of_while_it_does() {
        let (logger, tell) = logger();
        let watch = Watch::default();
        line(&logger);
        until(&logger, |output| output.busy().is_some());
        let mut outputs = logger.outputs();
        assert_eq!(watch.look(&outputs, Instant::now()), None, "not yet");
        outputs[0].busy = Some(STUCK);
        let said = watch.look(&outputs, Instant::now()).unwrap();
        assert_eq!(said, "1 of 1 outputs hang");
        tell.send(Ok(())).unwrap();
        until(&logger, |output| output.busy().is_none());
        assert_eq!(watch.look(&logger.outputs(), Instant::now()), None);
    }

    #[test]
    fn lines_that_were_lost_are_told_of_for_a_minute() {
        let (logger, tell) = logger();
        let (watch, began) = (Watch::default(), Instant::now());
        line(&logger);
        until(&logger, |output| output.busy().is_some());
        // One is being written, and four may wait.
        (0..6).for_each(|_| line(&logger));
        drop(tell);
        logger.flush().unwrap();
        let lost = logger.outputs()[0].dropped();
        assert!(lost > 0);
        let wanted = Some("lines were lost within the last minute".to_owned());
        let outputs = logger.outputs();
        assert_eq!(watch.look(&outputs, began), wanted);
        let just = began + REMEMBERED - Duration::from_millis(1);
        assert_eq!(watch.look(&outputs, just), wanted);
        assert_eq!(watch.look(&outputs, began + REMEMBERED), None);
    }

    #[tokio::test]
    async fn an_app_that_cannot_log_is_degraded_and_ready() {
        let (logger, tell) = logger();
        let metrics = Metrics::new();
        check_outputs(&metrics, &logger);
        line(&logger);
        tell.send(Err(io::ErrorKind::BrokenPipe.into())).unwrap();
        until(&logger, OutputStats::is_failing);
        let report = metrics.health().report().await;
        assert!(report.is_ready());
        let told = serde_json::to_value(&report).unwrap();
        assert_eq!(told["status"], "degraded");
        assert_eq!(
            told["checks"]["log"]["message"],
            "1 of 1 outputs refuse lines"
        );
    }
}
