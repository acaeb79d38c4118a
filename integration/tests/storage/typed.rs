//! Disks that are types: what `#[derive(Disk)]` makes.

use crate::upload::{PNG, form};
use actix_web::{
    App, HttpResponse,
    dev::ServiceResponse,
    http::StatusCode,
    test::{TestRequest, call_service, init_service},
    web,
};
use rf::{
    Disk,
    storage::{
        DiskHandle, Disks, Error, SignedUrlOptions, StorageExt, StorageSettings, TypedDisk,
        UploadForm,
    },
};
use std::time::Duration;

#[derive(Disk)]
#[disk(
    name = "pictures",
    max_size = "1KiB",
    accept = "image/png, image/jpeg",
    naming = "hash"
)]
struct Pictures(DiskHandle);

#[derive(Disk)]
#[disk(name = "anything")]
struct Anything(DiskHandle);

#[derive(Disk)]
#[disk(name = "nowhere")]
struct Nowhere(DiskHandle);

async fn picture(pictures: Pictures, form: UploadForm) -> Result<HttpResponse, Error> {
    let kept = pictures.stage(form).await?.keep().await?;
    Ok(HttpResponse::Created().body(kept[0].key.to_string()))
}

async fn anything(anything: Anything, form: UploadForm) -> Result<HttpResponse, Error> {
    let kept = anything.stage(form).await?.keep().await?;
    Ok(HttpResponse::Created().body(kept[0].key.to_string()))
}

async fn nowhere(_: Nowhere) -> &'static str {
    "nothing of this is ever said"
}

fn disks() -> Disks {
    let settings = serde_json::json!({
        "default": "anything",
        "disks": { "pictures": { "driver": "memory" }, "anything": { "driver": "memory" } },
    });
    let settings: StorageSettings = serde_json::from_value(settings).unwrap();
    Disks::builder().settings(settings).build().unwrap()
}

async fn send(disks: &Disks, path: &str, content: &[u8]) -> ServiceResponse {
    let app = App::new()
        .configure(disks.state())
        .route("/picture", web::post().to(picture))
        .route("/anything", web::post().to(anything))
        .route("/nowhere", web::post().to(nowhere));
    let request = TestRequest::post()
        .uri(path)
        .insert_header(("content-type", "multipart/form-data; boundary=frontier"))
        .set_payload(form(&[("file", Some("me.png"), content)]));
    call_service(&init_service(app).await, request.to_request()).await
}

async fn text(response: ServiceResponse) -> String {
    let body = actix_web::test::read_body(response).await;
    String::from_utf8(body.to_vec()).unwrap()
}

/// A picture of `size` bytes.
fn png(size: usize) -> Vec<u8> {
    let mut picture = PNG.to_vec();
    picture.resize(size, 0);
    picture
}

#[actix_web::test]
async fn a_typed_disk_keeps_what_its_policy_allows() {
    let disks = disks();
    let response = send(&disks, "/picture", &png(1024)).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let key = text(response).await;
    assert_eq!(
        key.strip_suffix(".png").map(str::len),
        Some(64),
        "named by its SHA-256: {key}"
    );
    let pictures: Pictures = disks.require().unwrap();
    assert_eq!(pictures.get(&key).await.unwrap(), png(1024));
    let other: Anything = disks.require().unwrap();
    assert!(!other.exists(&key).await.unwrap(), "on its own disk only");
}

#[actix_web::test]
async fn a_typed_disk_refuses_what_is_too_large_or_of_another_type() {
    let disks = disks();
    for (content, status) in [
        (png(1025), StatusCode::PAYLOAD_TOO_LARGE),
        (
            b"<script>alert(1)</script>".to_vec(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        (
            b"%PDF-1.7 named me.png".to_vec(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
    ] {
        let response = send(&disks, "/picture", &content).await;
        assert_eq!(response.status(), status);
    }
    let other = send(&disks, "/anything", &png(1025)).await;
    assert_eq!(
        other.status(),
        StatusCode::CREATED,
        "the policy is the type's"
    );
}

#[actix_web::test]
async fn a_disk_that_is_not_configured_is_noticed_at_start() {
    let disks = disks();
    assert!(disks.require::<Pictures>().is_ok());
    let Err(Error::Config(text)) = disks.require::<Nowhere>() else {
        panic!("there is no such disk");
    };
    assert!(
        text.contains("\"nowhere\"") && text.contains("anything, pictures"),
        "{text}"
    );
    // Whoever did not look at start tells the caller nothing.
    let response = send(&disks, "/nowhere", b"").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!self::text(response).await.contains("nowhere"));
}

#[actix_web::test]
async fn an_upload_link_holds_to_the_policy_and_the_limit_it_was_signed_under() {
    let settings = serde_json::json!({
        "default": "anything",
        "disks": {
            "pictures": { "driver": "memory", "serve": "/pictures", "max_size": "1MiB" },
            "anything": { "driver": "memory", "serve": "/anything" },
        },
    });
    let settings: StorageSettings = serde_json::from_value(settings).unwrap();
    let builder = Disks::builder().url_key(b"a key for tests, 24 bytes");
    let disks = builder.settings(settings).build().unwrap();
    let app = App::new().configure(disks.state()).configure(rf::storage);
    let app = init_service(app).await;
    let put = async |link: &str, content: &[u8]| {
        let request = TestRequest::put()
            .uri(link)
            .set_payload(content.to_vec())
            .to_request();
        call_service(&app, request).await.status().as_u16()
    };
    let minute = Duration::from_secs(60);
    let pictures: Pictures = disks.require().unwrap();
    let mine = pictures.scoped("mine").unwrap();
    for link in [
        pictures.signed_upload_url("a", minute).await,
        mine.signed_upload_url("a", minute).await,
    ] {
        let link = link.unwrap().url;
        assert_eq!(put(&link, b"<script>alert(1)</script>").await, 415);
        assert_eq!(put(&link, &png(1025)).await, 413);
        assert_eq!(put(&link, &png(1024)).await, 201);
    }
    let jpeg = SignedUrlOptions::upload(minute).content_type("image/jpeg");
    let link = pictures.signed_url_with("b", jpeg).await.unwrap().url;
    assert_eq!(put(&link, &png(9)).await, 415);
    assert_eq!(put(&link, b"\xff\xd8\xff\xe0 a picture").await, 201);
    let text = SignedUrlOptions::upload(minute).content_type("text/plain");
    let refused = pictures.signed_url_with("c", text).await;
    assert!(
        matches!(refused, Err(Error::MediaType { .. })),
        "{refused:?}"
    );
    let long = SignedUrlOptions::upload(minute).content_length(1025);
    let refused = pictures.signed_url_with("c", long).await;
    assert!(matches!(refused, Err(Error::TooLarge { limit: 1024, .. })));
    let small = disks.default_disk().limited(3);
    let link = small.signed_upload_url("d", minute).await.unwrap().url;
    assert_eq!(put(&link, b"1234").await, 413);
    assert_eq!(put(&link, b"123").await, 201);
}

#[test]
fn the_derive_says_what_was_written() {
    assert_eq!(Pictures::NAME, "pictures");
    let disks = disks();
    let pictures: Pictures = disks.require().unwrap();
    assert_eq!(pictures.name(), "pictures");
    assert_eq!(pictures.max_size(), Some(1024));
    let anything: Anything = disks.require().unwrap();
    assert_eq!(anything.max_size(), None);
}
