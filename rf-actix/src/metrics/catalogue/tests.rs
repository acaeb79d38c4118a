//! One name means one thing.

use super::super::{Error, Metrics};

#[test]
fn a_reused_name_of_another_type_is_an_error_and_counts_nothing() {
    let metrics = Metrics::new();
    metrics.counter("jobs").inc();
    let refused = metrics.gauge("jobs").try_handle().unwrap_err();
    assert!(matches!(refused, Error::Kind { .. }));
    assert_eq!(
        refused.to_string(),
        "metric jobs is already a counter, choose another name for this gauge"
    );
    metrics.gauge("jobs").set(7);
    metrics.histogram("jobs").observe(7);
    assert!(metrics.encode().contains("# TYPE jobs counter\njobs 1\n"));
}

#[test]
fn the_order_of_labels_does_not_matter_but_their_set_does() {
    let metrics = Metrics::new();
    metrics
        .counter("ops_total")
        .with_label("disk", "a")
        .with_label("op", "get")
        .inc();
    metrics
        .counter("ops_total")
        .with_label("op", "get")
        .with_label("disk", "a")
        .inc();
    let bound = metrics
        .counter("ops_total")
        .with_label("op", "get")
        .labels(["disk"])
        .unwrap();
    bound.bind(["a"]).inc();
    assert!(
        metrics
            .encode()
            .contains("ops_total{disk=\"a\",op=\"get\"} 3\n")
    );
    for draft in [
        metrics.counter("ops_total"),
        metrics.counter("ops_total").with_label("disk", "a"),
    ] {
        assert!(matches!(draft.try_handle(), Err(Error::Labels { .. })));
    }
    let repeated = metrics
        .counter("ops_total")
        .with_label("op", "a")
        .with_label("op", "b");
    assert!(repeated.try_handle().is_err());
}

#[test]
fn the_series_of_a_histogram_cannot_be_families_of_their_own() {
    let metrics = Metrics::new();
    metrics.histogram("wait").observe(1);
    metrics.counter("size_sum").inc();
    for name in [
        "wait_bucket",
        "wait_sum",
        "wait_count",
        "http_requests_duration_seconds_count",
    ] {
        assert!(
            matches!(metrics.counter(name).try_handle(), Err(Error::Taken { .. })),
            "{name}"
        );
    }
    assert!(matches!(
        metrics.histogram("size").try_handle(),
        Err(Error::Taken { .. })
    ));
}

#[test]
fn a_collector_from_outside_may_be_a_counter_and_has_that_family_alone() {
    let counter = |name| prometheus::IntCounter::new(name, "From outside").unwrap();
    let metrics = Metrics::new();
    metrics.gauge("jobs").set(1);
    metrics.register(counter("mails_total")).unwrap();
    let refused = metrics.register(counter("jobs_total"));
    assert!(
        matches!(&refused, Err(Error::Taken { taken, .. }) if taken == "jobs"),
        "{refused:?}"
    );
    let refused = metrics.gauge("mails").try_handle().map(drop);
    assert!(
        matches!(&refused, Err(Error::Taken { taken, .. }) if taken == "mails_total"),
        "{refused:?}"
    );
}

#[test]
fn a_histogram_has_the_same_buckets_everywhere() {
    let metrics = Metrics::new();
    metrics.histogram("size").buckets([1.0, 2.0]).observe(1);
    metrics.histogram("size").observe(1);
    let other = metrics.histogram("size").buckets([1.0, 3.0]);
    assert!(matches!(other.try_handle(), Err(Error::Buckets { .. })));
}

#[test]
fn bad_names_never_panic_and_are_never_served() {
    let metrics = Metrics::new();
    metrics.counter("no spaces").inc();
    metrics.gauge("").set(1);
    metrics.histogram("fine").with_label("le", "1").observe(1);
    metrics
        .counter("also_fine")
        .with_label("a-b", "1")
        .inc_by(2);
    assert!(metrics.counter("x").labels(["a", "a"]).is_err());
    let text = metrics.encode();
    assert!(!text.contains("spaces") && !text.contains("fine"), "{text}");
}

#[test]
fn a_namespace_and_constant_labels_are_on_every_family_of_the_app() {
    let metrics = Metrics::builder()
        .namespace("shop")
        .const_label("zone", "eu")
        .build()
        .unwrap();
    metrics
        .counter("orders_total")
        .with_label("kind", "new")
        .inc();
    metrics.gauge_fn("queue", "Queue", || 2);
    let text = metrics.encode();
    assert!(
        text.contains("shop_orders_total{kind=\"new\",zone=\"eu\"} 1\n"),
        "{text}"
    );
    assert!(text.contains("shop_queue{zone=\"eu\"} 2\n"), "{text}");
    assert!(text.contains("\nprocess_threads "), "{text}");
    assert!(
        metrics
            .counter("x")
            .with_label("zone", "us")
            .try_handle()
            .is_err()
    );
}

#[test]
fn the_first_help_that_is_given_is_kept() {
    let metrics = Metrics::new();
    metrics.counter("hits_total").inc();
    metrics.counter("hits_total").help("Hits").inc();
    metrics.counter("hits_total").help("Other").inc();
    assert!(metrics.encode().contains("# HELP hits_total Hits\n"));
}

#[test]
fn many_threads_count_on_one_series() {
    let metrics = Metrics::new();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                (0..1000).for_each(|_| metrics.counter("hits_total").with_label("a", 1).inc())
            });
        }
    });
    assert!(metrics.encode().contains("hits_total{a=\"1\"} 8000\n"));
}
