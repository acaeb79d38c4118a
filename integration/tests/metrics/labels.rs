//! The endpoint is the pattern of the route, and there are only so many of them.

use actix_web::{
    App, guard,
    test::{TestRequest, call_service, init_service},
    web::{self, ServiceConfig},
};
use rf::metrics::{Metrics, MetricsMiddleware};

use crate::server::{sample, sum};

fn routes(cfg: &mut ServiceConfig) {
    let ok = || async { "" };
    cfg.service(web::scope("/shops/{shop}").configure(move |cfg| {
        cfg.service(web::scope("/orders").service(web::resource("/{id:\\d+}").to(ok)));
    }))
    .service(web::resource("/files/{tail:.*}").to(ok))
    .service(web::resource("/odd/{id:[a-z]?x}").to(ok))
    .service(
        web::resource("/same/{one}")
            .guard(guard::Header("x-one", "1"))
            .to(ok),
    )
    .service(web::resource("/same/{two}").to(ok))
    .service(web::resource(["/first", "/second"]).to(ok))
    .service(web::scope("/empty").default_service(web::to(actix_web::HttpResponse::NotFound)));
}

async fn endpoint_of(path: &str, header: Option<(&'static str, &'static str)>) -> String {
    let metrics = Metrics::new();
    let app = init_service(App::new().wrap(metrics.middleware()).configure(routes)).await;
    let mut request = TestRequest::get().uri(path);
    if let Some(header) = header {
        request = request.insert_header(header);
    }
    drop(call_service(&app, request.to_request()).await);
    let text = metrics.encode();
    let series: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("http_requests_total{"))
        .collect();
    assert_eq!(series.len(), 1, "{text}");
    series[0].split('"').nth(1).unwrap().to_owned()
}

#[actix_web::test]
async fn the_endpoint_is_the_pattern_of_the_route_that_answered() {
    for (path, endpoint) in [
        ("/shops/oslo/orders/17", "/shops/{shop}/orders/{id:\\\\d+}"),
        ("/files/a/b/c.txt", "/files/{tail:.*}"),
        ("/same/thing", "/same/{two}"),
        ("/first", "/first"),
        ("/shops/oslo/orders/none", "unmatched"),
        ("/empty/any", "unmatched"),
        ("/", "unmatched"),
        ("/odd/ax", "/odd/{id:[a-z]%3Fx}"),
    ] {
        assert_eq!(endpoint_of(path, None).await, endpoint, "{path}");
    }
    assert_eq!(
        endpoint_of("/same/thing", Some(("x-one", "1"))).await,
        "/same/{one}"
    );
}

#[actix_web::test]
async fn a_hundred_thousand_random_paths_are_one_series() {
    let metrics = Metrics::new();
    let app = init_service(App::new().wrap(metrics.middleware()).configure(routes)).await;
    for number in 0..100_000 {
        let path = format!("/wp-{number:x}/{}", number * 7);
        drop(call_service(&app, TestRequest::get().uri(&path).to_request()).await);
    }
    let text = metrics.encode();
    assert_eq!(text.matches("\nhttp_requests_total{").count(), 1);
    assert_eq!(sum(&text, "http_requests_total", &["unmatched"]), 100_000.0);
}

#[actix_web::test]
async fn wrapped_twice_the_outer_one_counts() {
    let metrics = Metrics::new();
    let inner = web::scope("/in")
        .wrap(MetricsMiddleware::new(metrics.clone()))
        .route("/side", web::get().to(|| async { "" }));
    let app = init_service(
        App::new()
            .wrap(MetricsMiddleware::new(metrics.clone()))
            .service(inner),
    )
    .await;
    drop(call_service(&app, TestRequest::get().uri("/in/side").to_request()).await);
    assert_eq!(sum(&metrics.encode(), "http_requests_total", &[]), 1.0);
    assert_eq!(
        sample(&metrics.encode(), "http_requests_in_flight"),
        Some(0.0)
    );
}

#[actix_web::test]
async fn a_namespace_and_constant_labels_are_on_the_http_families_too() {
    let metrics = Metrics::builder()
        .namespace("shop")
        .const_label("zone", "eu")
        .buckets([0.5, 1.0])
        .build()
        .unwrap();
    let app = init_service(App::new().wrap(metrics.middleware()).configure(routes)).await;
    drop(call_service(&app, TestRequest::get().uri("/first").to_request()).await);
    let text = metrics.encode();
    let labels = "{endpoint=\"/first\",method=\"GET\",status=\"200\",zone=\"eu\"";
    assert_eq!(
        sample(&text, &format!("shop_http_requests_total{labels}}}")),
        Some(1.0),
        "{text}"
    );
    for le in ["0.5", "1", "+Inf"] {
        let series = format!("shop_http_requests_duration_seconds_bucket{labels},le=\"{le}\"}}");
        assert_eq!(sample(&text, &series), Some(1.0), "{text}");
    }
    assert_eq!(
        sample(&text, "shop_http_requests_in_flight{zone=\"eu\"}"),
        Some(0.0),
        "{text}"
    );
}
