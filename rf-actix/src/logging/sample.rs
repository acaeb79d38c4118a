//! Less of what is logged too often. Errors are never left out.

use super::{Level, filter::is_under};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How much of a target's records is written.
///
/// ```
/// use rf::logging::{Logger, Sampling};
/// use std::time::Duration;
/// // Of each second's access lines the first 100, and of the rest every tenth.
/// let sampling = Sampling::of("rf::access").first(100).then_every(10).per(Duration::from_secs(1));
/// let logger = Logger::builder().sampling(sampling).build()?;
/// # Ok::<(), rf::logging::Error>(())
/// ```
///
/// With [`first`](Self::first) alone it is a rate limit. Records of level error always pass; so do those of named
/// channels. How many were left out is reported in a line with the first record of the next period or the next flush,
/// and counted in [`Stats::suppressed`](super::Stats::suppressed).
#[derive(Clone, Debug)]
#[must_use = "sampling does nothing until a builder has it"]
pub struct Sampling {
    target: String,
    first: u64,
    then_every: u64,
    per: Duration,
}

impl Sampling {
    /// Of this target and what is under it; of everything when it is empty. The first rule that fits counts.
    pub fn of(target: impl Into<String>) -> Self {
        Self {
            target: target.into(),
            first: 100,
            then_every: 0,
            per: Duration::from_secs(1),
        }
    }

    /// So many of each period pass; 100 by default.
    pub fn first(mut self, records: u64) -> Self {
        self.first = records;
        self
    }

    /// After those, each so manyth passes; none by default.
    pub fn then_every(mut self, records: u64) -> Self {
        self.then_every = records;
        self
    }

    /// How long a period is; a second by default.
    pub fn per(mut self, period: Duration) -> Self {
        self.per = period;
        self
    }
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Sampler(Vec<(Sampling, Mutex<Period>)>);

#[derive(Debug, Default)]
struct Period {
    began: Option<Instant>,
    seen: u64,
    suppressed: u64,
}

/// What was left out of a target's records.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LeftOut {
    pub(crate) target: String,
    pub(crate) records: u64,
}

impl Sampler {
    pub(crate) fn new(rules: Vec<Sampling>) -> Self {
        Self(
            rules
                .into_iter()
                .map(|rule| (rule, Mutex::default()))
                .collect(),
        )
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a record passes, and what was left out of the period that ended before it.
    pub(crate) fn judge(
        &self,
        level: Level,
        target: &str,
        now: impl FnOnce() -> Instant,
    ) -> (bool, Option<LeftOut>) {
        let fits =
            |(rule, _): &&(Sampling, _)| rule.target.is_empty() || is_under(target, &rule.target);
        let Some((rule, period)) = self.0.iter().find(fits) else {
            return (true, None);
        };
        if level == Level::Error {
            return (true, None);
        }
        let now = now();
        let mut period = period.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left_out = None;
        let over = |began| now.saturating_duration_since(began) >= rule.per;
        if period.began.is_none_or(over) {
            left_out = period.take(rule);
            period.began = Some(now);
            period.seen = 0;
        }
        period.seen += 1;
        let beyond = period.seen.saturating_sub(rule.first);
        let passes = beyond == 0 || rule.then_every > 0 && beyond.is_multiple_of(rule.then_every);
        if !passes {
            period.suppressed += 1;
        }
        (passes, left_out)
    }

    /// What was left out and not told yet.
    pub(crate) fn left_out(&self) -> Vec<LeftOut> {
        let untold = |(rule, period): &(Sampling, Mutex<Period>)| {
            period
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(rule)
        };
        self.0.iter().filter_map(untold).collect()
    }
}

impl Period {
    fn take(&mut self, rule: &Sampling) -> Option<LeftOut> {
        let records = std::mem::take(&mut self.suppressed);
        (records > 0).then(|| LeftOut {
            target: rule.target.clone(),
            records,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::logging::capture::Capture;

    #[test]
    fn the_first_of_a_period_pass_and_then_every_tenth_and_errors_always() {
        let sampler = Sampler::new(vec![Sampling::of("a::b").first(3).then_every(10)]);
        let begin = Instant::now();
        let judge = |level, target, millis| {
            sampler.judge(level, target, || begin + Duration::from_millis(millis))
        };
        let passed = (0..33)
            .filter(|n| judge(Level::Info, "a::b::c", *n).0)
            .count();
        assert_eq!(passed, 3 + 3);
        assert!(judge(Level::Error, "a::b", 40).0, "an error");
        assert!(judge(Level::Info, "a::bc", 40).0, "another target");
        let (passes, left_out) = judge(Level::Warn, "a::b", 1000);
        assert!(passes);
        let left_out = left_out.unwrap();
        assert_eq!((left_out.target.as_str(), left_out.records), ("a::b", 27));
        assert_eq!(judge(Level::Warn, "a::b", 1001), (true, None));
    }

    #[test]
    fn what_is_suppressed_is_reported_and_counted_and_no_error_is_among_it() {
        let capture = Capture::default();
        let sampling = Sampling::of("").first(2).per(Duration::from_secs(3600));
        let logger = capture.builder().sampling(sampling).build().unwrap();
        for n in 0..50 {
            slog::info!(logger.slog(), "often"; "n" => n);
            slog::error!(logger.slog(), "wrong"; "n" => n);
        }
        logger.flush().unwrap();
        let lines = capture.json();
        let count = |message: &str| lines.iter().filter(|line| line["msg"] == message).count();
        assert_eq!((count("often"), count("wrong")), (2, 50));
        let report = lines.last().unwrap();
        assert_eq!(
            (&report["target"], &report["suppressed"]),
            (&"rf::logging".into(), &48.into())
        );
        assert_eq!(logger.stats().suppressed(), 48);
        assert_eq!(logger.stats().records(Level::Info), 2);
    }
}
