//! The handles: one series each, ready to be counted on without a look-up.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use prometheus::Opts;

use super::{
    exemplar::{Exemplars, Observed},
    family::Series,
    kind::Kind,
    trace::TraceId,
};

/// A number that can be counted or observed; a [`Duration`] counts in seconds.
pub trait Amount: Copy {
    /// The number itself.
    fn amount(self) -> f64;
}

macro_rules! amounts {
    ($($number:ty),*) => {$(
        impl Amount for $number {
            fn amount(self) -> f64 {
                self as f64
            }
        }
    )*};
}
amounts!(f64, f32, i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

impl Amount for Duration {
    fn amount(self) -> f64 {
        self.as_secs_f64()
    }
}

/// A value that only rises. Cheap to clone; clones count on the same series.
#[derive(Clone)]
pub struct Counter(Option<Series<prometheus::Counter>>);

impl Counter {
    /// Counts one.
    pub fn inc(&self) {
        if let Some(series) = &self.0 {
            series.metric.inc();
        }
    }

    /// Counts `amount`. A negative or non-finite amount is refused (logged once), for counters never fall.
    pub fn inc_by(&self, amount: impl Amount) {
        let Some(series) = &self.0 else { return };
        let amount = amount.amount();
        if amount.is_finite() && amount >= 0.0 {
            series.metric.inc_by(amount);
        } else {
            series
                .meta
                .refuse(amount, "a counter rises by finite amounts only");
        }
    }

    /// What was counted so far.
    pub fn get(&self) -> f64 {
        self.0.as_ref().map_or(0.0, |series| series.metric.get())
    }
}

/// A value that rises and falls. Cheap to clone; clones change the same series.
#[derive(Clone)]
pub struct Gauge(Option<Series<prometheus::Gauge>>);

impl Gauge {
    /// Sets the value. A non-finite one is refused (logged once).
    pub fn set(&self, value: impl Amount) {
        self.change(value, prometheus::Gauge::set);
    }

    /// Adds one.
    pub fn inc(&self) {
        self.add(1);
    }

    /// Takes one away.
    pub fn dec(&self) {
        self.sub(1);
    }

    /// Adds `amount`. A non-finite one is refused (logged once).
    pub fn add(&self, amount: impl Amount) {
        self.change(amount, prometheus::Gauge::add);
    }

    /// Takes `amount` away. A non-finite one is refused (logged once).
    pub fn sub(&self, amount: impl Amount) {
        self.change(amount, prometheus::Gauge::sub);
    }

    /// The present value.
    pub fn get(&self) -> f64 {
        self.0.as_ref().map_or(0.0, |series| series.metric.get())
    }

    fn change(&self, value: impl Amount, change: impl FnOnce(&prometheus::Gauge, f64)) {
        let Some(series) = &self.0 else { return };
        let value = value.amount();
        if value.is_finite() {
            change(&series.metric, value);
        } else {
            series
                .meta
                .refuse(value, "a gauge takes finite values only");
        }
    }
}

/// Observations counted in buckets. Cheap to clone; clones observe into the same series.
#[derive(Clone)]
pub struct Histogram(Option<Series<Observed>>);

impl Histogram {
    /// Counts one observation. A non-finite one is refused (logged once): one NaN would spoil the sum for ever.
    ///
    /// Where the registry knows the trace of what is happening ([`trace_id`](super::MetricsBuilder::trace_id)), it
    /// is kept as the exemplar of the observation's bucket, about once a second.
    pub fn observe(&self, value: impl Amount) {
        let Some(series) = &self.0 else { return };
        let value = value.amount();
        if value.is_finite() {
            series.metric.observe(value, &series.meta.tracer);
        } else {
            series
                .meta
                .refuse(value, "a histogram takes finite values only");
        }
    }

    /// Like [`observe`](Self::observe), with the trace it was made under as exemplar (OpenMetrics 1.0): at most 120
    /// characters, else the observation counts without it.
    ///
    /// ```
    /// let waits = rf::metrics::Metrics::new().histogram("queue_wait_seconds").handle();
    /// waits.observe_traced(0.25, "4bf92f3577b34da6a3ce929d0e0e4736");
    /// ```
    pub fn observe_traced(&self, value: impl Amount, trace_id: &str) {
        let value = value.amount();
        match &self.0 {
            Some(series) if value.is_finite() => {
                let trace = trace_id.into();
                series
                    .metric
                    .observe_of(value, Some(&trace), Instant::now());
            }
            _ => self.observe(value),
        }
    }

    /// Seconds, which are finite, under a trace and at a time that are known already.
    pub(super) fn observe_of(&self, value: Duration, trace: Option<&TraceId>, now: Instant) {
        if let Some(series) = &self.0 {
            series.metric.observe_of(value.as_secs_f64(), trace, now);
        }
    }

    /// Observes the seconds until the timer is dropped.
    ///
    /// ```
    /// let queries = rf::metrics::Metrics::new().histogram("query_duration_seconds").handle();
    /// {
    ///     let _timer = queries.start_timer();
    ///     // the query
    /// }
    /// assert_eq!(queries.count(), 1);
    /// ```
    pub fn start_timer(&self) -> Timer {
        Timer {
            histogram: Some(self.clone()),
            started: Instant::now(),
        }
    }

    /// How many observations were counted.
    pub fn count(&self) -> u64 {
        self.0
            .as_ref()
            .map_or(0, |series| series.metric.histogram.get_sample_count())
    }

    /// The sum of all observations.
    pub fn sum(&self) -> f64 {
        self.0
            .as_ref()
            .map_or(0.0, |series| series.metric.histogram.get_sample_sum())
    }
}

/// Observes the seconds from its start into a [`Histogram`] when dropped.
#[must_use = "a timer that is dropped at once measures nothing"]
#[derive(Debug)]
pub struct Timer {
    histogram: Option<Histogram>,
    started: Instant,
}

impl Timer {
    /// Observes now, and says what was observed.
    pub fn stop(mut self) -> Duration {
        self.observe()
    }

    /// Observes nothing.
    pub fn discard(mut self) {
        self.histogram = None;
    }

    fn observe(&mut self) -> Duration {
        let elapsed = self.started.elapsed();
        if let Some(histogram) = self.histogram.take() {
            histogram.observe(elapsed);
        }
        elapsed
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.observe();
    }
}

/// A kind of handle: [`Counter`], [`Gauge`] or [`Histogram`].
pub trait Instrument: sealed::Sealed + Clone + fmt::Debug {}

pub(super) mod sealed {
    use super::{Kind, Opts, Series};
    use prometheus::core::Metric;

    /// What the registry needs to know of a kind of handle.
    pub trait Sealed: Sized {
        #[doc(hidden)]
        type Metric: Metric + Clone + 'static;
        #[doc(hidden)]
        const KIND: Kind;
        #[doc(hidden)]
        fn create(opts: Opts, buckets: &[f64]) -> prometheus::Result<Self::Metric>;
        #[doc(hidden)]
        #[allow(private_interfaces, reason = "the trait is sealed")]
        fn over(series: Option<Series<Self::Metric>>) -> Self;
    }
}

macro_rules! instruments {
    ($($handle:ident over $metric:ty: $create:expr;)*) => {$(
        impl Instrument for $handle {}

        impl sealed::Sealed for $handle {
            type Metric = $metric;
            const KIND: Kind = Kind::$handle;

            fn create(opts: Opts, buckets: &[f64]) -> prometheus::Result<Self::Metric> {
                let create: fn(Opts, &[f64]) -> prometheus::Result<Self::Metric> = $create;
                create(opts, buckets)
            }

            #[allow(private_interfaces, reason = "the trait is sealed")]
            fn over(series: Option<Series<Self::Metric>>) -> Self {
                Self(series)
            }
        }

        impl fmt::Debug for $handle {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let name = self.0.as_ref().map(|series| series.meta.name.as_str());
                f.debug_tuple(stringify!($handle)).field(&name).finish()
            }
        }
    )*};
}
instruments! {
    Counter over prometheus::Counter: |opts, _| prometheus::Counter::with_opts(opts);
    Gauge over prometheus::Gauge: |opts, _| prometheus::Gauge::with_opts(opts);
    Histogram over Observed: |opts, buckets| {
        let opts = prometheus::HistogramOpts::from(opts).buckets(buckets.to_vec());
        Ok(Observed {
            histogram: prometheus::Histogram::with_opts(opts)?,
            exemplars: Arc::new(Exemplars::new(buckets)),
        })
    };
}

#[cfg(test)]
mod tests {
    use super::super::Metrics;

    #[test]
    fn one_nan_does_not_poison_a_histogram() {
        let waits = Metrics::new().histogram("wait_seconds").handle();
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            waits.observe(bad);
        }
        waits.observe(0.5);
        assert_eq!((waits.count(), waits.sum()), (1, 0.5));
    }

    #[test]
    fn a_counter_never_falls() {
        let hits = Metrics::new().counter("hits_total").handle();
        hits.inc_by(2_u64);
        hits.inc_by(-1);
        hits.inc_by(f64::NAN);
        hits.inc_by(f64::INFINITY);
        assert_eq!(hits.get(), 2.0);
    }

    #[test]
    fn a_gauge_keeps_its_value_when_given_none() {
        let level = Metrics::new().gauge("level").handle();
        level.set(4);
        level.add(1.5);
        level.dec();
        level.set(f64::NAN);
        level.sub(f64::INFINITY);
        assert_eq!(level.get(), 4.5);
    }

    #[test]
    fn a_bucket_holds_its_own_bound_and_all_below() {
        let metrics = Metrics::new();
        let sizes = metrics.histogram("sizes").buckets([1.0, 2.0]).handle();
        for size in [1.0, 1.5, 2.0, 3.0] {
            sizes.observe(size);
        }
        let text = metrics.encode();
        for line in [
            "sizes_bucket{le=\"1\"} 1\n",
            "sizes_bucket{le=\"2\"} 3\n",
            "sizes_bucket{le=\"+Inf\"} 4\n",
            "sizes_sum 7.5\n",
            "sizes_count 4\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }

    #[test]
    fn a_timer_observes_once_unless_discarded() {
        let times = Metrics::new().histogram("seconds").handle();
        let told = times.start_timer().stop();
        drop(times.start_timer());
        times.start_timer().discard();
        assert_eq!(times.count(), 2);
        assert!(times.sum() >= told.as_secs_f64());
    }
}
