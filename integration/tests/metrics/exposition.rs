//! In which form the scrape is served, to whom, and where.

use std::{io::Read as _, net::TcpListener};

use actix_web::web;
use rf::metrics::{Metrics, ScrapeAuth};

use crate::server::{Server, sample};

const OPEN: &str =
    "accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/ok", web::get().to(|| async { "fine" }))
        .route("/probe/{name}", web::get().to(|| async { "fine" }));
}

fn head_and_body(answer: &str) -> (&str, &str) {
    answer.split_once("\r\n\r\n").unwrap()
}

#[actix_web::test]
async fn open_metrics_is_served_to_whoever_prefers_it_and_ends_in_eof() {
    let server = Server::start(Metrics::new(), routes);
    server.get("/ok").await;
    let answer = server
        .send(&format!("GET /metrics HTTP/1.1\n{OPEN}"), b"")
        .await;
    let (head, body) = head_and_body(&answer);
    assert!(
        head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"),
        "{head}"
    );
    assert!(head.to_lowercase().contains("vary: accept"), "{head}");
    assert!(body.contains("# TYPE http_requests counter\n"), "{body}");
    assert!(
        body.contains("http_requests_total{endpoint=\"/ok\",method=\"GET\",status=\"200\"} 1\n"),
        "{body}"
    );
    assert!(body.ends_with("\n# EOF\n"), "{body}");
    server.stop().await;
}

#[actix_web::test]
async fn the_trace_that_a_caller_continues_is_the_exemplar_of_its_request() {
    let server = Server::start(Metrics::new(), routes);
    let traced = |path: &str, header: &str| format!("GET {path} HTTP/1.1\ntraceparent: {header}");
    let good = format!("00-{TRACE}-b7ad6b7169203331-01");
    server.send(&traced("/ok", &good), b"").await;
    for bad in [
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-b7ad6b7169203331-01",
        "00-\"}1-b7ad6b7169203331-01",
        "junk",
    ] {
        server.send(&traced("/probe/a", bad), b"").await;
    }
    let text = server.metrics.encode_openmetrics();
    let of = |endpoint: &str| {
        let wanted = format!("http_requests_duration_seconds_bucket{{endpoint=\"{endpoint}\"");
        let lines = text.lines().filter(|line| line.starts_with(&wanted));
        let traces = lines.filter_map(|line| line.split_once(" # {trace_id=\""));
        traces
            .map(|(_, rest)| rest[..32].to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("/ok"), [TRACE], "{text}");
    assert!(of("/probe/{name}").is_empty(), "{text}");
    server.stop().await;
}

#[actix_web::test]
async fn a_scrape_is_compressed_when_that_is_asked_for() {
    let server = Server::start(Metrics::new(), routes);
    let (plain, zipped) = (
        server.send("GET /metrics HTTP/1.1", b"").await.len(),
        server
            .exchange("GET /metrics HTTP/1.1\naccept-encoding: gzip", b"")
            .await,
    );
    assert!(zipped.len() < plain, "{} and {plain}", zipped.len());
    let cut = zipped
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8_lossy(&zipped[..cut]).to_lowercase();
    assert!(head.contains("content-encoding: gzip"), "{head}");
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    let mut text = String::new();
    let body = unchunk(&zipped[cut + 4..]);
    flate2::read::GzDecoder::new(&*body)
        .read_to_string(&mut text)
        .unwrap();
    assert!(text.contains("http_requests_in_flight 1\n"), "{text}");
    server.stop().await;
}

/// The content of a chunked body.
fn unchunk(mut body: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    loop {
        let end = body.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = std::str::from_utf8(&body[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return content;
        }
        content.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 4 + size..];
    }
}

#[actix_web::test]
async fn a_guarded_scrape_is_refused_without_its_secret_and_tells_nothing() {
    let guarded = [
        (
            ScrapeAuth::bearer("s3cret"),
            "www-authenticate: bearer realm=\"metrics\"",
            "authorization: Bearer s3cret",
        ),
        (
            ScrapeAuth::basic("prometheus", "s3cret"),
            "www-authenticate: basic realm=\"metrics\"",
            "authorization: Basic cHJvbWV0aGV1czpzM2NyZXQ=",
        ),
    ];
    for (auth, challenge, right) in guarded {
        let metrics = Metrics::builder().scrape_auth(auth).build().unwrap();
        let server = Server::start(metrics, routes);
        for wrong in [
            "x: y",
            "authorization: Bearer s3cre",
            "authorization: Basic czNjcmV0",
        ] {
            let answer = server
                .send(&format!("GET /metrics HTTP/1.1\n{wrong}"), b"")
                .await;
            let (head, body) = head_and_body(&answer);
            assert!(head.starts_with("HTTP/1.1 401"), "{wrong}: {head}");
            assert!(head.to_lowercase().contains(challenge), "{head}");
            assert_eq!(body, "");
        }
        let answer = server
            .send(&format!("GET /metrics HTTP/1.1\n{right}"), b"")
            .await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        // Probes come from load balancers that have no secret.
        assert!(
            server
                .get("/health/ready")
                .await
                .starts_with("HTTP/1.1 200")
        );
        server.stop().await;
    }
}

#[actix_web::test]
async fn the_scrape_has_an_address_of_its_own_when_it_is_served_apart() {
    for path in ["/metrics", "/internal/metrics"] {
        let metrics = Metrics::builder()
            .path(path)
            .served_apart()
            .build()
            .unwrap();
        let server = Server::start(metrics.clone(), routes);
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let apart = metrics.server(listener).unwrap();
        let handle = apart.handle();
        actix_web::rt::spawn(apart);

        assert!(server.get(path).await.starts_with("HTTP/1.1 404"), "{path}");
        assert!(server.get("/health/live").await.starts_with("HTTP/1.1 200"));
        let server = server.at(address);
        let answer = server.get(path).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!(
            sample(&answer, "http_requests_in_flight"),
            Some(0.0),
            "{answer}"
        );
        assert!(
            server
                .get("/health/ready")
                .await
                .starts_with("HTTP/1.1 200")
        );
        assert!(server.get("/ok").await.starts_with("HTTP/1.1 404"));
        handle.stop(false).await;
        server.stop().await;
    }
}

#[actix_web::test]
async fn a_route_that_is_left_out_is_in_flight_but_never_counted() {
    let metrics = Metrics::builder()
        .exclude("/probe/{name}")
        .exclude("unmatched")
        .build()
        .unwrap();
    let server = Server::start(metrics, routes);
    server.get("/ok").await;
    server.get("/probe/a").await;
    server.get("/nowhere").await;
    server.until("http_requests_in_flight", 0.0).await;
    let text = server.metrics.encode();
    assert!(text.contains("endpoint=\"/ok\""), "{text}");
    for left_out in ["/probe", "unmatched"] {
        assert!(!text.contains(left_out), "{text}");
    }
    server.stop().await;
}
