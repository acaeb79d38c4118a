//! Answers on their way, and who reads them.

use super::*;
use crate::storage::s3::{
    script::{Reply, answer},
    transport::classify_io,
};
use futures_util::StreamExt;
use rusoto_s3::HeadObjectRequest;

fn front(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

/// The bytes that came, and why no more did.
async fn read(found: GetObjectOutput) -> (Vec<u8>, Option<Outage>) {
    let mut body = found.body.unwrap();
    let mut bytes = Vec::new();
    while let Some(chunk) = body.next().await {
        match chunk {
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(error) => return (bytes, Some(classify_io(&error))),
        }
    }
    (bytes, None)
}

#[tokio::test]
async fn a_body_shorter_than_announced_is_an_error() {
    let script = Script::start(vec![Reply::Break(front(
        "HTTP/1.1 200 OK\nContent-Length: 10\n\nhello",
    ))]);
    let found = get(&transport(&config(&script))).await.unwrap();
    assert_eq!(
        read(found).await,
        (b"hello".to_vec(), Some(Outage::Unreachable))
    );
}

#[tokio::test]
async fn a_body_that_stops_is_a_timeout() {
    let script = Script::start(vec![Reply::Hold(front(
        "HTTP/1.1 200 OK\nContent-Length: 10\n\nhello",
    ))]);
    let found = get(&transport(&impatient(&script))).await.unwrap();
    assert_eq!(
        read(found).await,
        (b"hello".to_vec(), Some(Outage::Timeout))
    );
}

#[tokio::test]
async fn a_body_outlives_the_transport_it_came_by() {
    let script = Script::start(vec![answer(200, &[], "hello")]);
    let transport = transport(&config(&script));
    let found = get(&transport).await.unwrap();
    drop(transport);
    assert_eq!(read(found).await, (b"hello".to_vec(), None));
}

#[tokio::test]
async fn headers_that_are_no_text_or_no_number_do_no_harm() {
    let mut bytes = front("HTTP/1.1 200 OK\nContent-Length: 2\nx-amz-delete-marker: True\n");
    bytes.extend_from_slice(b"x-amz-missing-meta: many\r\nx-amz-meta-odd: \xff\xfe\r\n\r\n");
    let script = Script::start(vec![Reply::Send(bytes)]);
    let request = HeadObjectRequest {
        bucket: "photos".to_owned(),
        key: "a.txt".to_owned(),
        ..HeadObjectRequest::default()
    };
    let found = transport(&config(&script))
        .client()
        .head_object(request)
        .await
        .unwrap();
    assert_eq!(found.content_length, Some(2));
    assert_eq!(found.delete_marker, None);
    assert!(found.metadata.unwrap().contains_key("odd"));
}

#[tokio::test]
async fn a_request_ends_with_whoever_waited_for_it() {
    let script = Script::start(vec![Reply::Hold(front(
        "HTTP/1.1 200 OK\nContent-Length: 10\n\n",
    ))]);
    let transport = transport(&config(&script));
    let found = get(&transport).await.unwrap();
    drop(found);
    script.left.recv_timeout(Duration::from_secs(10)).unwrap();

    let silent = Script::start(vec![Reply::Hold(Vec::new())]);
    let waiting = super::transport(&config(&silent));
    let task = waiting.spawn({
        let waiting = waiting.clone();
        async move { get(&waiting).await.is_ok() }
    });
    while silent.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(task);
    silent.left.recv_timeout(Duration::from_secs(10)).unwrap();
}

#[test]
fn connections_outlive_the_runtime_they_were_asked_for_on() {
    let script = Script::start(vec![answer(200, &[], "one"), answer(200, &[], "two")]);
    let transport = transport(&config(&script));
    for text in ["one", "two"] {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let (bytes, broken) = runtime.block_on(async {
            // No clock of tokio's here: the transport has its own.
            read(get(&transport).await.unwrap()).await
        });
        assert_eq!((bytes.as_slice(), broken), (text.as_bytes(), None));
    }
}

#[test]
fn detached_work_is_finished_without_anybody_waiting() {
    let script = Script::start(vec![answer(200, &[], "")]);
    let transport = transport(&config(&script));
    let (done, told) = std::sync::mpsc::channel();
    let work = transport.clone();
    transport
        .spawn(async move { done.send(get(&work).await.is_ok()) })
        .detach();
    drop(transport);
    assert_eq!(told.recv_timeout(Duration::from_secs(10)), Ok(true));
}
