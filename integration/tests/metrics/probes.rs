//! `/health/live` and `/health/ready`.

use rf::metrics::Metrics;
use serde_json::{Value, json};

use crate::server::Server;

fn parse(answer: &str) -> (u16, Value) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    assert!(
        head.contains("content-type: application/json") && head.contains("cache-control: no-store"),
        "{head}"
    );
    (status, serde_json::from_str(body).unwrap())
}

#[actix_web::test]
async fn ready_shows_every_check_and_fails_with_the_first_that_fails() {
    let server = Server::start(Metrics::new(), |_| {});
    assert_eq!(
        parse(&server.get("/health/ready").await),
        (200, json!({ "status": "ok", "checks": {} }))
    );

    server
        .metrics
        .health()
        .check("database", || async { Ok::<_, String>(()) });
    let fine = json!({ "status": "ok", "checks": { "database": { "status": "ok" } } });
    assert_eq!(parse(&server.get("/health/ready").await), (200, fine));

    server
        .metrics
        .health()
        .check("disk", || async { Err("read-only") });
    let broken = json!({ "status": "failed", "checks": {
        "database": { "status": "ok" },
        "disk": { "status": "failed", "message": "read-only" },
    } });
    assert_eq!(parse(&server.get("/health/ready").await), (503, broken));
    assert_eq!(
        parse(&server.get("/health/live").await),
        (200, json!({ "status": "ok" }))
    );
    server.stop().await;
}

#[actix_web::test]
async fn while_draining_ready_is_503_at_once_and_live_stays_200() {
    let server = Server::start(Metrics::new(), |_| {});
    assert_eq!(parse(&server.get("/health/ready").await).0, 200);
    server.metrics.health().drain();
    assert_eq!(
        parse(&server.get("/health/ready").await),
        (503, json!({ "status": "draining", "checks": {} }))
    );
    assert_eq!(parse(&server.get("/health/live").await).0, 200);
    server.stop().await;
}

#[actix_web::test]
async fn a_scrape_asks_the_checks_so_that_their_gauges_are_of_now() {
    let server = Server::start(Metrics::new(), |_| {});
    server
        .metrics
        .health()
        .check("disk", || async { Err("gone") });
    assert!(
        server
            .get("/metrics")
            .await
            .contains("health_check_up{check=\"disk\"} 0\n")
    );
    server.stop().await;
}
