//! `/metrics` itself.

use actix_web::{
    App, HttpResponse,
    body::to_bytes,
    dev::Service as _,
    http::{StatusCode, header},
    test::{TestRequest, call_service, init_service},
    web,
};
use rf::metrics::{Metrics, MetricsSettings};

use crate::server::Server;

#[actix_web::test]
async fn the_scrape_is_the_text_format_and_head_has_no_body() {
    let server = Server::start(Metrics::new(), |_| {});
    server.metrics.counter("orders_total").help("Orders").inc();
    let answer = server.get("/metrics").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(
        head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"),
        "{head}"
    );
    assert!(head.contains("cache-control: no-store"), "{head}");
    assert!(
        body.contains("# HELP orders_total Orders\n# TYPE orders_total counter\norders_total 1\n"),
        "{body}"
    );
    assert!(body.contains("\nprocess_cpu_seconds_total "), "{body}");
    assert!(
        body.contains("http_requests_in_flight 1\n"),
        "the scrape itself: {body}"
    );

    let answer = server.send("HEAD /metrics HTTP/1.1", b"").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("HTTP/1.1 200") && head.contains("content-length: "),
        "{head}"
    );
    assert_eq!(body, "");

    let answer = server.send("DELETE /metrics HTTP/1.1", b"").await;
    assert!(
        answer.starts_with("HTTP/1.1 405") && answer.contains("allow: GET, HEAD\r\n"),
        "{answer}"
    );
    server.stop().await;
}

#[actix_web::test]
async fn the_path_of_the_settings_is_where_the_scrape_is() {
    let mut settings = MetricsSettings::default();
    settings.path = "/internal/metrics".into();
    let metrics = Metrics::from_settings(&settings).unwrap();
    let app = init_service(
        App::new()
            .wrap(metrics.middleware())
            .configure(metrics.state())
            .configure(rf::metrics),
    )
    .await;
    let status = async |path| {
        call_service(&app, TestRequest::get().uri(path).to_request())
            .await
            .status()
    };
    assert_eq!(status("/internal/metrics").await, StatusCode::OK);
    assert_eq!(status("/metrics").await, StatusCode::NOT_FOUND);
    assert_eq!(status("/health/ready").await, StatusCode::OK);
}

#[actix_web::test]
async fn without_a_handle_the_response_says_nothing() {
    let app = init_service(App::new().configure(rf::metrics)).await;
    for path in ["/metrics", "/health/ready"] {
        let response = call_service(&app, TestRequest::get().uri(path).to_request()).await;
        assert_eq!(
            response.status(),
            StatusCode::INTERNAL_SERVER_ERROR,
            "{path}"
        );
        assert_eq!(to_bytes(response.into_body()).await.unwrap(), "", "{path}");
    }
    let live = call_service(&app, TestRequest::get().uri("/health/live").to_request()).await;
    assert_eq!(live.status(), StatusCode::OK);
}

#[actix_web::test]
async fn a_guard_round_the_scrape_keeps_its_refusal() {
    let metrics = Metrics::new();
    let guarded = web::resource("/private").wrap_fn(|request, service| {
        let known = request.headers().contains_key(header::AUTHORIZATION);
        let inner = service.call(request);
        async move {
            let response = inner.await?;
            let refusal = HttpResponse::Unauthorized().finish();
            Ok(if known {
                response
            } else {
                response.into_response(refusal)
            })
        }
    });
    let guarded = guarded.route(web::get().to(rf::metrics::scrape));
    let app = init_service(
        App::new()
            .wrap(metrics.middleware())
            .configure(metrics.state())
            .service(guarded),
    )
    .await;
    let refused = call_service(&app, TestRequest::get().uri("/private").to_request()).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(to_bytes(refused.into_body()).await.unwrap(), "");
    let request = TestRequest::get()
        .uri("/private")
        .insert_header((header::AUTHORIZATION, "x"));
    assert_eq!(
        call_service(&app, request.to_request()).await.status(),
        StatusCode::OK
    );
}
