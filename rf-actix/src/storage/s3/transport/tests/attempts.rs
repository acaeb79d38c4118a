//! What is tried again, and what is not.

use super::*;
use crate::storage::s3::{
    script::{Reply, answer, refusal},
    transport::ATTEMPTS,
};
use futures_util::future::select;
use rusoto_s3::{PutObjectRequest, StreamingBody};
use std::{
    net::TcpListener,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Instant, SystemTime},
};

#[tokio::test]
async fn a_burst_of_failures_is_survived() {
    let script = Script::start(vec![
        refusal(503, "SlowDown"),
        refusal(500, "InternalError"),
        answer(200, &[], "hello"),
    ]);
    let found = get(&transport(&config(&script))).await.unwrap();
    assert_eq!(found.content_length, Some(5));
    assert_eq!(script.seen().len(), 3);
}

#[tokio::test]
async fn a_refusal_is_not_tried_again() {
    for (code, name) in [
        (403, "AccessDenied"),
        (400, "InvalidArgument"),
        (412, "PreconditionFailed"),
    ] {
        let script = Script::start(vec![refusal(code, name), answer(200, &[], "")]);
        let error = get(&transport(&config(&script))).await.unwrap_err();
        assert_eq!(status(&error), code);
        assert_eq!(script.seen().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn the_last_answer_of_a_failing_service_is_the_callers() {
    let script = Script::start((0..4).map(|_| refusal(503, "SlowDown")).collect());
    let error = get(&transport(&config(&script))).await.unwrap_err();
    let RusotoError::Unknown(response) = error else {
        panic!("{error:?}");
    };
    assert_eq!(response.status.as_u16(), 503);
    assert!(response.body_as_str().contains("SlowDown"));
    assert_eq!(
        response.headers.get(ATTEMPTS).map(String::as_str),
        Some("3")
    );
    assert_eq!(script.seen().len(), 3);
}

#[tokio::test]
async fn a_service_that_says_when_to_come_back_is_not_asked_before() {
    let script = Script::start(vec![
        answer(503, &[("retry-after", "1")], ""),
        answer(200, &[], "hello"),
    ]);
    let start = Instant::now();
    get(&transport(&config(&script))).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_pause_that_ends_after_the_deadline_is_not_begun() {
    let script = Script::start(vec![answer(429, &[("retry-after", "3600")], "")]);
    let error = get(&transport(&config(&script))).await.unwrap_err();
    assert_eq!(status(&error), 429);
}

#[tokio::test]
async fn a_pause_that_no_clock_can_count_is_not_begun() {
    let endless = u64::MAX.to_string();
    let script = Script::start(vec![answer(503, &[("retry-after", &endless)], "")]);
    let error = get(&transport(&config(&script))).await.unwrap_err();
    assert_eq!(status(&error), 503);
    assert_eq!(script.seen().len(), 1);
}

#[tokio::test]
async fn a_body_is_sent_again_byte_for_byte() {
    let script = Script::start(vec![
        Reply::Break(Vec::new()),
        refusal(400, "RequestTimeout"),
        answer(200, &[("etag", "\"x\"")], ""),
    ]);
    let body: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251) as u8).collect();
    let request = PutObjectRequest {
        bucket: "photos".to_owned(),
        key: "a.bin".to_owned(),
        content_length: Some(1_000_000),
        body: Some(StreamingBody::from(body.clone())),
        ..PutObjectRequest::default()
    };
    transport(&config(&script))
        .client()
        .put_object(request)
        .await
        .unwrap();
    let seen = script.seen();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|seen| seen.body == body));
    assert!(
        seen.iter()
            .all(|seen| seen.header("content-length") == "1000000")
    );
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let script = Script::start(vec![Reply::Hold(Vec::new())]);
    let error = get(&transport(&impatient(&script))).await.unwrap_err();
    assert_eq!(outage(&error), Some(Outage::Timeout));
}

#[tokio::test]
async fn the_deadline_ends_all_attempts_together() {
    let script = Script::start(vec![Reply::Hold(Vec::new())]);
    let config = S3Config {
        deadline: Duration::from_millis(50),
        ..config(&script)
    };
    let error = get(&transport(&config)).await.unwrap_err();
    assert_eq!(outage(&error), Some(Outage::Timeout));
    assert_eq!(script.seen().len(), 1);
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let script = Script::start(Vec::new());
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let config = S3Config {
        endpoint: Some(format!("http://{free}")),
        attempts: 2,
        ..config(&script)
    };
    let error = get(&transport(&config)).await.unwrap_err();
    assert_eq!(outage(&error), Some(Outage::Unreachable));
}

#[tokio::test]
async fn a_wrong_clock_is_set_once_from_the_answer() {
    let ahead = SystemTime::now() + Duration::from_secs(3600);
    let date = httpdate::fmt_http_date(ahead);
    let skewed = || {
        answer(
            403,
            &[("date", &date)],
            "<Error><Code>RequestTimeTooSkewed</Code></Error>",
        )
    };
    let script = Script::start(vec![skewed(), answer(200, &[], "")]);
    let transport = transport(&config(&script));
    get(&transport).await.unwrap();
    assert!(transport.now() > ahead - Duration::from_secs(60));
    let seen = script.seen();
    assert!(seen[0].header("x-amz-date") < seen[1].header("x-amz-date"));

    let stubborn = Script::start(vec![skewed(), skewed(), answer(200, &[], "")]);
    let error = get(&super::transport(&config(&stubborn)))
        .await
        .unwrap_err();
    assert_eq!(status(&error), 403);
    assert_eq!(stubborn.seen().len(), 2);
}

#[tokio::test]
async fn a_clock_that_another_request_has_set_meanwhile_is_no_refusal() {
    let ahead = SystemTime::now() + Duration::from_secs(3600);
    let date = httpdate::fmt_http_date(ahead);
    let body = "<Error><Code>RequestTimeTooSkewed</Code></Error>";
    let Reply::Send(skewed) = answer(403, &[("date", &date)], body) else {
        unreachable!("that is what an answer is");
    };
    let (tell, told) = std::sync::mpsc::channel();
    let script = Script::start(vec![
        Reply::Wait(told, skewed.clone()),
        Reply::Send(skewed),
        answer(200, &[], ""),
        answer(200, &[], ""),
    ]);
    let transport = transport(&config(&script));
    let (one, other) = (Box::pin(get(&transport)), Box::pin(get(&transport)));
    // Whichever came second is through first, and has set the clock.
    let (quick, slow) = select(one, other).await.factor_first();
    quick.unwrap();
    tell.send(()).unwrap();
    slow.await.unwrap();
    let off = transport.now().duration_since(ahead).unwrap_or_default();
    assert!(off < Duration::from_secs(1800), "it was set twice");
    assert!(transport.now() > ahead - Duration::from_secs(1800));
}

#[tokio::test]
async fn expired_credentials_are_renewed_once() {
    let script = Script::start(vec![
        refusal(400, "ExpiredToken"),
        answer(200, &[], ""),
        refusal(400, "ExpiredToken"),
        refusal(400, "ExpiredToken"),
        answer(200, &[], ""),
    ]);
    let config = S3Config {
        access_key: None,
        secret_key: None,
        ..config(&script)
    };
    let asked = AtomicUsize::new(0);
    let environment = move |name: &str| match name {
        "AWS_ACCESS_KEY_ID" => Some(format!("KEY{}", asked.fetch_add(1, Ordering::SeqCst))),
        "AWS_SECRET_ACCESS_KEY" => Some("a secret".to_owned()),
        _ => None,
    };
    let transport = Transport::new(&config, Arc::new(environment)).unwrap();
    get(&transport).await.unwrap();
    assert_eq!(status(&get(&transport).await.unwrap_err()), 400);
    let seen = script.seen();
    let keys: Vec<bool> = ["KEY0/", "KEY1/", "KEY1/", "KEY2/"]
        .iter()
        .zip(&seen)
        .map(|(key, seen)| seen.header("authorization").contains(key))
        .collect();
    assert_eq!(keys, [true; 4]);
    assert_eq!(seen.len(), 4);
}
