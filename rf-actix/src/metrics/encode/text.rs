//! The text exposition format, 0.0.4.
//!
//! See <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::panic::{AssertUnwindSafe, catch_unwind};

use prometheus::{Registry, TextEncoder, proto::MetricFamily};

/// All families of a registry. One that cannot be written is left out, and logged.
pub(in crate::metrics) fn text(registry: &Registry) -> String {
    let mut out = String::new();
    for mut family in registry.gather() {
        drop_repeated_samples(&mut family);
        // The encoder of the crate panics on types it does not know.
        match catch_unwind(AssertUnwindSafe(|| encode(&family))) {
            Ok(Ok(text)) => out.push_str(&text),
            Ok(Err(refused)) => {
                log::error!(target: "rf::metrics", "{} is left out of the scrape: {refused}", family.name());
            }
            Err(_) => {
                log::error!(target: "rf::metrics", "{} is left out of the scrape: its type has no text form", family.name());
            }
        }
    }
    out
}

fn encode(family: &MetricFamily) -> prometheus::Result<String> {
    TextEncoder::new().encode_to_string(std::slice::from_ref(family))
}

/// `gather` has sorted the samples by their label values, so equal ones are neighbours. A scrape with the same
/// sample twice is refused as a whole by Prometheus.
pub(super) fn drop_repeated_samples(family: &mut MetricFamily) {
    let mut samples = family.take_metric();
    samples.dedup_by(|one, other| one.get_label() == other.get_label());
    family.set_metric(samples);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use prometheus::{
        Opts,
        core::{Collector, Desc, Describer},
        proto::MetricFamily,
    };

    use crate::metrics::Metrics;

    /// One that gives each of its samples twice, and its family too.
    struct Twice(Desc, prometheus::IntGaugeVec);

    impl Collector for Twice {
        fn desc(&self) -> Vec<&Desc> {
            vec![&self.0]
        }

        fn collect(&self) -> Vec<MetricFamily> {
            let once = self.1.collect();
            [once.clone(), once].concat()
        }
    }

    #[test]
    fn a_collector_that_repeats_itself_is_served_once() {
        let opts = Opts::new("level", "Level").variable_label("zone");
        let gauge = prometheus::IntGaugeVec::new(opts.clone(), &["zone"]).unwrap();
        gauge.with_label_values(&["a"]).set(1);
        gauge.with_label_values(&["b"]).set(2);
        let metrics = Metrics::new();
        let twice = Twice(opts.describe().unwrap(), gauge);
        metrics.register(twice).unwrap();
        for text in [metrics.encode(), metrics.encode_openmetrics()] {
            assert_eq!(text.matches("# TYPE level gauge\n").count(), 1, "{text}");
            for sample in ["\nlevel{zone=\"a\"} 1\n", "\nlevel{zone=\"b\"} 2\n"] {
                assert_eq!(text.matches(sample).count(), 1, "{sample} in {text}");
            }
        }
    }

    #[test]
    fn help_and_label_values_are_escaped() {
        let metrics = Metrics::new();
        metrics
            .counter("odd_total")
            .help("a \\ and\na line")
            .with_label("path", "C:\\dir\n\"quoted\" é")
            .inc();
        let text = metrics.encode();
        assert!(
            text.contains("# HELP odd_total a \\\\ and\\na line\n"),
            "{text}"
        );
        assert!(
            text.contains("odd_total{path=\"C:\\\\dir\\n\\\"quoted\\\" é\"} 1\n"),
            "{text}"
        );
    }

    #[test]
    fn a_family_is_announced_once_and_ends_in_a_line_feed() {
        let metrics = Metrics::new();
        for zone in ["a", "b", "c"] {
            metrics
                .gauge("level")
                .help("Level")
                .with_label("zone", zone)
                .set(1);
        }
        let text = metrics.encode();
        assert_eq!(text.matches("# TYPE level gauge\n").count(), 1, "{text}");
        assert_eq!(text.matches("# HELP level Level\n").count(), 1, "{text}");
        assert!(text.ends_with('\n'));
    }
}
