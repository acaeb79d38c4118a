//! A family: every series of one name, told apart by whole label sets, and no more of them than the cap.
//!
//! prometheus 0.14 keys the series of its own vectors by a hash of the label values run together, so that
//! `("ab", "c")` and `("a", "bc")` are one series there. Here the values themselves are compared; the atomics of
//! each series stay the crate's.

use std::{
    cell::RefCell,
    collections::HashMap,
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    exemplar::{Exemplars, Observed, value},
    kind::Kind,
    name::OVERFLOW,
    trace::Tracer,
};
use prometheus::{
    Opts,
    core::{Collector, Desc, Describer, Metric},
    proto::{LabelPair, MetricFamily, MetricType},
};

/// What the handles of a family share: its name, who names traces, and whether a refusal was already logged.
pub(super) struct Meta {
    pub(super) name: String,
    pub(super) tracer: Tracer,
    refused: AtomicBool,
}

impl Meta {
    pub(super) fn new(name: String, tracer: Tracer) -> Self {
        Self {
            name,
            tracer,
            refused: AtomicBool::new(false),
        }
    }

    /// Says once for the whole family that a value is not counted.
    pub(super) fn refuse(&self, value: f64, why: &str) {
        if !self.refused.swap(true, Ordering::Relaxed) {
            log::warn!(target: "rf::metrics", "{}: {value} is not counted, {why} (said once)", self.name);
        }
    }
}

/// One series and the family it belongs to.
#[derive(Clone)]
pub(super) struct Series<M> {
    pub(super) metric: M,
    pub(super) meta: Arc<Meta>,
}

/// Makes one series; the bounds are those of a histogram.
type Create<M> = fn(Opts, &[f64]) -> prometheus::Result<M>;

/// Label values one after the other, each with its length in front, so that equal keys are equal label sets.
type Key = Box<[u8]>;

thread_local! {
    /// Where keys are put together to be looked up. It grows to the longest, and only a new series allocates one.
    static KEY: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Gives the key of these values to `look_up`, which counts on no metric itself.
fn with_key<T>(values: &[&str], look_up: impl FnOnce(&[u8]) -> T) -> T {
    let fill = |key: &mut Vec<u8>| {
        key.clear();
        for value in values {
            key.extend_from_slice(&value.len().to_le_bytes());
            key.extend_from_slice(value.as_bytes());
        }
    };
    let mut key = KEY.try_with(RefCell::take).unwrap_or_default();
    fill(&mut key);
    let found = look_up(&key);
    // A thread that ends has nothing to keep it in.
    let _ = KEY.try_with(|kept| kept.replace(key));
    found
}

/// How a family is made.
pub(super) struct Plan<'a, M> {
    pub(super) name: String,
    pub(super) help: &'a str,
    pub(super) kind: Kind,
    pub(super) labels: &'a [&'a str],
    pub(super) constant: HashMap<String, String>,
    pub(super) cap: usize,
    pub(super) buckets: Vec<f64>,
    pub(super) create: Create<M>,
    pub(super) tracer: Tracer,
}

pub(super) struct Family<M> {
    meta: Arc<Meta>,
    help: OnceLock<String>,
    kind: Kind,
    labels: Vec<String>,
    constant: HashMap<String, String>,
    cap: usize,
    buckets: Vec<f64>,
    create: Create<M>,
    desc: Desc,
    series: RwLock<HashMap<Key, M>>,
    overflow: OnceLock<M>,
}

impl<M: Metric + Clone> Family<M> {
    /// The names in `plan` have been checked.
    pub(super) fn new(plan: Plan<'_, M>) -> Self {
        let labels: Vec<String> = plan
            .labels
            .iter()
            .map(|label| (*label).to_owned())
            .collect();
        // A description must have some help; the text served is `help`, which may still come.
        let desc = Opts::new(&plan.name, "no help")
            .variable_labels(labels.clone())
            .const_labels(plan.constant.clone())
            .describe()
            .expect("the catalogue has checked the names");
        let family = Self {
            meta: Arc::new(Meta::new(plan.name, plan.tracer)),
            help: OnceLock::new(),
            kind: plan.kind,
            labels,
            constant: plan.constant,
            cap: plan.cap,
            buckets: plan.buckets,
            create: plan.create,
            desc,
            series: RwLock::default(),
            overflow: OnceLock::new(),
        };
        family.set_help(plan.help);
        family
    }

    pub(super) fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The bounds of a histogram.
    pub(super) fn buckets(&self) -> &[f64] {
        &self.buckets
    }

    /// The first text given is kept: a later caller may know none.
    pub(super) fn set_help(&self, help: &str) {
        if !help.is_empty() {
            self.help.get_or_init(|| help.to_owned());
        }
    }

    /// The series of these label values, in the order of [`labels`](Self::labels).
    pub(super) fn series(&self, values: &[&str]) -> Series<M> {
        Series {
            metric: self.find(values),
            meta: Arc::clone(&self.meta),
        }
    }

    fn find(&self, values: &[&str]) -> M {
        with_key(values, |key| {
            let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
            series.get(key).cloned()
        })
        .unwrap_or_else(|| self.find_or_build(values))
    }

    fn find_or_build(&self, values: &[&str]) -> M {
        // Once full, always full: no write lock for every further value.
        if let Some(overflow) = self.overflow.get() {
            return overflow.clone();
        }
        let mut series = self.series.write().unwrap_or_else(PoisonError::into_inner);
        let key = with_key(values, |key| Key::from(key));
        if let Some(metric) = series.get(&key) {
            return metric.clone();
        }
        if series.len() < self.cap {
            let metric = self.build(values);
            series.insert(key, metric.clone());
            return metric;
        }
        let first = self.overflow.get().is_none();
        let overflow = self.overflow.get_or_init(|| {
            let values = vec![OVERFLOW; self.labels.len()];
            // The app may have used the word itself: that is the same series then.
            let known = series.entry(with_key(&values, |key| Key::from(key)));
            known.or_insert_with(|| self.build(&values)).clone()
        });
        // Whoever writes the log may count its lines: no lock is held while it does.
        drop(series);
        if first {
            log::warn!(
                target: "rf::metrics",
                "{}: more than {} series, further label values are counted as {OVERFLOW:?}",
                self.meta.name, self.cap,
            );
        }
        overflow.clone()
    }

    fn build(&self, values: &[&str]) -> M {
        let mut labels = self.constant.clone();
        for (name, value) in self.labels.iter().zip(values) {
            labels.insert(name.clone(), (*value).to_owned());
        }
        (self.create)(
            Opts::new(&self.meta.name, "no help").const_labels(labels),
            &self.buckets,
        )
        .expect("names, labels and buckets were checked when the family was registered")
    }
}

impl Family<Observed> {
    /// The exemplars of the series with these labels.
    pub(super) fn exemplars(&self, labels: &[LabelPair]) -> Option<Arc<Exemplars>> {
        let values: Vec<&str> = (self.labels.iter())
            .map(|name| value(labels, name))
            .collect();
        let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
        let observed = with_key(&values, |key| series.get(key).cloned())?;
        Some(observed.exemplars)
    }
}

impl<M: Metric + Clone> Collector for Shared<M> {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut family = MetricFamily::default();
        family.set_name(self.0.meta.name.clone());
        family.set_help(self.0.help.get().cloned().unwrap_or_default());
        family.set_field_type(match self.0.kind {
            Kind::Counter => MetricType::COUNTER,
            Kind::Gauge | Kind::Collector => MetricType::GAUGE,
            Kind::Histogram => MetricType::HISTOGRAM,
        });
        let series = self.0.series.read().unwrap_or_else(PoisonError::into_inner);
        family.set_metric(series.values().map(Metric::metric).collect());
        vec![family]
    }
}

/// A family as the registry holds it.
pub(super) struct Shared<M>(pub(super) Arc<Family<M>>);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::Metrics;

    #[test]
    fn label_sets_that_run_together_alike_are_two_series() {
        let metrics = Metrics::new();
        let pairs = metrics.counter("pairs_total").labels(["a", "b"]).unwrap();
        pairs.bind(["ab", "c"]).inc();
        pairs.bind(["a", "bc"]).inc_by(2);
        let text = metrics.encode();
        assert!(text.contains("pairs_total{a=\"ab\",b=\"c\"} 1\n"), "{text}");
        assert!(text.contains("pairs_total{a=\"a\",b=\"bc\"} 2\n"), "{text}");
    }

    #[test]
    fn over_the_cap_everything_is_one_overflow_series() {
        let metrics = Metrics::builder().max_series(3).build().unwrap();
        for user in 0..100 {
            metrics.counter("hits_total").with_label("user", user).inc();
        }
        let text = metrics.encode();
        assert_eq!(text.matches("\nhits_total{").count(), 4, "{text}");
        assert!(
            text.contains("hits_total{user=\"overflow\"} 97\n"),
            "{text}"
        );
        assert!(text.contains("hits_total{user=\"2\"} 1\n"), "{text}");
    }

    #[test]
    fn a_label_value_overflow_of_the_app_does_not_collide_with_ours() {
        let metrics = Metrics::builder().max_series(1).build().unwrap();
        metrics
            .counter("hits_total")
            .with_label("user", "overflow")
            .inc();
        metrics
            .counter("hits_total")
            .with_label("user", "ada")
            .inc();
        let text = metrics.encode();
        assert_eq!(
            text.matches("hits_total{user=\"overflow\"}").count(),
            1,
            "{text}"
        );
    }
}
