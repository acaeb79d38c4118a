//! Every request is counted exactly once, whichever way it ends.

use std::{convert::Infallible, io, time::Duration};

use actix_web::{
    HttpResponse,
    dev::{Service as _, ServiceResponse},
    error,
    http::StatusCode,
    web,
    web::{Bytes, ServiceConfig},
};
use futures_util::{StreamExt as _, future, stream};
use rf::metrics::Metrics;

use crate::{
    counted::{IN_FLIGHT, aborted, assert_counted},
    server::{Server, read_until, sum},
};

fn routes(cfg: &mut ServiceConfig) {
    let pieces = || stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"piece"))]);
    cfg.route("/ok", web::get().to(|| async { "fine" }))
        .route("/ok", web::head().to(|| async { "fine" }))
        .route("/empty", web::get().to(HttpResponse::NoContent))
        .route(
            "/handler-error",
            web::get().to(|| async { Err::<&str, _>(error::ErrorBadGateway("no")) }),
        )
        .route(
            "/json",
            web::post().to(|_: web::Json<Vec<u8>>| async { "read" }),
        )
        .route(
            "/panic",
            web::get().to(|| async { if true { panic!("on purpose") } else { "" } }),
        )
        .route("/hangs", web::get().to(future::pending::<&str>))
        .route(
            "/endless",
            web::get().to(move || async move {
                HttpResponse::Ok().streaming(pieces().chain(stream::pending()))
            }),
        )
        .route(
            "/events",
            web::get().to(move || async move {
                HttpResponse::Ok()
                    .content_type("text/event-stream")
                    .streaming(pieces().chain(stream::pending()))
            }),
        )
        .route(
            "/breaks",
            web::get().to(move || async move {
                let broken = stream::once(future::ready(Err(io::Error::other("broken"))));
                HttpResponse::Ok().streaming(pieces().chain(broken))
            }),
        )
        .route(
            "/body-panics",
            web::get().to(move || async move {
                let broken = stream::poll_fn(|_| -> std::task::Poll<Option<io::Result<Bytes>>> {
                    panic!("on purpose")
                });
                HttpResponse::Ok().streaming(pieces().chain(broken))
            }),
        )
        .route("/echo", web::post().to(|body: Bytes| async move { body }))
        .service(
            web::scope("/guarded")
                .wrap_fn(|request, service| {
                    let allowed = request.path().ends_with("/allowed");
                    let inner = allowed.then(|| service.call(request));
                    async { inner.ok_or_else(|| error::ErrorUnauthorized("no"))?.await }
                })
                .route("/{name}", web::get().to(|| async { "in" })),
        )
        .service(
            web::resource("/call-panics")
                .wrap_fn(|_, _| -> future::Ready<_> {
                    if true {
                        panic!("on purpose")
                    }
                    future::ready(Err::<ServiceResponse, _>(error::ErrorGone("never")))
                })
                .to(|| async { Ok::<_, Infallible>(HttpResponse::new(StatusCode::OK)) }),
        );
}

#[actix_web::test]
async fn requests_that_are_answered_are_counted_once() {
    let server = Server::start(Metrics::new(), routes);
    let json = "HTTP/1.1\ncontent-type: application/json\ncontent-length: 3";
    for (head, body, endpoint, method, status) in [
        ("GET /ok HTTP/1.1", "", "/ok", "GET", 200),
        ("HEAD /ok HTTP/1.1", "", "/ok", "HEAD", 200),
        ("OPTIONS /ok HTTP/1.1", "", "/ok", "OPTIONS", 404),
        ("GET /empty HTTP/1.1", "", "/empty", "GET", 204),
        (
            "GET /handler-error HTTP/1.1",
            "",
            "/handler-error",
            "GET",
            502,
        ),
        (&format!("POST /json {json}"), "not", "/json", "POST", 400),
        (
            "GET /guarded/allowed HTTP/1.1",
            "",
            "/guarded/{name}",
            "GET",
            200,
        ),
        ("GET /nowhere HTTP/1.1", "", "unmatched", "GET", 404),
        (
            "POST /health/live HTTP/1.1",
            "",
            "/health/live",
            "POST",
            405,
        ),
        (
            "BREW /health/live HTTP/1.1",
            "",
            "/health/live",
            "_OTHER",
            405,
        ),
    ] {
        let answer = server.send(head, body.as_bytes()).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{head}: {answer}"
        );
        server.until(IN_FLIGHT, 0.0).await;
        assert_counted(&server, endpoint, method, status, 1.0);
        assert_eq!(aborted(&server, endpoint), [""; 0], "{head}");
    }
    assert_eq!(
        sum(&server.metrics.encode(), "http_requests_total", &[]),
        10.0
    );
    server.stop().await;
}

#[actix_web::test]
async fn an_error_of_a_middleware_is_counted_once_under_the_route_it_guarded() {
    let server = Server::start(Metrics::new(), routes);
    assert!(
        server
            .get("/guarded/secret")
            .await
            .starts_with("HTTP/1.1 401")
    );
    server.until(IN_FLIGHT, 0.0).await;
    assert_counted(&server, "/guarded/{name}", "GET", 401, 1.0);
    assert_eq!(aborted(&server, "/guarded/{name}"), [""; 0]);
    server.stop().await;
}

#[actix_web::test]
async fn panics_are_counted_once_wherever_they_happen() {
    let server = Server::start(Metrics::new(), routes);
    for (path, status) in [
        ("/panic", 500),
        ("/call-panics", 500),
        ("/body-panics", 200),
    ] {
        server.get(path).await;
        server.until(IN_FLIGHT, 0.0).await;
        assert_counted(&server, path, "GET", status, 1.0);
        assert_eq!(aborted(&server, path), ["panic 1"], "{path}");
    }
    // The worker is still there.
    assert!(server.get("/ok").await.ends_with("fine"));
    server.stop().await;
}

#[actix_web::test]
async fn a_client_that_leaves_before_the_response_is_counted_once_as_cancelled() {
    let server = Server::start(Metrics::new(), routes);
    let client = server.open("GET /hangs HTTP/1.1", b"").await;
    server.until(IN_FLIGHT, 1.0).await;
    drop(client);
    server.until(IN_FLIGHT, 0.0).await;
    assert_counted(&server, "/hangs", "GET", 499, 1.0);
    assert_eq!(aborted(&server, "/hangs"), ["cancelled 1"]);
    server.stop().await;
}

#[actix_web::test]
async fn a_client_that_leaves_while_it_sends_is_counted_once_as_cancelled() {
    let server = Server::start(Metrics::new(), routes);
    let head = "POST /echo HTTP/1.1\ncontent-length: 1000";
    let client = server.open(head, b"the beginning").await;
    server.until(IN_FLIGHT, 1.0).await;
    drop(client);
    server.until(IN_FLIGHT, 0.0).await;
    assert_counted(&server, "/echo", "POST", 499, 1.0);
    let labels = ["/echo", "POST", "cancelled"];
    let text = server.metrics.encode();
    assert_eq!(sum(&text, "http_requests_aborted_total", &labels), 1.0);
    assert_eq!(sum(&text, "http_requests_aborted_total", &[]), 1.0);
    server.stop().await;
}

#[actix_web::test]
async fn a_chunk_that_cannot_be_read_is_a_bad_request_and_no_abort() {
    let server = Server::start(Metrics::new(), routes);
    let head = "POST /echo HTTP/1.1\ntransfer-encoding: chunked";
    let answer = server.send(head, b"5\r\nhello\r\nnonsense\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    server.until(IN_FLIGHT, 0.0).await;
    assert_counted(&server, "/echo", "POST", 400, 1.0);
    let text = server.metrics.encode();
    assert_eq!(sum(&text, "http_requests_aborted_total", &[]), 0.0);
    server.stop().await;
}

#[actix_web::test]
async fn a_client_that_leaves_within_the_body_is_counted_once_as_disconnected() {
    let server = Server::start(Metrics::new(), routes);
    let mut client = server.open("GET /endless HTTP/1.1", b"").await;
    read_until(&mut client, "piece").await;
    assert_eq!(
        sum(
            &server.metrics.encode(),
            "http_requests_total",
            &["/endless"]
        ),
        0.0,
        "not ended yet"
    );
    drop(client);
    server.until(IN_FLIGHT, 0.0).await;
    assert_counted(&server, "/endless", "GET", 200, 1.0);
    assert_eq!(aborted(&server, "/endless"), ["disconnected 1"]);
    server.stop().await;
}

#[actix_web::test]
async fn a_body_that_ends_in_an_error_is_counted_once_as_stream() {
    let server = Server::start(Metrics::new(), routes);
    server.get("/breaks").await;
    server.until(IN_FLIGHT, 0.0).await;
    assert_counted(&server, "/breaks", "GET", 200, 1.0);
    assert_eq!(aborted(&server, "/breaks"), ["stream 1"]);
    server.stop().await;
}

#[actix_web::test]
async fn events_count_when_they_begin_and_do_not_spoil_the_latency() {
    let server = Server::start(Metrics::new(), routes);
    let mut client = server.open("GET /events HTTP/1.1", b"").await;
    read_until(&mut client, "piece").await;
    assert_counted(&server, "/events", "GET", 200, 1.0);
    assert_eq!(server.sample(IN_FLIGHT), Some(1.0));
    drop(client);
    server.until(IN_FLIGHT, 0.0).await;
    assert_counted(&server, "/events", "GET", 200, 1.0);
    assert_eq!(
        aborted(&server, "/events"),
        [""; 0],
        "leaving is how events end"
    );
    server.stop().await;
}

#[actix_web::test]
async fn bytes_are_those_read_and_sent() {
    let server = Server::start(Metrics::new(), routes);
    let body = vec![b'x'; 100_000];
    let head = format!("POST /echo HTTP/1.1\ncontent-length: {}", body.len());
    assert!(server.send(&head, &body).await.len() > body.len());
    server
        .until(
            "http_request_bytes_total{endpoint=\"/echo\",method=\"POST\"}",
            100_000.0,
        )
        .await;
    server
        .until(
            "http_response_bytes_total{endpoint=\"/echo\",method=\"POST\"}",
            100_000.0,
        )
        .await;
    server.send("HEAD /ok HTTP/1.1", b"").await;
    let head = "http_response_bytes_total{endpoint=\"/ok\",method=\"HEAD\"}";
    server.until(head, 0.0).await;
    server.get("/ok").await;
    server
        .until(
            "http_response_bytes_total{endpoint=\"/ok\",method=\"GET\"}",
            4.0,
        )
        .await;
    assert_eq!(
        server.sample("http_request_bytes_total{endpoint=\"/ok\",method=\"GET\"}"),
        Some(0.0)
    );
    server.stop().await;
}

#[actix_web::test]
async fn the_duration_runs_to_the_last_byte_and_the_first_byte_is_apart() {
    fn slow(cfg: &mut ServiceConfig) {
        cfg.route(
            "/slow",
            web::get().to(|| async {
                let late = stream::once(async {
                    tokio::time::sleep(Duration::from_millis(120)).await;
                    Ok::<_, io::Error>(Bytes::from_static(b"late"))
                });
                HttpResponse::Ok().streaming(Box::pin(late))
            }),
        );
    }
    let server = Server::start(Metrics::new(), slow);
    server.get("/slow").await;
    server.until(IN_FLIGHT, 0.0).await;
    let text = server.metrics.encode();
    let total = sum(&text, "http_requests_duration_seconds_sum", &["/slow"]);
    let first = sum(&text, "http_requests_first_byte_seconds_sum", &["/slow"]);
    assert!(total >= 0.12 && total - first >= 0.1, "{first} of {total}");
    server.stop().await;
}

#[actix_web::test]
async fn fifty_at_once_are_fifty_and_the_gauge_is_back_at_nought() {
    let server = Server::start(Metrics::new(), routes);
    future::join_all((0..50).map(|_| server.get("/ok"))).await;
    server.until(IN_FLIGHT, 0.0).await;
    assert_counted(&server, "/ok", "GET", 200, 50.0);
    server.stop().await;
}
