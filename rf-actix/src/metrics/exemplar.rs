//! Exemplars: for each bucket of a histogram one trace that fell into it.
//!
//! See OpenMetrics 1.0, section "Exemplars".

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use prometheus::{
    core::Metric,
    proto::{self, LabelPair},
};

/// What an exemplar's labels may be long together, in characters (OpenMetrics 1.0, "Exemplars").
const MAX_CHARS: usize = 128;
/// The label that holds the trace.
pub(super) const LABEL: &str = "trace_id";
/// How long, in milliseconds, a bucket keeps its exemplar before a newer one takes its place: scrapes come every few
/// seconds, and naming the trace of each observation would cost more than the observation.
const KEEP_MILLIS: u64 = 1000;

/// Names the trace of what is happening on this thread now.
#[derive(Clone, Default)]
pub(super) struct Tracer(Option<Arc<Name>>);

type Name = dyn Fn() -> Option<String> + Send + Sync;

impl Tracer {
    pub(super) fn new(name: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(name)))
    }

    /// The trace of now, when there is one and it fits.
    pub(super) fn current(&self) -> Option<String> {
        let name = self.0.as_ref()?;
        name().filter(|trace| fits(trace))
    }

    fn is_set(&self) -> bool {
        self.0.is_some()
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tracer").field(&self.is_set()).finish()
    }
}

fn fits(trace: &str) -> bool {
    !trace.is_empty() && LABEL.len() + trace.chars().count() <= MAX_CHARS
}

/// One observation and the trace it was made under.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Exemplar {
    pub(super) trace_id: String,
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
    pub(super) fn keep(&self, value: f64, trace_id: &str) {
        self.offer(value, || fits(trace_id).then(|| trace_id.to_owned()));
    }

    /// The same, and the trace is asked for only when there is room for it.
    fn offer(&self, value: f64, trace: impl FnOnce() -> Option<String>) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        let slot = &self.slots[bucket];
        let now = since_first();
        let filled = slot.filled.load(Ordering::Relaxed);
        if filled != 0 && now < filled + KEEP_MILLIS {
            return;
        }
        let Some(trace_id) = trace() else { return };
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

fn since_first() -> u64 {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    let elapsed = FIRST.get_or_init(Instant::now).elapsed();
    u64::try_from(elapsed.as_millis()).map_or(u64::MAX, |millis| millis.saturating_add(1))
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
            self.exemplars.offer(value, || tracer.current());
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
    series: RwLock<HashMap<[String; 3], Arc<Exemplars>>>,
}

impl Book {
    pub(super) fn new(labels: [&'static str; 3], bounds: &[f64]) -> Self {
        Self {
            labels,
            bounds: bounds.to_vec(),
            series: RwLock::default(),
        }
    }

    /// Those of the series with these values, in the order of the labels.
    pub(super) fn series(&self, values: [&str; 3]) -> Arc<Exemplars> {
        let mut series = self.series.write().unwrap_or_else(PoisonError::into_inner);
        let exemplars = series.entry(values.map(str::to_owned));
        let exemplars = exemplars.or_insert_with(|| Arc::new(Exemplars::new(&self.bounds)));
        Arc::clone(exemplars)
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

    #[test]
    fn an_exemplar_is_kept_with_the_bucket_its_value_falls_into() {
        let exemplars = Exemplars::new(&[1.0, 2.0]);
        exemplars.keep(1.0, "at the bound");
        exemplars.keep(9.0, "over all bounds");
        let trace = |bucket| exemplars.of(bucket).map(|kept| kept.trace_id);
        assert_eq!(trace(0).as_deref(), Some("at the bound"));
        assert_eq!(trace(1), None);
        assert_eq!(trace(2).as_deref(), Some("over all bounds"));
        assert_eq!(trace(3), None);
    }

    #[test]
    fn a_trace_longer_than_the_format_allows_is_left_out() {
        let exemplars = Exemplars::new(&[1.0]);
        exemplars.keep(0.5, &"x".repeat(121));
        exemplars.keep(0.5, "");
        assert_eq!(exemplars.of(0), None);
        exemplars.keep(0.5, &"x".repeat(120));
        assert!(exemplars.of(0).is_some());
    }

    #[test]
    fn a_trace_is_asked_for_only_when_its_bucket_has_no_fresh_one() {
        let exemplars = Exemplars::new(&[1.0]);
        let mut asked = 0;
        for _ in 0..2 {
            exemplars.offer(0.5, || {
                asked += 1;
                Some("a trace".into())
            });
        }
        assert_eq!(asked, 1);
    }
}
