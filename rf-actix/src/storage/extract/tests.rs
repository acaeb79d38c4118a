#![allow(clippy::unwrap_used, reason = "tests")]

use super::{DiskHandle, TypedDisk, UploadPolicy, request_key, typed_disk};
use crate::storage::{Disks, Error, MemoryStorage, StorageExt};
use actix_web::{
    App, HttpRequest, HttpResponse,
    test::{TestRequest, call_service, init_service, read_body},
    web,
};

struct Small(DiskHandle);

impl TypedDisk for Small {
    const NAME: &'static str = "small";
    fn policy() -> UploadPolicy {
        UploadPolicy::new().max_size(4)
    }
    fn from_handle(handle: DiskHandle) -> Self {
        Self(handle)
    }
    fn handle(&self) -> &DiskHandle {
        &self.0
    }
}

fn disks(name: &str) -> Disks {
    Disks::builder()
        .disk(name, MemoryStorage::new())
        .build()
        .unwrap()
}

#[actix_web::test]
async fn a_typed_disk_carries_its_policy() {
    let disks = disks("small");
    let request = TestRequest::default()
        .app_data(web::Data::new(disks.clone()))
        .to_http_request();
    let small: Small = typed_disk(&request).unwrap();
    assert!(matches!(
        small.handle().put("a", "12345").await,
        Err(Error::TooLarge { .. })
    ));
    small.handle().put("a", "1234").await.unwrap();
    assert!(disks.require::<Small>().is_ok());
}

#[actix_web::test]
async fn a_missing_disk_is_noticed_at_start() {
    let error = disks("other").require::<Small>().err().unwrap().to_string();
    assert!(
        error.contains("\"small\"") && error.contains("other"),
        "{error}"
    );
}

#[actix_web::test]
async fn a_missing_handle_tells_the_client_nothing() {
    let handler = |_: DiskHandle| async { HttpResponse::Ok() };
    let app = init_service(App::new().route("/", web::get().to(handler))).await;
    let response = call_service(&app, TestRequest::get().uri("/").to_request()).await;
    assert_eq!(response.status(), 500);
    assert!(read_body(response).await.is_empty());
}

#[actix_web::test]
async fn a_key_is_found_wherever_it_stands_in_the_route() {
    async fn show(request: HttpRequest) -> Result<String, Error> {
        Ok(request_key(&request, "key")?.to_string())
    }
    let app = init_service(
        App::new()
            .service(web::scope("/scope/{who}").route("/files/{key:.*}/link", web::get().to(show)))
            .route("/other/{name}", web::get().to(show))
            .route("/part-{key}", web::get().to(show)),
    )
    .await;
    for (sent, found) in [
        ("/scope/me/files/a/b%2520c/link", Some("a/b%20c")),
        ("/scope/%6de%2Fx/files/a%20b/link", Some("a b")),
        ("/scope/me/files/link/link", Some("link")),
        ("/scope/me/files/a%2Fb/link", None),
        ("/other/x", None),
        ("/part-x", None),
    ] {
        let response = call_service(&app, TestRequest::get().uri(sent).to_request()).await;
        match found {
            Some(key) => assert_eq!(read_body(response).await, key, "{sent}"),
            None => assert_eq!(response.status(), 400, "{sent}"),
        }
    }
}
