//! SIGTERM: drain, finish, flush, exit 0.

use super::app::{App, client};
use rustix::process::Signal;
use std::collections::HashSet;

#[tokio::test]
async fn readiness_falls_while_all_is_still_served() {
    let mut app = App::start_with(&[("RF_SERVER__DRAIN", "2s")]);
    let http = client();
    app.signal(Signal::TERM);
    let ready = loop {
        let answer = http.get(app.url("/health/ready")).send().await.unwrap();
        if answer.status() != 200 {
            break answer;
        }
    };
    assert_eq!(ready.status(), 503);
    assert!(ready.text().await.unwrap().contains("draining"));
    assert_eq!(
        http.get(app.url("/health/live"))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(app.wait().code(), Some(0));
}

#[tokio::test]
async fn under_load_requests_in_flight_end_and_every_access_line_is_there() {
    let mut app = App::start_with(&[("RF_SERVER__DRAIN", "100ms")]);
    let token = app.service_token("files:read files:write").await;
    let (started, mut first) = tokio::sync::mpsc::channel(64);
    let loads = (0..8).map(|lane| {
        let (url, token, started) = (app.base.clone(), token.clone(), started.clone());
        tokio::spawn(async move {
            let http = client();
            let mut answered = Vec::new();
            for number in 0.. {
                let id = format!("load-{lane}-{number}");
                let request = http
                    .put(format!("{url}/api/files/{lane}"))
                    .bearer_auth(&token)
                    .header("x-request-id", &id)
                    .body(vec![7; 100_000]);
                match request.send().await {
                    Ok(answer) if answer.status().is_success() => answered.push(id),
                    // Once the server has gone nothing answers; an answer is never an error.
                    Ok(answer) => panic!("{}", answer.status()),
                    Err(_) => break,
                }
                let _ = started.try_send(());
            }
            answered
        })
    });
    let loads: Vec<_> = loads.collect();
    for _ in 0..40 {
        first.recv().await;
    }
    app.signal(Signal::TERM);
    let mut answered = HashSet::new();
    for load in loads {
        answered.extend(load.await.unwrap());
    }
    assert_eq!(app.wait().code(), Some(0));
    let logged: HashSet<String> = app
        .log()
        .iter()
        .filter_map(|line| Some(line.get("request_id")?.as_str()?.to_owned()))
        .collect();
    let missing: Vec<_> = answered.difference(&logged).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(answered.len() >= 40);
}

#[tokio::test]
async fn an_upload_in_the_middle_of_its_body_ends_well() {
    let mut app = App::start_with(&[("RF_SERVER__DRAIN", "100ms")]);
    let token = app.service_token("files:read files:write").await;
    let (more, body) = tokio::sync::mpsc::channel::<Result<Vec<u8>, std::io::Error>>(1);
    let body =
        futures_util::stream::unfold(
            body,
            |mut body| async move { Some((body.recv().await?, body)) },
        );
    let upload = client()
        .put(app.url("/api/files/slow"))
        .bearer_auth(&token)
        .body(reqwest::Body::wrap_stream(body));
    let upload = tokio::spawn(upload.send());
    more.send(Ok(vec![1; 300_000])).await.unwrap();
    more.send(Ok(vec![2; 300_000])).await.unwrap();
    app.signal(Signal::TERM);
    // The listening socket closes when draining is over: only then does the rest of the body follow.
    while tokio::net::TcpStream::connect(app.base.trim_start_matches("http://"))
        .await
        .is_ok()
    {
        tokio::task::yield_now().await;
    }
    more.send(Ok(vec![3; 300_000])).await.unwrap();
    drop(more);
    assert_eq!(upload.await.unwrap().unwrap().status(), 201);
    assert_eq!(app.wait().code(), Some(0));
}

#[tokio::test]
async fn sighup_opens_a_renamed_log_file_again_and_the_service_goes_on() {
    let mut app = App::start();
    let log = app.dir.path().join("app.log");
    std::fs::rename(&log, app.dir.path().join("app.log.1")).unwrap();
    app.signal(Signal::HUP);
    // Made by the signal: nothing is logged meanwhile that would notice.
    let begun = std::time::Instant::now();
    while !log.exists() {
        assert!(begun.elapsed().as_secs() < 20, "nobody opens it");
        tokio::task::yield_now().await;
    }
    let live = client().get(app.url("/health/live")).send().await.unwrap();
    assert_eq!(live.status(), 200);
    app.signal(Signal::TERM);
    assert_eq!(app.wait().code(), Some(0));
    let text = std::fs::read_to_string(log).unwrap();
    assert!(text.contains("\"path\":\"/health/live\""), "{text}");
}
