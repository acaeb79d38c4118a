//! One access line a request, however it ends.

use crate::server::{self, Server, read_until};
use actix_web::{
    HttpResponse, error,
    http::StatusCode,
    web::{self, Bytes},
};
use futures_util::{StreamExt as _, stream};
use std::{convert::Infallible, io, io::Write as _, time::Duration};

fn routes(config: &mut web::ServiceConfig) {
    config
        .route(
            "/items/{id}",
            web::post().to(async |body: Bytes| format!("{} bytes", body.len())),
        )
        .route("/items/{id}", web::head().to(async || "hello"))
        .route(
            "/nothing",
            web::get().to(async || HttpResponse::NoContent()),
        )
        .route(
            "/fails",
            web::get().to(async || -> Result<&'static str, _> {
                Err(error::ErrorInternalServerError("the database is away"))
            }),
        )
        .route("/json", web::post().to(async |_: web::Json<u8>| "never"))
        .route(
            "/panics",
            web::get().to(async || -> &'static str { panic!("as the test wants it") }),
        )
        .route(
            "/takes",
            web::post().to(async |mut body: web::Payload| {
                while let Some(chunk) = body.next().await {
                    chunk.map_err(error::ErrorBadRequest)?;
                    rf::info!("taken");
                }
                Ok::<_, error::Error>("all of it")
            }),
        )
        .route(
            "/waits",
            web::get().to(async || {
                rf::info!("waiting");
                std::future::pending::<&'static str>().await
            }),
        )
        .route(
            "/endless",
            web::get().to(async || {
                let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
                HttpResponse::Ok().streaming(stream::repeat_with(move || {
                    Ok::<_, Infallible>(chunk.clone())
                }))
            }),
        )
        .route(
            "/breaks",
            web::get().to(async || {
                let parts = [
                    Ok(Bytes::from_static(b"part")),
                    Err(io::Error::other("disk gone")),
                ];
                HttpResponse::Ok().streaming(stream::iter(parts))
            }),
        )
        .route(
            "/slow",
            web::get().to(async || {
                tokio::time::sleep(Duration::from_millis(30)).await;
                "at last"
            }),
        );
}

async fn get(server: &Server, path: &str) -> reqwest::Result<StatusCode> {
    let response = reqwest::get(server.url(path)).await?;
    let status = response.status().as_u16();
    response.bytes().await?;
    Ok(StatusCode::from_u16(status).expect("a status"))
}

#[actix_web::test]
async fn an_access_line_says_all_of_a_request_and_never_its_query() {
    let server = server::start(routes);
    let client = reqwest::Client::builder()
        .user_agent("tester/1.0")
        .build()
        .expect("a client");
    let sent = client
        .post(server.url("/items/7?token=hunter2"))
        .body("12345")
        .send()
        .await
        .expect("an answer");
    assert_eq!(sent.text().await.expect("a body"), "5 bytes");

    let line = server.lines.access("/items/7");
    assert_eq!(
        (&line["level"], &line["msg"]),
        (&"INFO".into(), &"request".into())
    );
    assert_eq!(
        (&line["method"], &line["route"], &line["status"]),
        (&"POST".into(), &"/items/{id}".into(), &200.into())
    );
    assert_eq!(
        (&line["bytes_in"], &line["bytes_out"]),
        (&5.into(), &7.into())
    );
    assert_eq!(
        (&line["remote"], &line["user_agent"]),
        (&"127.0.0.1".into(), &"tester/1.0".into())
    );
    assert!(
        line["duration_ms"].as_f64() >= line["ttfb_ms"].as_f64()
            && line["ttfb_ms"].as_f64() > Some(0.0)
    );
    assert_eq!(line["request_id"].as_str().map(str::len), Some(36));
    assert_eq!(
        (
            line["trace_id"].as_str().map(str::len),
            line["span_id"].as_str().map(str::len)
        ),
        (Some(32), Some(16))
    );
    assert!(line.get("outcome").is_none() && !line.to_string().contains("hunter2"));
    assert_eq!(server.lines.count(|line| line["target"] == "rf::access"), 1);
}

#[actix_web::test]
async fn empty_answers_are_complete_and_head_sends_no_bytes() {
    let server = server::start(routes);
    get(&server, "/nothing").await.expect("an answer");
    let line = server.lines.access("/nothing");
    assert_eq!(
        (&line["status"], &line["bytes_out"], line.get("outcome")),
        (&204.into(), &0.into(), None)
    );

    reqwest::Client::new()
        .head(server.url("/items/1"))
        .send()
        .await
        .expect("an answer");
    let line = server.lines.access("/items/1");
    assert_eq!(
        (&line["status"], &line["bytes_out"], line.get("outcome")),
        (&200.into(), &0.into(), None)
    );
}

#[actix_web::test]
async fn a_failing_handler_is_an_error_with_its_cause() {
    let server = server::start(routes);
    assert_eq!(
        get(&server, "/fails").await.expect("an answer"),
        StatusCode::INTERNAL_SERVER_ERROR
    );
    let line = server.lines.access("/fails");
    assert_eq!(
        (&line["level"], &line["status"]),
        (&"ERROR".into(), &500.into())
    );
    assert_eq!(line["error"], "the database is away");
}

#[actix_web::test]
async fn a_refused_request_is_no_error_of_ours() {
    let server = server::start(routes);
    let client = reqwest::Client::new();
    client
        .post(server.url("/json"))
        .header("content-type", "application/json")
        .body("{")
        .send()
        .await
        .expect("an answer");
    let line = server.lines.access("/json");
    assert_eq!(
        (&line["level"], &line["status"]),
        (&"INFO".into(), &400.into())
    );
    assert!(line["error"].is_string());
}

#[actix_web::test]
async fn an_unknown_path_has_no_route() {
    let server = server::start(routes);
    assert_eq!(
        get(&server, "/nowhere").await.expect("an answer"),
        StatusCode::NOT_FOUND
    );
    let line = server.lines.access("/nowhere");
    assert_eq!((&line["status"], line.get("route")), (&404.into(), None));
}

#[actix_web::test]
async fn a_panicking_handler_leaves_a_line() {
    let server = server::start(routes);
    get(&server, "/panics")
        .await
        .expect_err("the connection is gone");
    let line = server.lines.access("/panics");
    assert_eq!(
        (&line["level"], &line["status"], &line["outcome"]),
        (&"ERROR".into(), &500.into(), &"panic".into())
    );
}

#[actix_web::test]
async fn a_client_that_leaves_before_the_answer_leaves_a_line() {
    let server = server::start(routes);
    let stream = server.send("GET /waits HTTP/1.1");
    let lines = server.lines.clone();
    let waiting = web::block(move || lines.wait_for(|line| line["msg"] == "waiting"))
        .await
        .expect("it waits");
    drop(stream);
    let lines = server.lines.clone();
    let line = web::block(move || lines.access("/waits"))
        .await
        .expect("it ends");
    assert_eq!(
        (&line["status"], &line["outcome"]),
        (&499.into(), &"disconnect".into())
    );
    assert_eq!(line["request_id"], waiting["request_id"]);
}

#[actix_web::test]
async fn a_client_that_leaves_while_it_sends_leaves_a_line() {
    let server = server::start(routes);
    let mut stream = server.send("POST /takes HTTP/1.1\r\ncontent-length: 1000");
    stream.write_all(b"the beginning").expect("it is taken");
    let lines = server.lines.clone();
    web::block(move || lines.wait_for(|line| line["msg"] == "taken"))
        .await
        .expect("it is read");
    drop(stream);
    let lines = server.lines.clone();
    let line = web::block(move || lines.access("/takes"))
        .await
        .expect("it ends");
    assert_eq!(
        (&line["status"], &line["outcome"], &line["level"]),
        (&499.into(), &"disconnect".into(), &"INFO".into())
    );
    assert_eq!(line["bytes_in"], 13);
}

#[actix_web::test]
async fn a_chunk_that_cannot_be_read_is_a_bad_request() {
    let server = server::start(routes);
    let mut stream = server.send("POST /takes HTTP/1.1\r\ntransfer-encoding: chunked");
    stream
        .write_all(b"5\r\nhello\r\nnonsense\r\n")
        .expect("it is taken");
    let lines = server.lines.clone();
    let line = web::block(move || lines.access("/takes"))
        .await
        .expect("it ends");
    assert_eq!((&line["status"], line.get("outcome")), (&400.into(), None));
}

#[actix_web::test]
async fn a_client_that_leaves_during_the_body_leaves_a_line() {
    let server = server::start(routes);
    let mut stream = server.send("GET /endless HTTP/1.1");
    let line = web::block(move || read_until(&mut stream, "xxxx")).await;
    assert!(line.expect("it begins").starts_with("HTTP/1.1 200"));
    let lines = server.lines.clone();
    let line = web::block(move || lines.access("/endless"))
        .await
        .expect("it ends");
    assert_eq!(
        (&line["status"], &line["outcome"], &line["level"]),
        (&200.into(), &"disconnect".into(), &"INFO".into())
    );
    assert!(line["bytes_out"].as_u64() > Some(0));
}

#[actix_web::test]
async fn a_body_that_breaks_leaves_an_error_with_its_cause() {
    let server = server::start(routes);
    get(&server, "/breaks")
        .await
        .expect_err("the body is not whole");
    let line = server.lines.access("/breaks");
    assert_eq!(
        (&line["status"], &line["outcome"], &line["level"]),
        (&200.into(), &"body_error".into(), &"ERROR".into())
    );
    assert_eq!(line["error"], "disk gone");
}

#[actix_web::test]
async fn a_slow_request_is_a_warning() {
    let server = server::start_with(
        |builder| builder.slow_request(Duration::from_millis(20)),
        |logs| logs,
        routes,
    );
    get(&server, "/slow").await.expect("an answer");
    get(&server, "/nothing").await.expect("an answer");
    let line = server.lines.access("/slow");
    assert_eq!(
        (&line["level"], &line["slow"]),
        (&"WARN".into(), &true.into())
    );
    assert_eq!(server.lines.access("/nothing")["level"], "INFO");
}

#[actix_web::test]
async fn only_a_trusted_proxy_says_who_the_client_is() {
    let client = reqwest::Client::new();
    for (trusted, remote) in [(false, "127.0.0.1"), (true, "203.0.113.9")] {
        let server = if trusted {
            server::start_with(
                |b| b,
                |logs| logs.trusted_proxies(["127.0.0.1".parse().expect("an address")]),
                routes,
            )
        } else {
            server::start(routes)
        };
        let request = client
            .get(server.url("/nothing"))
            .header("x-forwarded-for", "10.9.9.9, 203.0.113.9");
        request.send().await.expect("an answer");
        assert_eq!(server.lines.access("/nothing")["remote"], remote);
    }
}
