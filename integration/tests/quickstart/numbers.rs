//! What an operator sees: metrics, health, access lines.

use super::app::{App, client};
use std::collections::HashSet;

pub(crate) async fn metrics(app: &App) -> String {
    let answer = client().get(app.url("/metrics")).send().await.unwrap();
    assert!(
        answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain; version=0.0.4")
    );
    answer.text().await.unwrap()
}

pub(crate) fn value(metrics: &str, family: &str, labels: &[&str]) -> f64 {
    metrics
        .lines()
        .filter(|line| {
            line.starts_with(&format!("{family}{{"))
                && labels.iter().all(|label| line.contains(label))
        })
        .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
        .sum()
}

#[tokio::test]
async fn requests_tokens_and_files_are_counted() {
    let app = App::start();
    let token = app.service_token("files:read files:write").await;
    for body in ["one", "three"] {
        client()
            .put(app.url("/api/files/counted"))
            .bearer_auth(&token)
            .body(body)
            .send()
            .await
            .unwrap();
    }
    let missing = client().get(app.url("/api/files/missing"));
    let missing = missing.bearer_auth(&token).send().await.unwrap();
    assert_eq!(missing.status(), 404);
    client().get(app.url("/api/files")).send().await.unwrap();
    let text = metrics(&app).await;
    let drive = |family: &str, labels: &[&str]| {
        let labels: Vec<&str> = ["disk=\"drive\""].iter().chain(labels).copied().collect();
        value(&text, family, &labels)
    };
    let write = "operation=\"write\"";
    assert_eq!(drive("storage_bytes_total", &[write]), 8.0, "{text}");
    assert_eq!(
        drive("storage_operation_duration_seconds_count", &[write]),
        2.0
    );
    assert!(
        drive("storage_operations_total", &["outcome=\"not_found\""]) >= 1.0,
        "{text}"
    );
    let requests = "http_requests_total";
    assert_eq!(
        value(&text, requests, &["method=\"PUT\"", "status=\"201\""]),
        1.0,
        "{text}"
    );
    assert_eq!(
        value(&text, requests, &["method=\"PUT\"", "status=\"200\""]),
        1.0
    );
    assert_eq!(
        value(
            &text,
            requests,
            &["endpoint=\"/api/files\"", "status=\"401\""]
        ),
        1.0
    );
    assert_eq!(
        value(
            &text,
            "http_requests_duration_seconds_count",
            &["method=\"PUT\""]
        ),
        2.0
    );
    assert_eq!(
        value(
            &text,
            "oauth2_tokens_issued_total",
            &["grant=\"client_credentials\""]
        ),
        1.0
    );
    assert_eq!(
        value(
            &text,
            "storage_operations_total",
            &["disk=\"drive\"", "outcome=\"ok\"", "operation=\"write\""]
        ),
        2.0
    );
}

#[tokio::test]
async fn a_request_for_nothing_is_not_counted_as_one_for_a_link() {
    let app = App::start();
    for path in ["/files/a", "/files/b?expires=1", "/nowhere"] {
        client().get(app.url(path)).send().await.unwrap();
    }
    let text = metrics(&app).await;
    let count = |endpoint: &str, status: &str| {
        let endpoint = format!("endpoint=\"{endpoint}\"");
        let status = format!("status=\"{status}\"");
        value(&text, "http_requests_total", &[&endpoint, &status])
    };
    assert_eq!(count("/files/{key:.*}", "403"), 2.0, "{text}");
    assert_eq!(count("unmatched", "404"), 1.0, "{text}");
}

#[tokio::test]
async fn every_request_has_one_access_line_under_its_id() {
    let app = App::start();
    let http = client();
    let mut sent = HashSet::new();
    for number in 0..20 {
        let id = format!("id-{number}");
        let path = if number % 2 == 0 {
            "/health/live"
        } else {
            "/nowhere"
        };
        let answer = http
            .get(app.url(path))
            .header("x-request-id", &id)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers()["x-request-id"], id.as_str());
        sent.insert(id);
    }
    let app = {
        let mut app = app;
        app.signal(rustix::process::Signal::TERM);
        assert_eq!(app.wait().code(), Some(0));
        app
    };
    let lines: Vec<String> = app
        .log()
        .iter()
        .filter(|line| line.get("route").is_some() || line.get("path").is_some())
        .filter_map(|line| Some(line["request_id"].as_str()?.to_owned()))
        .filter(|id| id.starts_with("id-"))
        .collect();
    assert_eq!(lines.len(), sent.len(), "one line each");
    assert_eq!(lines.into_iter().collect::<HashSet<_>>(), sent);
}

#[tokio::test]
async fn ready_names_its_checks() {
    let app = App::start();
    let live = client().get(app.url("/health/live")).send().await.unwrap();
    assert_eq!(live.status(), 200);
    let ready = client().get(app.url("/health/ready")).send().await.unwrap();
    assert_eq!(ready.status(), 200);
    let ready = super::app::json(ready).await;
    for check in ["database", "disk drive", "keys", "log"] {
        assert_eq!(ready["checks"][check]["status"], "ok", "{check} in {ready}");
    }
    let text = metrics(&app).await;
    for check in ["database", "disk drive", "keys", "log"] {
        let label = format!("check=\"{check}\"");
        assert_eq!(value(&text, "health_check_up", &[&label]), 1.0, "{text}");
    }
}

/// A family without labels.
fn alone(metrics: &str, family: &str) -> f64 {
    let samples = metrics.lines().filter_map(|line| line.strip_prefix(family));
    let values: Vec<f64> = samples
        .filter_map(|value| value.trim().parse().ok())
        .collect();
    assert_eq!(values.len(), 1, "{family} in {metrics}");
    values[0]
}

#[tokio::test]
async fn log_records_are_counted_and_a_full_disk_of_one_output_is_degraded_and_no_more() {
    let outputs = "[{ file = \"app.log\", format = \"json\" }, { file = \"/dev/full\" }]";
    let app = App::start_with(&[("RF_LOGGING__OUTPUTS", outputs)]);
    let before = metrics(&app).await;
    for _ in 0..10 {
        client().get(app.url("/health/live")).send().await.unwrap();
    }
    // Each is an access line.
    let records = "log_records_total";
    let info = |text: &str| value(text, records, &["level=\"INFO\""]);
    let after = metrics(&app).await;
    assert!(info(&after) >= info(&before) + 10.0, "{after}");
    assert_eq!(value(&after, records, &["level=\"ERROR\""]), 0.0, "{after}");
    assert_eq!(after.matches("\nlog_records_total{").count(), 5, "{after}");

    assert!(alone(&after, "log_sink_errors_total ") >= 1.0, "{after}");
    assert_eq!(
        alone(&after, "log_records_dropped_total "),
        0.0,
        "they are kept"
    );
    let ready = client().get(app.url("/health/ready")).send().await.unwrap();
    assert_eq!(ready.status(), 200);
    let ready = super::app::json(ready).await;
    assert_eq!(ready["status"], "degraded", "{ready}");
    let log = &ready["checks"]["log"];
    assert_eq!(log["message"], "1 of 2 outputs refuse lines", "{ready}");
    assert!(app.log().len() >= 10, "the other output has its lines");
}

#[tokio::test]
async fn the_access_line_of_a_refusal_says_why() {
    let mut app = App::start();
    let refused = client().get(app.url("/api/me")).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    app.signal(rustix::process::Signal::TERM);
    assert_eq!(app.wait().code(), Some(0));
    let lines = app.log();
    let line = lines.iter().find(|line| line["path"] == "/api/me").unwrap();
    assert_eq!(line["error"], "no access token was sent", "{line}");
}
