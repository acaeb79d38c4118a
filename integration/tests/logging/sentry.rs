//! Errors and panics reach Sentry: here a server of our own that takes envelopes.

use crate::server;
use actix_web::web;
use rf::logging::{ErrorReport, Sentry, slog};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

/// An envelope as it came: its authentication, and its lines.
struct Envelope {
    auth: String,
    path: String,
    lines: Vec<Value>,
}

/// Takes envelopes and gives this answer; the DSN, and what came.
fn sink(answer: &'static str) -> (String, mpsc::Receiver<Envelope>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let dsn = format!(
        "http://abc123@{}/7",
        listener.local_addr().expect("an address")
    );
    let (sender, envelopes) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                stream.read_until(b'\n', &mut head).expect("a head");
            }
            let head = String::from_utf8(head).expect("ASCII");
            let field = |name: &str| {
                let line = head
                    .lines()
                    .find(|line| line.to_lowercase().starts_with(name));
                line.and_then(|line| line.split_once(": "))
                    .map(|(_, value)| value.to_owned())
            };
            let length = field("content-length")
                .expect("a length")
                .parse()
                .expect("a number");
            let mut body = vec![0; length];
            stream.read_exact(&mut body).expect("a body");
            let answer =
                format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream
                .get_mut()
                .write_all(answer.as_bytes())
                .expect("it listens");
            let envelope = Envelope {
                auth: field("x-sentry-auth").expect("authentication"),
                path: head.split(' ').nth(1).expect("a path").to_owned(),
                lines: String::from_utf8(body)
                    .expect("UTF-8")
                    .lines()
                    .map(|line| serde_json::from_str(line).expect("JSON"))
                    .collect(),
            };
            if sender.send(envelope).is_err() {
                return;
            }
        }
    });
    (dsn, envelopes)
}

fn routes(config: &mut web::ServiceConfig) {
    config.route(
        "/orders/{id}",
        web::get().to(async || {
            rf::error!("cannot pay"; "amount" => 12, "card_token" => "hunter2");
            "sorry"
        }),
    );
}

#[actix_web::test]
async fn an_error_reaches_sentry_with_its_request_and_without_its_secrets() {
    let (dsn, envelopes) = sink("200 OK");
    let sentry = Sentry::new(&dsn)
        .expect("a DSN")
        .release("1.2.3")
        .environment("test");
    let server = server::start_with(|builder| builder.on_error(sentry), |logs| logs, routes);
    let request = reqwest::Client::new()
        .get(server.url("/orders/5"))
        .header("x-request-id", "mine")
        .header(
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        );
    request.send().await.expect("an answer");
    let logger = server.logger.clone();
    web::block(move || logger.flush())
        .await
        .expect("it ends")
        .expect("it is sent");
    let envelope = envelopes
        .try_recv()
        .expect("one is there when flush returns");
    assert_eq!(envelope.path, "/api/7/envelope/");
    assert!(
        envelope.auth.contains("sentry_version=7") && envelope.auth.contains("sentry_key=abc123")
    );
    let [header, item, event] = &envelope.lines[..] else {
        panic!("three lines make an envelope");
    };
    assert_eq!(header["event_id"], event["event_id"]);
    assert_eq!(header["event_id"].as_str().map(str::len), Some(32));
    assert_eq!(
        (&item["type"], item["length"].as_u64()),
        (&"event".into(), Some(event.to_string().len() as u64))
    );
    assert_eq!(
        (&event["level"], &event["logentry"]["formatted"]),
        (&"error".into(), &"cannot pay".into())
    );
    assert_eq!(
        (&event["release"], &event["environment"]),
        (&"1.2.3".into(), &"test".into())
    );
    assert_eq!(event["tags"]["request_id"], "mine");
    assert_eq!(
        event["contexts"]["trace"]["trace_id"],
        "4bf92f3577b34da6a3ce929d0e0e4736"
    );
    assert_eq!(event["extra"]["amount"], 12);
    assert!(!event.to_string().contains("hunter2"), "{event}");
}

#[actix_web::test]
async fn a_failed_request_is_reported_with_its_method_and_route() {
    let (dsn, envelopes) = sink("200 OK");
    let sentry = Sentry::new(&dsn).expect("a DSN");
    let server = server::start_with(
        |builder| builder.on_error(sentry),
        |logs| logs,
        |config| {
            config.route(
                "/fails/{id}",
                web::get().to(async || -> Result<&'static str, _> {
                    Err(actix_web::error::ErrorInternalServerError(
                        "the database is away",
                    ))
                }),
            );
        },
    );
    reqwest::get(server.url("/fails/1?token=hunter2"))
        .await
        .expect("an answer");
    let waited = web::block(move || envelopes.recv_timeout(Duration::from_secs(30)));
    let sent = waited.await.expect("it ends").expect("it is sent");
    let event = &sent.lines[2];
    assert_eq!(
        (&event["request"]["method"], &event["request"]["url"]),
        (&"GET".into(), &"/fails/1".into())
    );
    assert_eq!(
        (&event["transaction"], &event["extra"]["error"]),
        (&"/fails/{id}".into(), &"the database is away".into())
    );
}

#[test]
fn sentry_that_refuses_costs_no_line_and_is_left_alone_for_a_while() {
    for answer in [
        "429 Too Many Requests",
        "429 Too Many Requests\r\nretry-after: 18446744073709551615",
    ] {
        refused_once(answer);
    }
}

fn refused_once(answer: &'static str) {
    let (dsn, envelopes) = sink(answer);
    let sentry = Arc::new(Sentry::new(&dsn).expect("a DSN"));
    let tracker = Arc::clone(&sentry);
    let lines = server::Lines::default();
    let logger = lines
        .builder()
        .on_error(Shared(tracker))
        .build()
        .expect("a logger");
    slog::error!(logger.slog(), "one");
    logger.flush().expect("both are done");
    envelopes.recv().expect("it was tried");
    slog::error!(logger.slog(), "two");
    logger.flush().expect("both are done");
    assert!(envelopes.try_recv().is_err(), "it said 429");
    assert_eq!((sentry.dropped(), lines.all().len()), (2, 2));
}

struct Shared(Arc<Sentry>);

impl rf::logging::ErrorTracker for Shared {
    fn report(&self, report: &ErrorReport<'_>) {
        self.0.report(report);
    }

    fn flush(&self, deadline: std::time::Instant) -> bool {
        rf::logging::ErrorTracker::flush(&*self.0, deadline)
    }
}

#[actix_web::test]
async fn a_hook_gets_errors_with_the_request_they_belong_to() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&told);
    let hook = move |report: &ErrorReport<'_>| {
        let told = (
            report.message().to_owned(),
            report.request_id().map(str::to_owned),
        );
        kept.lock().expect("no panic").push(told);
    };
    let server = server::start_with(|builder| builder.on_error(hook), |logs| logs, routes);
    let request = reqwest::Client::new()
        .get(server.url("/orders/5"))
        .header("x-request-id", "mine");
    request.send().await.expect("an answer");
    assert_eq!(
        *told.lock().expect("no panic"),
        [("cannot pay".to_owned(), Some("mine".to_owned()))]
    );
}
