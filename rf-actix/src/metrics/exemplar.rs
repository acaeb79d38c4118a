//! Exemplars: for each bucket of a histogram one trace that fell into it.
//!
//! See OpenMetrics 1.0, section "Exemplars".

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use prometheus::{
    core::Metric,
    proto::{self, LabelPair},
};

use super::{
    name::OVERFLOW,
    trace::{TraceId, Tracer},
};

/// How long, in milliseconds, a bucket keeps its exemplar before a newer one takes its place: scrapes come every few
/// seconds, and naming the trace of each observation would cost more than the observation.
const KEEP_MILLIS: u64 = 1000;

/// One observation and the trace it was made under.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Exemplar {
    pub(super) trace_id: TraceId,
    pub(super) value: f64,
    /// Seconds since 1970.
    pub(super) at: f64,
}

/// The exemplars of one histogram series, at most one a bucket.
#[derive(Debug)]
pub(super) struct Exemplars {
    bounds: Box<[f64]>,
    /// One more than there are bounds: the last is that of `+Inf`.
    slots: Box<[Slot]>,
}

#[derive(Debug, Default)]
struct Slot {
    /// When it was filled, in milliseconds since the first one of the process and one more; 0: never.
    filled: AtomicU64,
    exemplar: Mutex<Option<Exemplar>>,
}

impl Exemplars {
    pub(super) fn new(bounds: &[f64]) -> Self {
        Self {
            bounds: bounds.into(),
            slots: (0..=bounds.len()).map(|_| Slot::default()).collect(),
        }
    }

    /// Keeps an observation whose trace is known, unless its bucket has a fresh one.
    pub(super) fn keep(&self, value: f64, trace: &TraceId, now: Instant) {
        self.offer(value, now, || Some(trace.clone()));
    }

    /// The same, and the trace is asked for only when there is room for it.
    fn offer(&self, value: f64, now: Instant, trace: impl FnOnce() -> Option<TraceId>) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        let slot = &self.slots[bucket];
        let now = since_first(now);
        let filled = slot.filled.load(Ordering::Relaxed);
        if filled != 0 && now < filled + KEEP_MILLIS {
            return;
        }
        let Some(trace_id) = trace().filter(TraceId::fits) else {
            return;
        };
        slot.filled.store(now, Ordering::Relaxed);
        let at = SystemTime::now().duration_since(UNIX_EPOCH);
        *slot.exemplar.lock().unwrap_or_else(PoisonError::into_inner) = Some(Exemplar {
            trace_id,
            value,
            at: at.map_or(0.0, |at| at.as_secs_f64()),
        });
    }

    /// The exemplar of the bucket with this number, counted from the lowest.
    pub(super) fn of(&self, bucket: usize) -> Option<Exemplar> {
        let slot = self.slots.get(bucket)?;
        slot.exemplar
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn since_first(now: Instant) -> u64 {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    let elapsed = now.saturating_duration_since(*FIRST.get_or_init(|| now));
    // In 64 bits, which last for half a billion years.
    elapsed.as_secs() * 1000 + u64::from(elapsed.subsec_millis()) + 1
}

/// A histogram of the prometheus crate with its exemplars.
#[derive(Clone, Debug)]
#[allow(unreachable_pub, reason = "a sealed trait names it")]
pub struct Observed {
    pub(super) histogram: prometheus::Histogram,
    pub(super) exemplars: Arc<Exemplars>,
}

impl Observed {
    /// `value` is finite.
    pub(super) fn observe(&self, value: f64, tracer: &Tracer) {
        self.histogram.observe(value);
        if tracer.is_set() {
            let now = Instant::now();
            self.exemplars.offer(value, now, || tracer.current());
        }
    }

    /// `value` is finite; the trace and the time are known already.
    pub(super) fn observe_of(&self, value: f64, trace: Option<&TraceId>, now: Instant) {
        self.histogram.observe(value);
        if let Some(trace) = trace {
            self.exemplars.keep(value, trace, now);
        }
    }
}

impl Metric for Observed {
    fn metric(&self) -> proto::Metric {
        self.histogram.metric()
    }
}

/// The exemplars of a histogram that is not ours, by the values of its labels.
#[derive(Debug)]
pub(super) struct Book {
    labels: [&'static str; 3],
    bounds: Vec<f64>,
    cap: usize,
    series: RwLock<HashMap<[String; 3], Arc<Exemplars>>>,
    told: AtomicBool,
}

impl Book {
    /// For so many series.
    pub(super) fn new(labels: [&'static str; 3], bounds: &[f64], cap: usize) -> Self {
        Self {
            labels,
            bounds: bounds.to_vec(),
            cap,
            series: RwLock::default(),
            told: AtomicBool::new(false),
        }
    }

    /// Those of the series with these values, in the order of the labels; nothing when there are too many series
    /// already, which is logged once for `family`.
    pub(super) fn series(&self, values: [&str; 3], family: &str) -> Option<Arc<Exemplars>> {
        let values = values.map(str::to_owned);
        let mut series = self.series.write().unwrap_or_else(PoisonError::into_inner);
        if series.len() < self.cap || series.contains_key(&values) {
            let exemplars = series.entry(values);
            let exemplars = exemplars.or_insert_with(|| Arc::new(Exemplars::new(&self.bounds)));
            return Some(Arc::clone(exemplars));
        }
        // Whoever writes the log may count its lines: no lock is held while it does.
        drop(series);
        if !self.told.swap(true, Ordering::Relaxed) {
            log::warn!(
                target: "rf::metrics",
                "{family}: more than {} series, further endpoints and methods are counted as {OVERFLOW:?}",
                self.cap,
            );
        }
        None
    }

    /// Those of no series.
    pub(super) fn unlisted(&self) -> Arc<Exemplars> {
        Arc::new(Exemplars::new(&self.bounds))
    }

    /// Those of the series with these labels.
    pub(super) fn find(&self, labels: &[LabelPair]) -> Option<Arc<Exemplars>> {
        let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
        series
            .get(&self.labels.map(|name| value(labels, name).to_owned()))
            .cloned()
    }
}

/// The value of the label of this name.
pub(super) fn value<'a>(labels: &'a [LabelPair], name: &str) -> &'a str {
    let pair = labels.iter().find(|pair| pair.name() == name);
    pair.map_or("", LabelPair::value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn an_exemplar_is_kept_with_the_bucket_its_value_falls_into() {
        let exemplars = Exemplars::new(&[1.0, 2.0]);
        exemplars.keep(1.0, &"at the bound".into(), Instant::now());
        exemplars.keep(9.0, &"over all bounds".into(), Instant::now());
        let trace = |bucket| exemplars.of(bucket).map(|kept| kept.trace_id);
        assert_eq!(trace(0), Some("at the bound".into()));
        assert_eq!(trace(1), None);
        assert_eq!(trace(2), Some("over all bounds".into()));
        assert_eq!(trace(3), None);
    }

    #[test]
    fn a_trace_longer_than_the_format_allows_is_left_out() {
        let exemplars = Exemplars::new(&[1.0]);
        let keep = |text: &str| exemplars.keep(0.5, &text.into(), Instant::now());
        keep(&"x".repeat(121));
        keep("");
        assert_eq!(exemplars.of(0), None);
        keep(&"x".repeat(120));
        assert!(exemplars.of(0).is_some());
    }

    #[test]
    fn a_trace_is_asked_for_only_when_its_bucket_has_no_fresh_one() {
        let exemplars = Exemplars::new(&[1.0]);
        let (mut asked, began) = (0, Instant::now());
        let mut offer = |millis| {
            exemplars.offer(0.5, began + Duration::from_millis(millis), || {
                asked += 1;
                Some("a trace".into())
            });
            asked
        };
        assert_eq!([offer(0), offer(0), offer(999)], [1, 1, 1]);
        assert_eq!([offer(1001), offer(1002)], [2, 2]);
    }
}
