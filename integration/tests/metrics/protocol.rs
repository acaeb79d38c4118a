//! What HTTP allows beside one request and one answer on a connection.

use std::io;

use actix_web::{
    HttpResponse,
    web::{self, Bytes, ServiceConfig},
};
use futures_util::{StreamExt as _, stream};
use rf::metrics::Metrics;
use tokio::io::AsyncWriteExt as _;

use crate::{
    counted::{IN_FLIGHT, aborted, assert_counted},
    server::{Server, read_until, sum},
};

fn routes(cfg: &mut ServiceConfig) {
    let pieces = || stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"piece"))]);
    cfg.route("/ok", web::get().to(|| async { "fine" }))
        .route("/echo", web::post().to(|body: Bytes| async move { body }))
        .service(
            web::resource("/stream")
                .to(move || async move { HttpResponse::Ok().streaming(pieces()) }),
        )
        .route(
            "/socket",
            web::get().to(move || async move {
                HttpResponse::SwitchingProtocols()
                    .upgrade("websocket")
                    .streaming(pieces().chain(stream::pending()))
            }),
        );
}

#[actix_web::test]
async fn a_connection_that_changes_its_protocol_counts_when_it_does_and_spoils_no_latency() {
    let server = Server::start(Metrics::new(), routes);
    let head = "GET /socket HTTP/1.1\nconnection: upgrade\nupgrade: websocket";
    let mut client = server.open(head, b"").await;
    read_until(&mut client, "piece").await;
    assert_counted(&server, "/socket", "GET", 101, 1.0);
    let before = server.metrics.encode();
    assert_eq!(server.sample(IN_FLIGHT), Some(1.0));
    drop(client);
    server.until(IN_FLIGHT, 0.0).await;
    assert_counted(&server, "/socket", "GET", 101, 1.0);
    assert_eq!(aborted(&server, "/socket"), [""; 0]);
    let spent = |text: &str| sum(text, "http_requests_duration_seconds_sum", &["/socket"]);
    let after = server.metrics.encode();
    assert_eq!(
        spent(&after),
        spent(&before),
        "the time it was open is no latency"
    );
    server.stop().await;
}

#[actix_web::test]
async fn requests_of_one_connection_are_counted_one_by_one() {
    let server = Server::start(Metrics::new(), routes);
    // All at once, before the first answer.
    let mut client = server.open("GET /ok HTTP/1.1", b"").await;
    let more = "GET /ok HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(8);
    client.write_all(more.as_bytes()).await.unwrap();
    let last = "GET /nowhere HTTP/1.1\r\nhost: localhost\r\n\r\n";
    client.write_all(last.as_bytes()).await.unwrap();
    read_until(&mut client, "404").await;
    server.until(IN_FLIGHT, 0.0).await;
    assert_counted(&server, "/ok", "GET", 200, 9.0);
    assert_counted(&server, "unmatched", "GET", 404, 1.0);
    drop(client);
    server.stop().await;
}

#[actix_web::test]
async fn head_of_a_stream_is_complete_without_its_body() {
    let server = Server::start(Metrics::new(), routes);
    let answer = server.send("HEAD /stream HTTP/1.1", b"").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    server.until(IN_FLIGHT, 0.0).await;
    assert_counted(&server, "/stream", "HEAD", 200, 1.0);
    let text = server.metrics.encode();
    assert_eq!(sum(&text, "http_response_bytes_total", &["HEAD"]), 0.0);
    assert_eq!(sum(&text, "http_requests_aborted_total", &[]), 0.0);
    server.stop().await;
}

#[actix_web::test]
async fn an_old_client_and_one_that_asks_before_it_sends_are_counted_once() {
    let server = Server::start(Metrics::new(), routes);
    let answer = server.send("GET /stream HTTP/1.0", b"").await;
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    server.until(IN_FLIGHT, 0.0).await;
    assert_counted(&server, "/stream", "GET", 200, 1.0);

    let head = "POST /echo HTTP/1.1\nexpect: 100-continue\ncontent-length: 5";
    let mut client = server.open(head, b"").await;
    read_until(&mut client, "100 Continue").await;
    client.write_all(b"hello").await.unwrap();
    read_until(&mut client, "hello").await;
    server.until(IN_FLIGHT, 0.0).await;
    assert_counted(&server, "/echo", "POST", 200, 1.0);
    server.stop().await;
}

#[actix_web::test]
async fn what_never_becomes_a_request_is_not_counted() {
    let server = Server::start(Metrics::new(), routes);
    for nonsense in ["nonsense\n", "GET /ok HTTP/1.1\ncontent-length: many"] {
        let answer = server.send(nonsense, b"").await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    // A head that breaks off.
    let half = server.open("GET /ok HTTP/1.1\nx-half", b"").await;
    drop(half);
    server.get("/ok").await;
    server.until(IN_FLIGHT, 0.0).await;
    assert_counted(&server, "/ok", "GET", 200, 1.0);
    let all = sum(&server.metrics.encode(), "http_requests_total", &[]);
    assert_eq!(all, 1.0);
    server.stop().await;
}
