//! Lines belong to the request under which they are logged, and to no other.

use crate::server;
use actix_web::web;
use rf::logging::{Log, RequestContext, slog};

async fn everywhere(log: Log, n: web::Path<u32>) -> String {
    let n = n.into_inner();
    rf::info!("in the handler"; "n" => n);
    tokio::task::yield_now().await;
    rf::info!("after an await"; "n" => n);
    rf::logging::spawn(async move {
        tokio::task::yield_now().await;
        rf::info!("in a task"; "n" => n);
    })
    .await
    .expect("the task ends");
    rf::logging::block(move || rf::info!("in a thread"; "n" => n))
        .await
        .expect("the thread ends");
    let context = RequestContext::current().expect("a request is being handled");
    std::thread::spawn(move || {
        slog::info!(log, "by the extractor"; "n" => n);
        context.run(|| log::info!(target: "a_library", "by the log crate {n}"));
    })
    .join()
    .expect("the thread ends");
    let _timed = rf::timed!("the rest");
    n.to_string()
}

fn routes(config: &mut web::ServiceConfig) {
    config.route("/{n}", web::get().to(everywhere));
}

#[actix_web::test]
async fn the_id_follows_a_request_everywhere_and_never_another() {
    let server = server::start(routes);
    let client = reqwest::Client::new();
    let requests = (0..20).map(|n| {
        client
            .get(server.url(&format!("/{n}")))
            .header("x-request-id", format!("id-{n}"))
            .send()
    });
    for answer in futures_util::future::join_all(requests).await {
        assert_eq!(answer.expect("an answer").status().as_u16(), 200);
    }
    for n in 0..20 {
        server.lines.access(&format!("/{n}"));
    }
    let lines = server.lines.all();
    for line in lines.iter().filter(|line| line["n"].is_u64()) {
        assert_eq!(line["request_id"], format!("id-{}", line["n"]), "{line}");
    }
    for message in [
        "in the handler",
        "after an await",
        "in a task",
        "in a thread",
        "by the extractor",
    ] {
        assert_eq!(
            lines
                .iter()
                .filter(|line| line["msg"] == message && line["n"].is_u64())
                .count(),
            20,
            "{message}"
        );
    }
    let timed: Vec<_> = lines.iter().filter(|line| line["msg"] == "timed").collect();
    assert_eq!(timed.len(), 20);
    assert!(timed.iter().all(|line| line["name"] == "the rest"
        && line["duration_ms"].is_f64()
        && line["request_id"].is_string()));
}

#[actix_web::test]
async fn outside_of_requests_there_is_no_context() {
    assert!(RequestContext::current().is_none());
}
