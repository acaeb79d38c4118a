//! Hooks of uploads: those that may refuse a file before anybody sees it, and one that watches.

use crate::upload::{PNG, form};
use actix_web::{
    App, HttpRequest, HttpResponse,
    test::{TestRequest, call_service, init_service, read_body},
    web,
};
use futures_util::stream;
use rf::storage::{
    DiskHandle, Disks, Error, Inspector, Naming, ScanContext, StorageExt, UploadForm, UploadPolicy,
};
use std::sync::{Arc, Mutex};

/// Refuses what holds the word `virus`, wherever chunks end.
#[derive(Default)]
struct Scanner {
    seen: Vec<u8>,
}

#[async_trait::async_trait]
impl Inspector for Scanner {
    async fn feed(&mut self, chunk: &web::Bytes) -> Result<(), String> {
        self.seen.extend_from_slice(chunk);
        if self.seen.starts_with(b"stop") {
            return Err("seen enough".to_owned());
        }
        Ok(())
    }

    async fn finish(self: Box<Self>, file: &ScanContext) -> Result<(), String> {
        assert_eq!(file.size, self.seen.len() as u64);
        if self.seen.windows(5).any(|five| five == b"virus") {
            return Err(format!("{} is infected", file.name));
        }
        Ok(())
    }
}

async fn post(
    disk: DiskHandle,
    form: UploadForm,
    policy: web::Data<UploadPolicy>,
) -> Result<HttpResponse, Error> {
    form.stage(&disk, &policy).await?.keep().await?;
    Ok(HttpResponse::Created().finish())
}

async fn put(
    request: HttpRequest,
    disk: DiskHandle,
    body: web::Payload,
    policy: web::Data<UploadPolicy>,
) -> Result<HttpResponse, Error> {
    disk.receive_with(&request, "put", body, &policy).await?;
    Ok(HttpResponse::Created().finish())
}

/// The status and the body of an answer to a form, or to a `PUT` without parts.
async fn send(disks: &Disks, policy: UploadPolicy, body: TestRequest) -> (u16, String) {
    let app = App::new()
        .configure(disks.state())
        .app_data(web::Data::new(policy))
        .route("/", web::post().to(post))
        .route("/", web::put().to(put));
    let response = call_service(&init_service(app).await, body.to_request()).await;
    let status = response.status().as_u16();
    let body = read_body(response).await;
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn posted(files: &[(&str, &[u8])]) -> TestRequest {
    let parts: Vec<_> = files
        .iter()
        .map(|&(name, bytes)| ("file", Some(name), bytes))
        .collect();
    TestRequest::post()
        .insert_header(("content-type", "multipart/form-data; boundary=frontier"))
        .set_payload(form(&parts))
}

#[actix_web::test]
async fn a_scanner_refuses_before_anything_is_published() {
    let disks = Disks::fake(["a"]);
    let policy = UploadPolicy::new().inspect(Scanner::default);
    let infected = [vec![b'x'; 100_000], b"virus".to_vec()].concat();
    for (request, told) in [
        (
            posted(&[("good.txt", b"good"), ("bad.txt", &infected)]),
            "bad.txt is infected",
        ),
        (
            posted(&[("good.txt", b"good"), ("bad.txt", b"stop here")]),
            "seen enough",
        ),
        (
            TestRequest::put().set_payload(infected.clone()),
            "put is infected",
        ),
    ] {
        let (status, body) = send(&disks, policy.clone(), request).await;
        assert_eq!(status, 422, "{body}");
        assert!(body.contains(told), "{body}");
        disks.faked("a").assert_empty();
    }
    let (status, _) = send(&disks, policy, posted(&[("good.txt", b"good")])).await;
    assert_eq!(status, 201);
    disks.faked("a").assert_content("good.txt", "good");
}

#[actix_web::test]
async fn an_input_left_empty_is_judged_by_nobody() {
    let disks = Disks::fake(["a"]);
    let policy = UploadPolicy::new()
        .accept("image/*")
        .max_dimensions(9, 9)
        .scan(|file| async move {
            match file.size {
                0 => Err("an empty picture".to_owned()),
                _ => Ok(()),
            }
        });
    let parts = [("", b"".as_slice())];
    let (status, body) = send(&disks, policy.clone(), posted(&parts)).await;
    assert_eq!(status, 201, "{body}");
    disks.faked("a").assert_empty();
    for named in [("a.png", b"".as_slice()), ("", b"text")] {
        let (status, _) = send(&disks, policy.clone(), posted(&[named])).await;
        assert_eq!(status, 415, "{named:?}");
    }
}

#[actix_web::test]
async fn a_scan_is_told_what_is_known_of_the_file() {
    let disks = Disks::fake(["a"]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let policy = UploadPolicy::new().scan(move |file| {
        noted.lock().unwrap().push(file.clone());
        async move {
            if file.size == 2 {
                Err("no twos".to_owned())
            } else {
                Ok(())
            }
        }
    });
    let request = posted(&[("../x.html", PNG), ("abc", b"abc")]);
    assert_eq!(send(&disks, policy.clone(), request).await.0, 201);
    let files = std::mem::take(&mut *seen.lock().unwrap());
    assert_eq!(
        (files[0].name.as_str(), files[0].size),
        ("../x.html", PNG.len() as u64)
    );
    assert_eq!(files[0].content_type, "image/png");
    assert_eq!(files[1].content_type, "text/plain");
    let abc = [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea];
    assert_eq!(files[1].sha256[..8], abc, "FIPS 180-4");
    assert_eq!(send(&disks, policy, posted(&[("two", b"22")])).await.0, 422);
    disks.faked("a").assert_missing("two");
}

#[actix_web::test]
async fn progress_grows_to_the_size_of_the_file() {
    let disks = Disks::fake(["a"]);
    let told = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&told);
    let policy = UploadPolicy::new().progress(move |bytes| noted.lock().unwrap().push(bytes));
    let chunks = (0..30).map(|_| Ok(web::Bytes::from_static(&[1; 10_000])));
    let (request, body) = (TestRequest::put().to_http_request(), stream::iter(chunks));
    let disk = disks.default_disk();
    disk.receive_with(&request, "large", body, &policy)
        .await
        .unwrap();
    let grown: Vec<u64> = (1..=30).map(|chunk| chunk * 10_000).collect();
    assert_eq!(*told.lock().unwrap(), grown);
}

#[actix_web::test]
async fn dimensions_are_found_behind_a_large_profile_and_never_guessed() {
    let disks = Disks::fake(["a"]);
    let policy = UploadPolicy::new().max_dimensions(300, 200);
    // A JPEG whose size (ITU T.81 §B.2.2) stands behind so many segments of 60 kB.
    let jpeg = |segments: usize, width: u16| {
        let mut image = vec![0xff, 0xd8];
        for _ in 0..segments {
            image.extend_from_slice(&[0xff, 0xe2, 0xea, 0x60]);
            image.extend_from_slice(&vec![0; 0xea60 - 2]);
        }
        image.extend_from_slice(&[0xff, 0xc0, 0, 11, 8, 0, 200]);
        image.extend_from_slice(&width.to_be_bytes());
        image.extend_from_slice(&[1, 1, 0x11, 0, 0xff, 0xd9]);
        image
    };
    for (image, status) in [
        (jpeg(0, 300), 201),
        (jpeg(0, 301), 413),
        (jpeg(3, 300), 201),
        (jpeg(3, 301), 413),
        (jpeg(9, 300), 415),
        (PNG.to_vec(), 415),
        (b"no image".to_vec(), 201),
    ] {
        let (sent, body) = send(&disks, policy.clone(), posted(&[("x", &image)])).await;
        assert_eq!(sent, status, "{} bytes: {body}", image.len());
    }
}

#[actix_web::test]
async fn bytes_from_elsewhere_are_stored_under_the_policy() {
    let disks = Disks::fake(["a"]);
    let policy = UploadPolicy::new()
        .accept("text/plain")
        .max_size(8)
        .naming(Naming::Hash)
        .inspect(Scanner::default);
    let handle = DiskHandle::new(disks.default_disk(), policy);
    let kept = handle.store("../note.txt", "abc").await.unwrap();
    let name = kept.key.as_str();
    assert!(
        name.starts_with("ba7816bf8f01cfea") && name.ends_with(".txt"),
        "{name}"
    );
    disks.faked("a").assert_content(name, "abc");
    assert!(matches!(
        handle.store("a", "123456789").await,
        Err(Error::TooLarge { .. })
    ));
    assert!(matches!(
        handle.store("a", "a virus").await,
        Err(Error::Rejected { .. })
    ));
    assert!(matches!(
        handle.store("a.txt", PNG).await,
        Err(Error::MediaType { .. })
    ));
    assert_eq!(handle.list("").await.unwrap().len(), 1);
}
