//! A fence round each collector: one that panics takes nothing else of the scrape with it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, Ordering},
};

use prometheus::{
    core::{Collector, Desc},
    proto::MetricFamily,
};

pub(super) struct Isolated<C> {
    inner: C,
    told: AtomicBool,
}

impl<C: Collector> Isolated<C> {
    pub(super) fn new(inner: C) -> Self {
        Self {
            inner,
            told: AtomicBool::new(false),
        }
    }
}

impl<C: Collector> Collector for Isolated<C> {
    fn desc(&self) -> Vec<&Desc> {
        self.inner.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let described =
            |family: &MetricFamily| self.desc().iter().any(|desc| desc.fq_name == family.name());
        // Nothing of ours is left half changed by a panic in there: it only reads.
        match catch_unwind(AssertUnwindSafe(|| self.inner.collect())) {
            // A family that was not announced could be one of another collector.
            Ok(families) => families.into_iter().filter(described).collect(),
            Err(_) => {
                if !self.told.swap(true, Ordering::Relaxed) {
                    let name = self.desc().first().map_or("", |desc| desc.fq_name.as_str());
                    log::error!(target: "rf::metrics", "the collector of {name} panicked, its families are left out (said once)");
                }
                Vec::new()
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::{Error, Metrics};
    use super::*;
    use prometheus::{Opts, core::Describer};

    struct Broken(Desc);

    impl Broken {
        fn new(name: &str) -> Self {
            Self(Opts::new(name, "help").describe().unwrap())
        }
    }

    impl Collector for Broken {
        fn desc(&self) -> Vec<&Desc> {
            vec![&self.0]
        }

        fn collect(&self) -> Vec<MetricFamily> {
            panic!("broken on purpose")
        }
    }

    #[test]
    fn a_panicking_collector_does_not_spoil_the_scrape() {
        let metrics = Metrics::new();
        metrics.counter("aaa_total").inc();
        metrics.register(Broken::new("bbb")).unwrap();
        metrics.counter("ccc_total").inc();
        for _ in 0..2 {
            let text = metrics.encode();
            assert!(
                text.contains("aaa_total 1\n") && text.contains("ccc_total 1\n"),
                "{text}"
            );
            assert!(!text.contains("bbb"), "{text}");
        }
    }

    #[test]
    fn a_collector_cannot_take_a_name_in_use() {
        let metrics = Metrics::new();
        metrics.counter("hits_total").inc();
        for name in [
            "hits_total",
            "http_requests_total",
            "process_threads",
            "http_requests_duration_seconds_sum",
        ] {
            let refused = metrics.register(Broken::new(name));
            assert!(matches!(refused, Err(Error::Taken { .. })), "{name}");
        }
    }
}
