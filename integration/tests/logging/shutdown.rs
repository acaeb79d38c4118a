//! No line is lost when the server stops.

use crate::server;
use actix_web::{HttpResponse, web};
use futures_util::stream;
use std::{convert::Infallible, time::Duration};

fn routes(config: &mut web::ServiceConfig) {
    config.route(
        "/{n}",
        web::get().to(async || {
            rf::info!("begun");
            let parts = stream::unfold(0, async |n| {
                tokio::time::sleep(Duration::from_millis(5)).await;
                (n < 10).then(|| (Ok::<_, Infallible>(web::Bytes::from_static(b"part")), n + 1))
            });
            HttpResponse::Ok().streaming(parts)
        }),
    );
}

#[actix_web::test]
async fn requests_in_flight_at_the_stop_have_their_access_lines_after_shutdown() {
    let server = server::start(routes);
    let client = reqwest::Client::new();
    let requests: Vec<_> = (0..10)
        .map(|n| {
            let request = client.get(server.url(&format!("/{n}"))).send();
            actix_web::rt::spawn(async { request.await?.bytes().await })
        })
        .collect();
    let lines = server.lines.clone();
    web::block(move || lines.wait_for_many(10, |line| line["msg"] == "begun"))
        .await
        .expect("all have begun");
    server.handle.stop(true).await;
    server
        .running
        .await
        .expect("it stops")
        .expect("without an error");
    server.logger.shutdown().expect("memory takes all lines");
    for request in requests {
        assert_eq!(
            request.await.expect("it ends").expect("a whole body").len(),
            40
        );
    }
    assert_eq!(
        server
            .lines
            .count(|line| line["target"] == "rf::access" && line.get("outcome").is_none()),
        10
    );
    let stats = server.logger.stats();
    assert_eq!((stats.delivered(), stats.dropped()), (20, 0));
}

#[actix_web::test]
async fn requests_cut_off_at_the_stop_have_their_access_lines_too() {
    let server = server::start(|config| {
        config.route(
            "/",
            web::get().to(async || {
                rf::info!("begun");
                HttpResponse::Ok().streaming(stream::pending::<Result<web::Bytes, Infallible>>())
            }),
        );
    });
    let _open = server.send("GET / HTTP/1.1");
    let lines = server.lines.clone();
    web::block(move || lines.wait_for(|line| line["msg"] == "begun"))
        .await
        .expect("it has begun");
    server.handle.stop(false).await;
    server
        .running
        .await
        .expect("it stops")
        .expect("without an error");
    let logger = server.logger.clone();
    web::block(move || logger.shutdown())
        .await
        .expect("it ends")
        .expect("memory takes all lines");
    let line = server.lines.access("/");
    assert_eq!(
        (&line["status"], &line["outcome"]),
        (&200.into(), &"disconnect".into())
    );
}
