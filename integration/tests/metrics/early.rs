//! Requests that never come to the end of their handler are counted once as well.

use std::time::Duration;

use actix_web::{
    Error, HttpResponse,
    body::MessageBody,
    dev::{Service as _, ServiceRequest, ServiceResponse},
    error,
    middleware::{Next, from_fn},
    web::{self, Bytes, ServiceConfig},
};
use futures_util::future;
use rf::metrics::Metrics;

use crate::{
    counted::{IN_FLIGHT, aborted, assert_counted},
    server::{Server, read_until, sum},
};

/// As a limiter of requests does: the app behind it hears nothing.
async fn refuse(
    request: ServiceRequest,
    _: Next<impl MessageBody>,
) -> Result<ServiceResponse, Error> {
    let answer = HttpResponse::TooManyRequests().body("later");
    Ok(request.into_response(answer))
}

fn routes(cfg: &mut ServiceConfig) {
    cfg.service(
        web::scope("/limited")
            .wrap(from_fn(refuse))
            .route("/{name}", web::get().to(|| async { "never" })),
    )
    .service(
        web::scope("/impatient")
            .wrap_fn(|request, service| {
                let answer = service.call(request);
                async {
                    let limit = Duration::from_millis(20);
                    let waited = tokio::time::timeout(limit, answer).await;
                    waited.map_err(|_| error::ErrorGatewayTimeout("too slow"))?
                }
            })
            .route("/hangs", web::get().to(future::pending::<&str>))
            .route("/echo", web::post().to(|body: Bytes| async move { body })),
    )
    .route("/hangs", web::get().to(future::pending::<&str>))
    .route(
        "/unread",
        web::post().to(|| async { HttpResponse::PayloadTooLarge().body("no") }),
    )
    .route("/read", web::post().to(|body: Bytes| async move { body }))
    .app_data(web::PayloadConfig::new(10));
}

#[actix_web::test]
async fn a_middleware_that_answers_by_itself_is_counted_once_under_the_route_it_kept() {
    let server = Server::start(Metrics::new(), routes);
    assert!(server.get("/limited/a").await.ends_with("later"));
    server.until(IN_FLIGHT, 0.0).await;
    assert_counted(&server, "/limited/{name}", "GET", 429, 1.0);
    assert_eq!(aborted(&server, "/limited/{name}"), [""; 0]);
    server.stop().await;
}

#[actix_web::test]
async fn a_request_that_a_middleware_gave_up_is_counted_once_with_its_answer() {
    let server = Server::start(Metrics::new(), routes);
    let answer = server.get("/impatient/hangs").await;
    assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
    server.until(IN_FLIGHT, 0.0).await;
    assert_counted(&server, "/impatient/hangs", "GET", 504, 1.0);
    assert_eq!(aborted(&server, "/impatient/hangs"), [""; 0]);
    server.stop().await;
}

#[actix_web::test]
async fn a_body_that_does_not_come_in_time_is_counted_once_with_the_bytes_that_came() {
    let server = Server::start(Metrics::new(), routes);
    let head = "POST /impatient/echo HTTP/1.1\ncontent-length: 9";
    let mut client = server.open(head, b"seven b").await;
    read_until(&mut client, "504").await;
    server.until(IN_FLIGHT, 0.0).await;
    assert_counted(&server, "/impatient/echo", "POST", 504, 1.0);
    let text = server.metrics.encode();
    let route = ["/impatient/echo", "POST"];
    assert_eq!(sum(&text, "http_request_bytes_total", &route), 7.0);
    assert_eq!(sum(&text, "http_requests_aborted_total", &[]), 0.0);
    server.stop().await;
}

#[actix_web::test]
async fn a_body_that_is_too_large_or_that_nobody_reads_is_counted_once() {
    let server = Server::start(Metrics::new(), routes);
    for path in ["/unread", "/read"] {
        let head = format!("POST {path} HTTP/1.1\ncontent-length: 64");
        let answer = server.send(&head, &[b'x'; 64]).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
        server.until(IN_FLIGHT, 0.0).await;
        assert_counted(&server, path, "POST", 413, 1.0);
    }
    let text = server.metrics.encode();
    let read = |path| sum(&text, "http_request_bytes_total", &[path]);
    assert_eq!(read("/unread"), 0.0, "{text}");
    server.stop().await;
}

#[actix_web::test]
async fn what_the_server_was_stopped_in_is_counted_once_as_cancelled() {
    let server = Server::start(Metrics::new(), routes);
    let clients = [
        server.open("GET /hangs HTTP/1.1", b"").await,
        server.open("GET /hangs HTTP/1.1", b"").await,
    ];
    server.until(IN_FLIGHT, 2.0).await;
    server.end().await;
    server.until(IN_FLIGHT, 0.0).await;
    assert_counted(&server, "/hangs", "GET", 499, 2.0);
    assert_eq!(aborted(&server, "/hangs"), ["cancelled 2"]);
    drop(clients);
}
