//! Series whose value is read by a closure at every scrape.
//!
//! The closures run before the registry is gathered and with no lock held, so that one of them may use the metrics
//! itself.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use prometheus::{
    Opts,
    core::{Collector, Desc, Describer},
    proto::{self, LabelPair, MetricFamily, MetricType},
};

use super::{error::Error, family::Meta, kind::Kind, trace::Tracer};

pub(super) type Read = Box<dyn Fn() -> f64 + Send + Sync>;

struct Series {
    labels: Vec<LabelPair>,
    read: Read,
    /// The bits of what was read last; not a number when there is nothing to show.
    last: AtomicU64,
}

pub(super) struct Pulled {
    meta: Meta,
    help: String,
    kind: Kind,
    labels: Vec<String>,
    desc: Desc,
    series: RwLock<Vec<Arc<Series>>>,
}

impl Pulled {
    /// The names have been checked; `kind` is a counter or a gauge.
    pub(super) fn new(
        name: &str,
        help: &str,
        kind: Kind,
        labels: &[&str],
        constant: &HashMap<String, String>,
    ) -> Self {
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        let desc = Opts::new(name, "no help")
            .variable_labels(labels.clone())
            .const_labels(constant.clone())
            .describe()
            .expect("the registry has checked the names");
        Self {
            meta: Meta::new(name.to_owned(), Tracer::default()),
            help: help.to_owned(),
            kind,
            labels,
            desc,
            series: RwLock::default(),
        }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Adds the series of these labels.
    pub(super) fn add(&self, labels: &[&str], values: &[&str], read: Read) -> Result<(), Error> {
        let known = |label: &&str| self.labels.iter().any(|known| known == label);
        if labels.len() != self.labels.len() || !labels.iter().all(known) {
            return Err(Error::Labels {
                name: self.meta.name.clone(),
                registered: self.labels.clone(),
                given: labels.iter().map(|label| (*label).to_owned()).collect(),
            });
        }
        let mut pairs = self.desc.const_label_pairs.clone();
        for (name, value) in labels.iter().zip(values) {
            let mut pair = LabelPair::default();
            pair.set_name((*name).to_owned());
            pair.set_value((*value).to_owned());
            pairs.push(pair);
        }
        pairs.sort_by(|one, other| one.name().cmp(other.name()));
        let mut series = self.series.write().unwrap_or_else(PoisonError::into_inner);
        if series.iter().any(|known| known.labels == pairs) {
            return Err(Error::Taken {
                name: self.meta.name.clone(),
                taken: "the same series, read by another closure".into(),
            });
        }
        series.push(Arc::new(Series {
            labels: pairs,
            read,
            last: AtomicU64::new(f64::NAN.to_bits()),
        }));
        Ok(())
    }

    /// Runs every closure once.
    pub(super) fn read(&self) {
        for series in self.snapshot() {
            // The closure is the app's: whatever it does, only its own series is left out.
            let value = catch_unwind(AssertUnwindSafe(&series.read)).unwrap_or(f64::NAN);
            if !value.is_finite() {
                self.meta
                    .refuse(value, "its closure panicked or returned no finite number");
            }
            series.last.store(value.to_bits(), Ordering::Relaxed);
        }
    }

    fn snapshot(&self) -> Vec<Arc<Series>> {
        self.series
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn sample(&self, series: &Series) -> Option<proto::Metric> {
        let value = f64::from_bits(series.last.load(Ordering::Relaxed));
        if !value.is_finite() {
            return None;
        }
        let mut metric = proto::Metric::from_label(series.labels.clone());
        if self.kind == Kind::Counter {
            let mut counter = proto::Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        } else {
            let mut gauge = proto::Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
        Some(metric)
    }
}

/// What was read, as the registry holds it.
pub(super) struct Readings(pub(super) Arc<Pulled>);

impl Collector for Readings {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut family = MetricFamily::default();
        family.set_name(self.0.meta.name.clone());
        family.set_help(self.0.help.clone());
        family.set_field_type(match self.0.kind {
            Kind::Counter => MetricType::COUNTER,
            _ => MetricType::GAUGE,
        });
        family.set_metric(
            self.0
                .snapshot()
                .iter()
                .filter_map(|series| self.0.sample(series))
                .collect(),
        );
        vec![family]
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::{Error, Kind, Metrics};

    #[test]
    fn a_closure_that_panics_or_has_no_number_leaves_only_its_series_out() {
        let metrics = Metrics::new();
        let pull = |shard, read: fn() -> f64| {
            metrics.pull(Kind::Gauge, "depth", "Depth", [("shard", shard)], read)
        };
        pull("a", || 1.0).unwrap();
        pull("b", || panic!("on purpose")).unwrap();
        pull("c", || f64::NAN).unwrap();
        pull("d", || 4.0).unwrap();
        let text = metrics.encode();
        assert!(
            text.contains("depth{shard=\"a\"} 1\n") && text.contains("depth{shard=\"d\"} 4\n"),
            "{text}"
        );
        assert_eq!(text.matches("\ndepth{").count(), 2, "{text}");
    }

    #[test]
    fn a_closure_may_use_the_metrics_itself() {
        let metrics = Metrics::new();
        let inner = metrics.clone();
        metrics.gauge_fn("depth", "Depth", move || {
            inner.counter("reads_total").inc();
            inner.gauge_fn("late", "Late", || 1);
            2
        });
        assert!(metrics.encode().contains("depth 2\n"));
        assert!(metrics.encode().contains("reads_total 2\n"));
    }

    #[test]
    fn the_same_series_has_one_closure() {
        let metrics = Metrics::new();
        let pull = |labels| metrics.pull(Kind::Counter, "jobs_total", "Jobs", labels, || 1);
        pull([("queue", "mail")]).unwrap();
        assert!(matches!(
            pull([("queue", "mail")]),
            Err(Error::Taken { .. })
        ));
        assert!(matches!(
            pull([("other", "mail")]),
            Err(Error::Labels { .. })
        ));
        assert!(metrics.pull(Kind::Histogram, "h", "No", [], || 1).is_err());
        assert!(
            metrics
                .pull(Kind::Gauge, "jobs_total", "Jobs", [("queue", "x")], || 1)
                .is_err()
        );
        assert!(
            metrics
                .encode()
                .contains("# TYPE jobs_total counter\njobs_total{queue=\"mail\"} 1\n")
        );
    }

    #[test]
    fn a_bad_name_is_a_gauge_nobody_reads() {
        let metrics = Metrics::new();
        metrics.gauge_fn("not a name", "No", || -> i32 { panic!("must not be read") });
        assert!(!metrics.encode().contains("not a name"));
    }
}
