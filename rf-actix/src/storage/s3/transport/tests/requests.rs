//! Requests as the service sees them.

use super::*;
use crate::storage::s3::script::answer;
use bytes::Bytes;
use rusoto_s3::{ListObjectsV2Request, PutObjectRequest, StreamingBody};
use std::collections::HashMap;

fn put(key: &str) -> PutObjectRequest {
    PutObjectRequest {
        bucket: "photos".to_owned(),
        key: key.to_owned(),
        content_length: Some(2),
        body: Some(StreamingBody::from(b"hi".to_vec())),
        ..PutObjectRequest::default()
    }
}

#[tokio::test]
async fn a_session_token_is_sent_and_signed() {
    let script = Script::start(vec![answer(200, &[], "")]);
    let config = S3Config {
        session_token: Some("a token".into()),
        ..config(&script)
    };
    get(&transport(&config)).await.unwrap();
    let seen = script.seen().remove(0);
    assert_eq!(seen.header("x-amz-security-token"), "a token");
    let signed = seen.header("authorization");
    assert!(signed.contains("x-amz-security-token,"), "{signed}");
    assert!(signed.contains("/us-east-1/s3/aws4_request,"), "{signed}");
}

#[tokio::test]
async fn awkward_keys_are_encoded_once_behind_the_path_of_the_endpoint() {
    let script = Script::start(vec![answer(200, &[], ""), answer(200, &[], "")]);
    let config = S3Config {
        endpoint: Some(format!("{}/some path/", script.url())),
        ..config(&script)
    };
    let client = transport(&config).client();
    client
        .put_object(put("a b/+%2F?#&='()*~é.txt"))
        .await
        .unwrap();
    let list = ListObjectsV2Request {
        bucket: "photos".to_owned(),
        prefix: Some("a b/".to_owned()),
        ..ListObjectsV2Request::default()
    };
    let _ = client.list_objects_v2(list).await;
    let seen = script.seen();
    assert_eq!(
        seen[0].line,
        "PUT /some%20path/photos/a%20b/%2B%252F%3F%23%26%3D%27%28%29%2A~%C3%A9.txt HTTP/1.1"
    );
    assert_eq!(
        seen[1].line,
        "GET /some%20path/photos?list-type=2&prefix=a%20b%2F HTTP/1.1"
    );
}

#[tokio::test]
async fn headers_are_added_before_signing_and_hold_no_runs_of_spaces() {
    let script = Script::start(vec![answer(200, &[], "")]);
    let client = transport(&config(&script)).client_with(vec![("If-None-Match", "*".to_owned())]);
    let request = PutObjectRequest {
        metadata: Some(HashMap::from([("note".to_owned(), "a   b ".to_owned())])),
        ..put("a.txt")
    };
    client.put_object(request).await.unwrap();
    let seen = script.seen().remove(0);
    assert_eq!(seen.header("if-none-match"), "*");
    assert_eq!(seen.header("x-amz-meta-note"), "a b");
    let signed = seen.header("authorization");
    assert!(signed.contains(";if-none-match;"), "{signed}");
    assert!(signed.contains(";x-amz-meta-note,"), "{signed}");
}

#[tokio::test]
async fn what_cannot_be_sent_twice_is_not_sent_at_all() {
    let script = Script::start(vec![answer(200, &[], "")]);
    let client = transport(&config(&script)).client();
    let endless = PutObjectRequest {
        content_length: None,
        body: Some(StreamingBody::new(futures_util::stream::once(async {
            Ok(Bytes::from_static(b"hi"))
        }))),
        ..put("a.txt")
    };
    let short = PutObjectRequest {
        content_length: None,
        body: Some(StreamingBody::new_with_size(
            futures_util::stream::once(async { Ok(Bytes::from_static(b"hi")) }),
            3,
        )),
        ..put("a.txt")
    };
    let split = PutObjectRequest {
        content_type: Some("text/plain\r\nx-evil: yes".to_owned()),
        ..put("a.txt")
    };
    let elsewhere = PutObjectRequest {
        bucket: "photos-of-others".to_owned(),
        ..put("a.txt")
    };
    for request in [endless, short, split, elsewhere] {
        let error = client.put_object(request).await.unwrap_err();
        assert_eq!(outage(&error), Some(Outage::Request), "{error}");
    }
    assert_eq!(script.seen().len(), 0);
}

#[tokio::test]
async fn without_credentials_nothing_is_sent() {
    let script = Script::start(vec![answer(200, &[], "")]);
    let config = S3Config {
        access_key: None,
        secret_key: None,
        ..config(&script)
    };
    let environment = |name: &str| (name == "AWS_EC2_METADATA_DISABLED").then(|| "true".to_owned());
    let transport = Transport::new(&config, Arc::new(environment)).unwrap();
    let error = get(&transport).await.unwrap_err();
    assert_eq!(outage(&error), Some(Outage::Credentials));
    assert!(error.to_string().contains("write access_key"), "{error}");
    assert_eq!(script.seen().len(), 0);
}
