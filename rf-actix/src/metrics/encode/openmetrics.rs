//! OpenMetrics 1.0.
//!
//! See <https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md>.

use std::{borrow::Cow, fmt::Write as _, sync::Arc};

use prometheus::{
    Registry,
    proto::{self, LabelPair, MetricFamily, MetricType},
};

use super::text::drop_repeated_samples;
use crate::metrics::{
    exemplar::{Exemplar, Exemplars},
    trace::LABEL,
};

/// Units by the ends of names; a family with a unit must end in it.
const UNITS: [&str; 3] = ["seconds", "bytes", "ratio"];

/// All families of a registry; `exemplars` knows those of a histogram's series.
pub(in crate::metrics) fn openmetrics(
    registry: &Registry,
    exemplars: impl Fn(&str, &[LabelPair]) -> Option<Arc<Exemplars>>,
) -> String {
    let mut out = String::new();
    for mut family in registry.gather() {
        // Nothing of the crate makes this type, nor has it a value that is not deprecated.
        if family.get_field_type() == MetricType::UNTYPED {
            continue;
        }
        drop_repeated_samples(&mut family);
        announce(&mut out, &family);
        for metric in family.get_metric() {
            let known = || exemplars(family.name(), metric.get_label());
            samples(&mut out, &family, metric, known);
        }
    }
    out.push_str("# EOF\n");
    out
}

/// Writing to a string cannot fail.
macro_rules! put {
    ($out:expr, $($text:tt)*) => {
        let _ = write!($out, $($text)*);
    };
}

/// The name of a family; of a counter without the `_total` that its sample has.
fn base(family: &MetricFamily) -> &str {
    let name = family.name();
    match family.get_field_type() {
        MetricType::COUNTER => name.strip_suffix("_total").unwrap_or(name),
        _ => name,
    }
}

fn announce(out: &mut String, family: &MetricFamily) {
    let name = base(family);
    let kind = match family.get_field_type() {
        MetricType::COUNTER => "counter",
        MetricType::GAUGE => "gauge",
        MetricType::HISTOGRAM => "histogram",
        MetricType::SUMMARY => "summary",
        MetricType::UNTYPED => "unknown",
    };
    put!(out, "# TYPE {name} {kind}\n");
    let has = |unit: &&str| {
        name.strip_suffix(unit)
            .is_some_and(|rest| rest.ends_with('_'))
    };
    if let Some(unit) = UNITS.iter().find(|unit| has(unit)) {
        put!(out, "# UNIT {name} {unit}\n");
    }
    if !family.help().is_empty() {
        put!(out, "# HELP {name} {}\n", escape(family.help()));
    }
}

fn samples(
    out: &mut String,
    family: &MetricFamily,
    metric: &proto::Metric,
    exemplars: impl Fn() -> Option<Arc<Exemplars>>,
) {
    let (name, labels) = (base(family), metric.get_label());
    let mut plain = |suffix: &str, value: f64| {
        put!(
            out,
            "{name}{suffix}{} {}\n",
            set(labels, None),
            number(value)
        );
    };
    match family.get_field_type() {
        MetricType::COUNTER => plain("_total", metric.get_counter().get_value()),
        MetricType::GAUGE => plain("", metric.get_gauge().get_value()),
        MetricType::UNTYPED => {}
        MetricType::SUMMARY => {
            let summary = metric.get_summary();
            plain("_sum", summary.sample_sum());
            plain("_count", summary.sample_count() as f64);
            for quantile in summary.get_quantile() {
                let mark = ("quantile", float(quantile.quantile()));
                let set = set(labels, Some(mark));
                put!(out, "{name}{set} {}\n", number(quantile.value()));
            }
        }
        MetricType::HISTOGRAM => histogram(out, name, metric, exemplars()),
    }
}

fn histogram(
    out: &mut String,
    name: &str,
    metric: &proto::Metric,
    exemplars: Option<Arc<Exemplars>>,
) {
    let (histogram, labels) = (metric.get_histogram(), metric.get_label());
    let buckets = histogram.get_bucket();
    let finite = buckets
        .iter()
        .filter(|bucket| bucket.upper_bound().is_finite());
    let bounds = finite.map(|bucket| (float(bucket.upper_bound()), bucket.cumulative_count()));
    let all = ("+Inf".to_owned(), histogram.get_sample_count());
    for (number, (bound, count)) in bounds.chain([all]).enumerate() {
        put!(
            out,
            "{name}_bucket{} {count}",
            set(labels, Some(("le", bound)))
        );
        if let Some(exemplar) = exemplars.as_ref().and_then(|kept| kept.of(number)) {
            annotate(out, &exemplar);
        }
        out.push('\n');
    }
    // With values below 0 the sum is no counter, and without a sum there may be no count.
    let below_zero = buckets
        .first()
        .is_some_and(|lowest| lowest.upper_bound() < 0.0);
    if !below_zero && histogram.get_sample_sum() >= 0.0 {
        let set = set(labels, None);
        put!(
            out,
            "{name}_sum{set} {}\n",
            number(histogram.get_sample_sum())
        );
        put!(out, "{name}_count{set} {}\n", histogram.get_sample_count());
    }
}

fn annotate(out: &mut String, exemplar: &Exemplar) {
    let (trace, value) = (escape(exemplar.trace_id.as_str()), number(exemplar.value));
    put!(out, " # {{{LABEL}=\"{trace}\"}} {value} {:.3}", exemplar.at);
}

/// The labels in braces, with one more at the end; nothing when there are none.
fn set(labels: &[LabelPair], last: Option<(&str, String)>) -> String {
    let mut set = String::new();
    for pair in labels {
        put!(
            set,
            "{}{}=\"{}\"",
            comma(&set),
            pair.name(),
            escape(pair.value())
        );
    }
    if let Some((name, value)) = last {
        put!(set, "{}{name}=\"{value}\"", comma(&set));
    }
    if set.is_empty() {
        set
    } else {
        format!("{{{set}}}")
    }
}

fn comma(before: &str) -> &'static str {
    if before.is_empty() { "" } else { "," }
}

/// A bound or quantile, always with a point or exponent ("Canonical Numbers").
fn float(value: f64) -> String {
    format!("{value:?}")
}

fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else if value.fract() == 0.0 && value.abs() < 1e15 {
        format!("{value:.0}")
    } else {
        format!("{value:?}")
    }
}

/// Backslash, line feed and quote are escaped, in help too.
fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['\\', '\n', '"']) {
        return Cow::Borrowed(text);
    }
    let escaped = text.replace('\\', "\\\\").replace('\n', "\\n");
    Cow::Owned(escaped.replace('"', "\\\""))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use crate::metrics::Metrics;

    fn scrape(metrics: &Metrics) -> String {
        metrics.encode_openmetrics()
    }

    #[test]
    fn a_counter_is_announced_without_total_and_sampled_with_it() {
        let metrics = Metrics::new();
        metrics.counter("orders_total").help("Orders").inc();
        metrics.counter("plain").inc_by(2);
        let text = scrape(&metrics);
        assert!(
            text.contains("# TYPE orders counter\n# HELP orders Orders\norders_total 1\n"),
            "{text}"
        );
        assert!(
            text.contains("# TYPE plain counter\nplain_total 2\n"),
            "{text}"
        );
        assert!(text.ends_with("\n# EOF\n"), "{text}");
        assert_eq!(text.matches("# EOF").count(), 1);
    }

    #[test]
    fn units_are_told_where_the_name_has_one() {
        let text = scrape(&Metrics::new());
        assert!(
            text.contains(
                "# TYPE process_cpu_seconds counter\n# UNIT process_cpu_seconds seconds\n"
            ),
            "{text}"
        );
        assert!(
            text.contains("# UNIT process_resident_memory_bytes bytes\n"),
            "{text}"
        );
    }

    #[test]
    fn bounds_have_a_point_and_the_trace_is_with_its_bucket() {
        let metrics = Metrics::new();
        let waits = metrics
            .histogram("wait_seconds")
            .buckets([1.0, 2.5])
            .handle();
        waits.observe(0.5);
        waits.observe_traced(2, "a\"trace");
        let text = scrape(&metrics);
        assert!(
            text.contains("wait_seconds_bucket{le=\"1.0\"} 1\n"),
            "{text}"
        );
        assert!(
            text.contains("wait_seconds_bucket{le=\"2.5\"} 2 # {trace_id=\"a\\\"trace\"} 2 1"),
            "{text}"
        );
        assert!(
            text.contains("wait_seconds_bucket{le=\"+Inf\"} 2\n"),
            "{text}"
        );
        assert!(
            text.contains("wait_seconds_sum 2.5\nwait_seconds_count 2\n"),
            "{text}"
        );
    }

    #[test]
    fn the_trace_of_the_builder_is_on_every_histogram() {
        let metrics = Metrics::builder()
            .trace_id(|| Some("0af7651916cd43dd8448eb211c80319c".into()))
            .build()
            .unwrap();
        let labelled = metrics.histogram("size_bytes").buckets([10.0]);
        labelled.with_label("kind", "a").observe(3);
        let text = scrape(&metrics);
        let line = "size_bytes_bucket{kind=\"a\",le=\"10.0\"} 1 # {trace_id=\"0af7651916cd43dd8448eb211c80319c\"} 3 ";
        assert!(text.contains(line), "{text}");
        assert!(!metrics.encode().contains("0af7651916cd43dd"));
    }

    #[test]
    fn help_and_values_are_escaped_with_their_quotes() {
        let metrics = Metrics::new();
        metrics
            .gauge("odd")
            .help("a \\ and\na \"line\"")
            .with_label("path", "C:\\dir\n\"quoted\" é")
            .set(1);
        let text = scrape(&metrics);
        assert!(
            text.contains("# HELP odd a \\\\ and\\na \\\"line\\\"\n"),
            "{text}"
        );
        assert!(
            text.contains("odd{path=\"C:\\\\dir\\n\\\"quoted\\\" é\"} 1\n"),
            "{text}"
        );
    }

    #[test]
    fn a_histogram_with_values_below_zero_has_no_sum() {
        let metrics = Metrics::new();
        let change = metrics.histogram("change").buckets([-1.0, 0.0, 1.0]);
        change.observe(-2);
        let text = scrape(&metrics);
        assert!(text.contains("change_bucket{le=\"-1.0\"} 1\n"), "{text}");
        assert!(
            !text.contains("change_sum") && !text.contains("change_count"),
            "{text}"
        );
    }
}
