//! The id of a request is accepted or made, and echoed on every response.

use crate::server;
use actix_web::{
    Error, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    error,
    middleware::{Next, from_fn},
    web,
};
use rf::logging::RequestId;

async fn refuses(_: ServiceRequest, _: Next<impl MessageBody>) -> Result<ServiceResponse, Error> {
    Err(error::ErrorTooManyRequests("too many"))
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route(
            "/id",
            web::get().to(async |id: RequestId, request: HttpRequest| {
                assert_eq!(RequestId::of(&request).as_ref(), Some(&id));
                id.to_string()
            }),
        )
        .route(
            "/number/{n}",
            web::get().to(async |_: web::Path<u8>| HttpResponse::Ok()),
        )
        .service(
            web::scope("/closed")
                .wrap(from_fn(refuses))
                .route("", web::get().to(async || "never")),
        );
}

#[actix_web::test]
async fn a_sound_id_is_kept_and_any_other_is_replaced() {
    let server = server::start(routes);
    let client = reqwest::Client::new();
    for (sent, kept) in [
        ("abc-1.2_3", true),
        ("a b", false),
        ("<script>", false),
        (&"x".repeat(129), false),
    ] {
        let answer = client
            .get(server.url("/id"))
            .header("x-request-id", sent)
            .send()
            .await
            .expect("an answer");
        let echoed = answer.headers()["x-request-id"]
            .to_str()
            .expect("text")
            .to_owned();
        assert_eq!(echoed == sent, kept, "{sent}");
        assert_eq!(
            answer.text().await.expect("a body"),
            echoed,
            "the handler sees the same"
        );
        server
            .lines
            .wait_for(|line| line["target"] == "rf::access" && line["request_id"] == echoed);
    }
}

#[actix_web::test]
async fn the_id_is_echoed_on_errors_of_every_kind() {
    let server = server::start(routes);
    let client = reqwest::Client::new();
    for (path, status) in [("/nowhere", 404), ("/number/x", 404), ("/closed", 429)] {
        let answer = client
            .get(server.url(path))
            .header("x-request-id", "mine")
            .send()
            .await
            .expect("an answer");
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["x-request-id"]),
            (status, &"mine".parse().expect("text"))
        );
        let line = server.lines.access(path);
        assert_eq!(
            (&line["status"], &line["request_id"]),
            (&status.into(), &"mine".into())
        );
    }
    assert_eq!(server.lines.access("/closed")["error"], "too many");
}

#[actix_web::test]
async fn a_trace_is_continued_and_a_bad_one_replaced() {
    let server = server::start(routes);
    let client = reqwest::Client::new();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    for (sent, path, continued) in [
        (format!("00-{trace}-00f067aa0ba902b7-01"), "/a", true),
        (format!("00-{trace}-0000000000000000-01"), "/b", false),
    ] {
        client
            .get(server.url(path))
            .header("traceparent", sent)
            .send()
            .await
            .expect("an answer");
        let line = server.lines.access(path);
        assert_eq!(line["trace_id"] == trace, continued);
        assert_ne!(line["span_id"], "00f067aa0ba902b7");
    }
}

#[actix_web::test]
async fn without_request_ids_nothing_is_echoed_and_the_extractor_refuses() {
    let lines = server::Lines::default();
    let logger = rf::logging::Logger::builder()
        .format(rf::logging::Format::Json)
        .output(rf::logging::Output::custom(lines.clone()))
        .build()
        .expect("nothing to refuse");
    let app = actix_web::App::new()
        .wrap(logger.middleware())
        .configure(routes);
    let app = actix_web::test::init_service(app).await;
    let request = actix_web::test::TestRequest::get()
        .uri("/id")
        .insert_header(("x-request-id", "mine"))
        .to_request();
    let answer = actix_web::test::call_service(&app, request).await;
    assert_eq!(answer.status().as_u16(), 500);
    assert!(!answer.headers().contains_key("x-request-id"));
    drop(answer);
    logger.flush().expect("memory takes all lines");
    assert!(lines.access("/id").get("request_id").is_none());
}
