//! Files as fields of `#[derive(MultipartForm)]` structs, judged by the policy of a typed disk.

use crate::upload::{PNG, Part, form};
use actix_multipart::form::{MultipartForm, text::Text};
use actix_web::{
    App, HttpResponse,
    dev::ServiceResponse,
    test::{TestRequest, call_service, init_service, read_body},
    web,
};
use rf::{
    Disk,
    storage::{DiskHandle, Disks, Error, LocalStorage, StagedFile, StorageExt},
};
use tempfile::TempDir;

const ELF: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0";

#[derive(Disk)]
#[disk(
    name = "avatars",
    max_size = "100KiB",
    accept = "image/*, text/plain",
    max_width = 300,
    max_height = 200,
    naming = "dated"
)]
struct Avatars(DiskHandle);

#[derive(Disk)]
#[disk(name = "avatars", accept = "image/*", max_width = 300, naming = "hash")]
struct Pictures(DiskHandle);

#[derive(MultipartForm)]
struct Optional {
    picture: StagedFile<Pictures>,
}

async fn save_if_any(MultipartForm(form): MultipartForm<Optional>) -> Result<HttpResponse, Error> {
    let picture = form.picture;
    let told = format!("{} {:?}", picture.is_left_empty(), picture.name());
    let kept = picture.keep().await;
    Ok(HttpResponse::Ok().body(match kept {
        Ok(_) => told,
        Err(error) => format!("{told} {error}"),
    }))
}

#[derive(MultipartForm)]
#[multipart(deny_unknown_fields)]
struct Profile {
    #[multipart(limit = "90KiB")]
    picture: StagedFile<Avatars>,
    more: Vec<StagedFile<Avatars>>,
    age: Text<u8>,
    drop: Option<Text<String>>,
}

async fn save(MultipartForm(profile): MultipartForm<Profile>) -> Result<HttpResponse, Error> {
    if profile.drop.is_some() {
        return Ok(HttpResponse::Accepted().finish());
    }
    let picture = &profile.picture;
    let told = format!(
        "{} {} {} {}",
        picture.sent_name(),
        picture.content_type(),
        picture.size(),
        profile.age.0
    );
    let kept = profile.picture.keep().await?;
    for file in profile.more {
        if !file.is_left_empty() {
            let key = format!("more/{}", file.sent_name());
            file.keep_as(key).await?;
        }
    }
    Ok(HttpResponse::Created().body(format!("{told} {}", kept.key)))
}

struct Local {
    folder: TempDir,
    disks: Disks,
}

impl Local {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let storage = LocalStorage::new(folder.path()).unwrap();
        let disks = Disks::builder().disk("avatars", storage).build().unwrap();
        Self { folder, disks }
    }

    async fn send(&self, parts: &[Part<'_>]) -> ServiceResponse {
        self.send_bytes(form(parts)).await
    }

    async fn send_bytes(&self, body: Vec<u8>) -> ServiceResponse {
        self.send_bytes_to("/", body).await
    }

    async fn send_bytes_to(&self, path: &str, body: Vec<u8>) -> ServiceResponse {
        let app = App::new()
            .configure(self.disks.state())
            .route("/", web::post().to(save))
            .route("/optional", web::post().to(save_if_any));
        let request = TestRequest::post()
            .uri(path)
            .insert_header(("content-type", "multipart/form-data; boundary=frontier"))
            .set_payload(body);
        call_service(&init_service(app).await, request.to_request()).await
    }

    /// Files that are published, and files that wait.
    async fn count(&self) -> (usize, usize) {
        let kept = self.disks.default_disk().list("").await.unwrap().len();
        let staging = self.folder.path().join(".rf-staging");
        (kept, std::fs::read_dir(staging).unwrap().count())
    }
}

/// The header of an image of that size.
fn gif(width: u16, height: u16) -> Vec<u8> {
    let mut image = b"GIF89a".to_vec();
    image.extend_from_slice(&width.to_le_bytes());
    image.extend_from_slice(&height.to_le_bytes());
    image.extend_from_slice(&[0x80, 0, 0]);
    image
}

#[actix_web::test]
async fn a_field_is_staged_and_kept_by_the_handler() {
    let local = Local::new();
    let image = gif(300, 200);
    let response = local
        .send(&[
            ("picture", Some("../me.gif"), &image),
            ("more", Some("a.txt"), b"one"),
            ("more", Some(""), b""),
            ("age", None, b"7"),
        ])
        .await;
    assert_eq!(response.status(), 201);
    let said = String::from_utf8(read_body(response).await.to_vec()).unwrap();
    let (told, key) = said.rsplit_once(' ').unwrap();
    assert_eq!(told, "../me.gif image/gif 13 7");
    let segments: Vec<_> = key.split('/').map(str::len).collect();
    assert_eq!(segments, [4, 2, 2, 40], "a folder of the day: {key}");
    let disk = local.disks.default_disk();
    assert_eq!(disk.get(key).await.unwrap(), image);
    assert_eq!(disk.get("more/a.txt").await.unwrap(), "one");
    assert_eq!(local.count().await, (2, 0));
}

#[actix_web::test]
async fn an_input_left_empty_passes_every_policy_and_is_never_kept() {
    let local = Local::new();
    let body = form(&[("picture", Some(""), b"")]);
    let response = local.send_bytes_to("/optional", body).await;
    assert_eq!(response.status(), 200);
    let told = read_body(response).await;
    let told = String::from_utf8_lossy(&told);
    assert!(
        told.starts_with("true \"\" ") && told.contains("left empty"),
        "{told}"
    );
    assert_eq!(local.count().await, (0, 0));
    let image = gif(3, 2);
    let body = form(&[("picture", Some(""), &image)]);
    let response = local.send_bytes_to("/optional", body).await;
    assert!(read_body(response).await.starts_with(b"false"));
    assert_eq!(local.count().await, (1, 0), "without a name it is a file");
    let body = form(&[("picture", Some("a.gif"), b"")]);
    let response = local.send_bytes_to("/optional", body).await;
    assert_eq!(response.status(), 415, "with a name it is a file as well");
}

#[actix_web::test]
async fn a_field_that_is_dropped_leaves_nothing() {
    let local = Local::new();
    let image = gif(3, 2);
    let response = local
        .send(&[
            ("picture", Some("me.gif"), &image),
            ("age", None, b"7"),
            ("drop", None, b""),
        ])
        .await;
    assert_eq!(response.status(), 202);
    assert_eq!(local.count().await, (0, 0));
}

#[actix_web::test]
async fn what_the_policy_or_the_form_refuses_takes_earlier_files_away() {
    let local = Local::new();
    let (image, wide, high) = (gif(3, 2), gif(301, 200), gif(300, 201));
    let long = |bytes: usize| vec![b'x'; bytes];
    let (over_field, over_disk) = (long(90 * 1024 + 1), long(100 * 1024 + 1));
    let good: Part<'_> = ("picture", Some("me.gif"), &image);
    let small: Part<'_> = ("more", Some("a"), b"a");
    let age: Part<'_> = ("age", None, b"7");
    let old: Part<'_> = ("age", None, b"old");
    let unknown: Part<'_> = ("unknown", None, b"x");
    for (parts, status) in [
        (vec![good, ("more", Some("a"), ELF), age], 415),
        (vec![good, ("more", Some("a"), &wide), age], 413),
        (vec![good, ("more", Some("a"), &high), age], 413),
        (vec![good, ("more", Some("a"), PNG), age], 415),
        (vec![good, ("more", Some("a"), &over_disk), age], 413),
        (vec![small, ("picture", Some("b"), &over_field), age], 413),
        (vec![good, old], 400),
        (vec![good, age, unknown], 400),
        (vec![good], 400),
        (vec![small, age], 400),
    ] {
        let response = local.send(&parts).await;
        assert_eq!(response.status(), status, "{:?}", response.response());
        assert_eq!(local.count().await, (0, 0));
    }
    let mut cut = form(&[good, ("more", Some("a"), &long(50_000)), age]);
    cut.truncate(30_000);
    assert_eq!(local.send_bytes(cut).await.status(), 400);
    assert_eq!(local.count().await, (0, 0));
}

#[actix_web::test]
async fn a_missing_disk_is_an_answer_that_says_nothing() {
    let local = Local {
        disks: Disks::fake(["other"]),
        folder: tempfile::tempdir().unwrap(),
    };
    let response = local.send(&[("picture", Some("me.gif"), &gif(3, 2))]).await;
    assert_eq!(response.status(), 500);
    assert!(!String::from_utf8_lossy(&read_body(response).await).contains("avatars"));
}
