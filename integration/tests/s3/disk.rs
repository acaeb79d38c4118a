//! A disk on S3 in an application: served by ranges, shared by links.

use crate::fault::{FaultServer, MIB, Op, assert_same, pattern};
use actix_web::{
    App, HttpRequest, HttpResponse,
    dev::{Service, ServiceResponse},
    test::{TestRequest, init_service},
    web,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use rf::storage::{
    DiskHandle, Disks, Error, SignedUrlOptions, StorageExt, StorageSettings, request_key,
};
use std::time::Duration;

/// The disk `photos` on that server, its links answered by S3 or, with a path, by the application.
fn disks(server: &FaultServer, serve: Option<&str>) -> Disks {
    let mut settings = StorageSettings::default();
    if serve.is_some() {
        let rules = serde_json::json!({ "driver": "memory", "serve": serve });
        let rules = serde_json::from_value(rules).unwrap();
        settings.disks.insert("photos".to_owned(), rules);
    }
    Disks::builder()
        .settings(settings)
        .url_key(b"a key for tests, 24 bytes")
        .disk("photos", server.storage())
        .build()
        .unwrap()
}

async fn get(request: HttpRequest, disk: DiskHandle) -> Result<HttpResponse, Error> {
    disk.response(&request, request_key(&request, "key")?).await
}

async fn send(disks: &Disks, request: TestRequest) -> ServiceResponse {
    let app = App::new()
        .configure(disks.state())
        .configure(rf::storage)
        .route("/api/{key:.*}", web::get().to(get));
    let app = init_service(app).await;
    app.call(request.to_request()).await.unwrap()
}

#[actix_web::test]
async fn links_that_s3_signs_hold_to_the_limit_of_the_disk() {
    let server = FaultServer::start();
    let hour = Duration::from_secs(3600);
    let disk = disks(&server, None).disk("photos").unwrap().limited(9);
    let link = disk.signed_upload_url("a", hour).await;
    assert!(
        matches!(&link, Err(Error::Unsupported { op }) if op.contains("form")),
        "S3 cannot hold a PUT to a largest size: {link:?}"
    );
    let exact = |bytes| SignedUrlOptions::upload(hour).content_length(bytes);
    disk.signed_url_with("a", exact(9)).await.unwrap();
    let long = disk.signed_url_with("a", exact(10)).await;
    assert!(matches!(long, Err(Error::TooLarge { limit: 9, .. })));
    for (asked, signed) in [(None, 9), (Some(5), 5), (Some(10), 9)] {
        let form = SignedUrlOptions::form(hour);
        let form = asked.into_iter().fold(form, SignedUrlOptions::max_size);
        let form = disk.signed_url_with("a", form).await.unwrap();
        let (_, policy) = form
            .fields
            .iter()
            .find(|(name, _)| name == "policy")
            .unwrap();
        let policy = BASE64_STANDARD.decode(policy).unwrap();
        let policy: serde_json::Value = serde_json::from_slice(&policy).unwrap();
        let range = serde_json::json!(["content-length-range", 0, signed]);
        let conditions = policy["conditions"].as_array().unwrap();
        assert!(conditions.contains(&range), "{policy}");
    }
    disk.signed_url("a", hour).await.unwrap();
}

#[actix_web::test]
async fn a_range_of_a_client_is_a_range_of_s3() {
    let server = FaultServer::start();
    let disks = disks(&server, None);
    let disk = disks.disk("photos").unwrap();
    disk.put("a.bin", pattern(17 * MIB)).await.unwrap();
    server.ops();
    let request = TestRequest::get().uri("/api/a.bin");
    let answer = send(
        &disks,
        request.insert_header(("range", "bytes=9000000-9000009")),
    )
    .await;
    assert_eq!(answer.status(), 206);
    let told = answer
        .headers()
        .get("content-range")
        .unwrap()
        .to_str()
        .unwrap();
    assert_eq!(told, format!("bytes 9000000-9000009/{}", 17 * MIB));
    let body = actix_web::test::read_body(answer).await;
    assert_eq!(body, pattern(17 * MIB)[9_000_000..9_000_010]);
    for get in server.seen(Op::Get) {
        let range = get.header("range").expect("a range");
        let (first, last) = range[6..].split_once('-').unwrap();
        let (first, last): (u64, u64) = (first.parse().unwrap(), last.parse().unwrap());
        assert!(last - first < 64 * 1024, "asked for {range}");
    }
}

#[actix_web::test]
async fn a_whole_file_is_served_with_the_tag_of_s3() {
    let server = FaultServer::start();
    let disks = disks(&server, None);
    let disk = disks.disk("photos").unwrap();
    let etag = disk.put("a.txt", "hello").await.unwrap().metadata.etag;
    let answer = send(&disks, TestRequest::get().uri("/api/a.txt")).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(
        answer.headers().get("etag").unwrap().to_str().unwrap(),
        etag.to_string()
    );
    assert_eq!(actix_web::test::read_body(answer).await, "hello");
    let request = TestRequest::get().uri("/api/a.txt");
    let known = request.insert_header(("if-none-match", etag.to_string()));
    let answer = send(&disks, known).await;
    assert_eq!(answer.status(), 304);
    let answer = send(&disks, TestRequest::get().uri("/api/none")).await;
    assert_eq!(answer.status(), 404);
}

#[actix_web::test]
async fn without_a_path_of_its_own_a_disk_shares_links_of_s3() {
    let server = FaultServer::start();
    let disks = disks(&server, None);
    let disk = disks.disk("photos").unwrap();
    disk.put("a b.txt", "hello").await.unwrap();
    let link = disk.signed_url("a b.txt", Duration::from_secs(60)).await;
    let link = link.unwrap().url;
    assert!(link.starts_with(&format!("http://{}/bucket/", server.address)));
    let answer = reqwest::get(link).await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "hello");
}

#[actix_web::test]
async fn with_a_path_of_its_own_a_disk_answers_its_links_itself() {
    let server = FaultServer::start();
    let disks = disks(&server, Some("/files"));
    let disk = disks.disk("photos").unwrap();
    disk.put("a b.bin", pattern(6 * MIB)).await.unwrap();
    let link = disk.signed_url("a b.bin", Duration::from_secs(60)).await;
    let link = link.unwrap().url;
    assert!(link.starts_with("/files/"), "{link}");
    let answer = send(&disks, TestRequest::get().uri(&link)).await;
    assert_eq!(answer.status(), 200);
    assert_same(&actix_web::test::read_body(answer).await, &pattern(6 * MIB));
    let changed = link.replace("expires=", "expires=1");
    let answer = send(&disks, TestRequest::get().uri(&changed)).await;
    assert_eq!(answer.status(), 403);
}
