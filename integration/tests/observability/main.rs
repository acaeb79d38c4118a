//! The order service as an operator meets it: a process, its scrape, its logs, and what Prometheus and Grafana are given.
#![allow(clippy::unwrap_used, reason = "tests")]

mod app;
mod brought;
mod shipped;

use app::App;
use serde_json::{Value, json};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[tokio::test]
async fn an_order_is_counted_audited_and_traced() {
    let app = App::start();
    let client = reqwest::Client::new();
    let order = |pieces: i32| {
        let order = json!({ "article": "tea", "pieces": pieces });
        client
            .post(app.shop("/orders"))
            .header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"))
            .json(&order)
            .send()
    };
    let taken = order(3).await.unwrap();
    assert_eq!(taken.status(), 201);
    let id = taken.json::<Value>().await.unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let refused = order(0).await.unwrap();
    assert_eq!(refused.status(), 422);
    let read = client.get(app.shop(&format!("/orders/{id}"))).send();
    let read: Value = read.await.unwrap().json().await.unwrap();
    assert_eq!(read, json!({ "article": "tea", "pieces": 3 }));
    let report = client.get(app.shop("/report")).send().await.unwrap();
    assert_eq!(
        report.json::<Value>().await.unwrap(),
        json!({ "orders": 1, "pieces": 3 })
    );

    let text = app.scrape("application/openmetrics-text").await;
    for line in [
        "shop_orders_total 1\n",
        "shop_orders_refused_total{reason=\"pieces\"} 1\n",
        "shop_order_pieces_bucket{le=\"5.0\"} 1 # {trace_id=\"0af7651916cd43dd8448eb211c80319c\"} 3 ",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let dir = app.stop();
    let lines = |name: &str| -> Vec<Value> {
        let text = std::fs::read_to_string(dir.path().join("var").join(name)).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    };
    let audit = lines("audit.log");
    assert_eq!(audit.len(), 1, "{audit:?}");
    assert_eq!(audit[0]["order"], id);
    assert_eq!(audit[0]["trace_id"], TRACE);
    let timed = lines("app.log");
    assert!(
        timed
            .iter()
            .any(|line| line.to_string().contains("report") && line["level"].as_str().is_some()),
        "{timed:?}"
    );
}

#[tokio::test]
async fn customers_do_not_reach_the_scrape_and_strangers_do_not_read_it() {
    let app = App::start();
    let get = async |url: String| reqwest::get(url).await.unwrap().status();
    assert_eq!(get(app.shop("/metrics")).await, 404);
    assert_eq!(get(app.scraped("/metrics")).await, 401);
    assert_eq!(get(app.scraped("/orders")).await, 404);
    assert_eq!(get(app.scraped("/health/ready")).await, 200);
}
