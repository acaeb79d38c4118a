//! What is said in the log, and how often.

use std::{
    cell::OnceCell,
    sync::{Mutex, Once},
};

use actix_web::{
    App,
    test::{TestRequest, call_service, init_service},
    web,
};
use rf::metrics::Metrics;

use crate::server::{sample, sum};

struct Notices(Mutex<Vec<String>>);

static NOTICES: Notices = Notices(Mutex::new(Vec::new()));
static INSTALL: Once = Once::new();

thread_local! {
    /// Set by the test of a log that counts, for its own thread.
    static COUNTED: OnceCell<Metrics> = const { OnceCell::new() };
}

impl log::Log for Notices {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            // A log that counts its own lines, where these may be about this very family.
            COUNTED.with(|counted| {
                if let Some(metrics) = counted.get() {
                    metrics
                        .counter("lines_total")
                        .with_label("line", record.args())
                        .inc();
                }
            });
            let line = format!("{} {} {}", record.level(), record.target(), record.args());
            self.0.lock().unwrap().push(line);
        }
    }

    fn flush(&self) {}
}

fn listen() {
    INSTALL.call_once(|| {
        log::set_logger(&NOTICES).unwrap();
        log::set_max_level(log::LevelFilter::Warn);
    });
}

/// The log is shared by all tests: each looks for a word of its own.
fn notices(word: &str) -> Vec<String> {
    let all = NOTICES.0.lock().unwrap();
    all.iter()
        .filter(|line| line.contains(word))
        .cloned()
        .collect()
}

#[test]
fn a_refused_name_is_logged_once() {
    listen();
    let metrics = Metrics::new();
    for _ in 0..3 {
        metrics.counter("refused name").inc();
    }
    let said = notices("refused name");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("ERROR rf::metrics metric name \"refused name\" is not valid"),
        "{said:?}"
    );
}

#[test]
fn a_full_family_is_logged_once() {
    listen();
    let metrics = Metrics::builder().max_series(2).build().unwrap();
    for number in 0..20 {
        metrics
            .counter("crowded_total")
            .with_label("n", number)
            .inc();
    }
    let said = notices("crowded_total");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("WARN rf::metrics crowded_total: more than 2 series"),
        "{said:?}"
    );
}

#[actix_web::test]
async fn too_many_routes_are_one_series_a_status_and_one_line() {
    listen();
    let metrics = Metrics::builder()
        .namespace("manyroutes")
        .max_series(3)
        .build()
        .unwrap();
    let ok = || async { "" };
    let app = App::new().wrap(metrics.middleware()).configure(|cfg| {
        for number in 0..20 {
            cfg.route(&format!("/route-{number}/{{id}}"), web::get().to(ok));
        }
    });
    let app = init_service(app).await;
    for _ in 0..2 {
        for number in 0..20 {
            let uri = format!("/route-{number}/7");
            drop(call_service(&app, TestRequest::get().uri(&uri).to_request()).await);
        }
    }
    let text = metrics.encode();
    for family in [
        "manyroutes_http_requests_total",
        "manyroutes_http_requests_duration_seconds_count",
    ] {
        let labels = "endpoint=\"overflow\",method=\"overflow\",status=\"200\"";
        assert_eq!(
            sample(&text, &format!("{family}{{{labels}}}")),
            Some(34.0),
            "{text}"
        );
        assert_eq!(text.matches(&format!("\n{family}{{")).count(), 4, "{text}");
        assert_eq!(sum(&text, family, &[]), 40.0, "{text}");
    }
    let said = notices("manyroutes_http_requests_total");
    let wanted = "WARN rf::metrics manyroutes_http_requests_total: more than 3 series, further endpoints and methods are counted as \"overflow\"";
    assert_eq!(said, [wanted]);
}

#[test]
fn a_log_that_counts_its_lines_may_be_told_that_its_family_is_full() {
    listen();
    let metrics = Metrics::builder().max_series(1).build().unwrap();
    COUNTED.with(|counted| counted.set(metrics.clone()).unwrap());
    metrics
        .counter("lines_total")
        .with_label("line", "first")
        .inc();
    metrics
        .counter("lines_total")
        .with_label("line", "second")
        .inc();
    assert_eq!(notices("lines_total").len(), 1);
    metrics.counter("refused, and counted").inc();
    assert_eq!(notices("refused, and counted").len(), 1);
}

#[test]
fn a_refused_value_is_logged_once() {
    listen();
    let poisoned = Metrics::new().histogram("poisoned_seconds").handle();
    poisoned.observe(f64::NAN);
    poisoned.observe(f64::INFINITY);
    assert_eq!(notices("poisoned_seconds").len(), 1);
}

#[actix_web::test]
async fn a_missing_handle_is_named_with_what_to_add() {
    listen();
    let app = init_service(App::new().configure(rf::metrics)).await;
    drop(call_service(&app, TestRequest::get().uri("/metrics").to_request()).await);
    let said = notices("handle");
    assert!(said.contains(&"ERROR rf::metrics /metrics needs the `Metrics` handle, add `.configure(metrics.state())` to the app".to_owned()), "{said:?}");
}

#[actix_web::test]
async fn a_pattern_with_a_regular_expression_is_nothing_to_warn_of() {
    listen();
    let metrics = Metrics::new();
    let app = init_service(
        App::new()
            .wrap(metrics.middleware())
            .route("/quiet/{tail:.*}", web::get().to(|| async { "" })),
    )
    .await;
    drop(call_service(&app, TestRequest::get().uri("/quiet/a/b").to_request()).await);
    assert!(metrics.encode().contains("endpoint=\"/quiet/{tail:.*}\""));
    assert_eq!(notices("quiet"), [""; 0]);
}
