//! Signed links that demand something of the file, and those that take it from a form of a browser.

use crate::{
    app::{Answer, Running, start},
    upload::{PNG, Part, eventually, form},
};
use rf::storage::{Prefix, SignedUrlOptions, StorageExt};
use std::{sync::atomic::Ordering, time::Duration};

const MINUTE: Duration = Duration::from_secs(60);
/// Of `abc` (FIPS 180-4).
const ABC: [u8; 32] = [
    0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
    0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
];

fn file(content: &[u8]) -> Vec<Part<'_>> {
    vec![("file", Some("a"), content)]
}

fn post(app: &Running, link: &str, parts: &[Part<'_>]) -> Answer {
    let headers = [("content-type", "multipart/form-data; boundary=frontier")];
    app.send("POST", link, &headers, &form(parts))
}

async fn link(app: &Running, options: SignedUrlOptions) -> String {
    let drive = app.disks.default_disk();
    drive.signed_url_with("x", options).await.unwrap().url
}

#[actix_web::test]
async fn an_upload_link_is_bound_to_length_and_checksum() {
    let app = start();
    let options = SignedUrlOptions::upload(MINUTE)
        .content_length(3)
        .sha256(ABC);
    let link = link(&app, options).await;
    for (body, status) in [("ab", 400), ("abcd", 413), ("abd", 400), ("", 400)] {
        let answer = app.send("PUT", &link, &[], body.as_bytes());
        assert_eq!(answer.status, status, "{body}: {answer:?}");
        assert_eq!(app.disks.default_disk().list("").await.unwrap().len(), 0);
    }
    assert_eq!(app.send("PUT", &link, &[], b"abc").status, 201);
    assert_eq!(app.disks.default_disk().get("x").await.unwrap(), "abc");
    for changed in [
        link.replacen("length=3", "length=4", 1),
        link.replacen("&length=3", "", 1),
        link.replacen("sha256=ba", "sha256=bb", 1),
        link.replacen("sha256=ba", "sha256=BA", 1),
    ] {
        assert_ne!(changed, link);
        let answer = app.send("PUT", &changed, &[], b"abc");
        assert_eq!(answer.status, 403, "{changed}");
    }
    eventually("refused uploads are still staged", || app.staged() == 0);
}

#[actix_web::test]
async fn a_form_of_a_browser_uploads_to_a_link() {
    let app = start();
    let folder = app.disks.default_disk().scoped("users/1").unwrap();
    let signed = folder
        .signed_url_with("photos/me.png", SignedUrlOptions::form(MINUTE))
        .await
        .unwrap();
    assert_eq!((signed.method, signed.fields.len()), ("POST", 0));
    assert!(
        signed.url.starts_with("/files/photos/me.png?"),
        "{}",
        signed.url
    );
    let parts: [Part<'_>; 3] = [
        ("note", None, b"ignored"),
        ("file", Some("../../other.exe"), PNG),
        ("submit", None, b"Send"),
    ];
    let answer = post(&app, &signed.url, &parts);
    assert_eq!(answer.status, 201, "{answer:?}");
    let prefix = Prefix::parse("users/1").unwrap();
    let kept = app.disks.default_disk().scoped(prefix).unwrap();
    let file = kept.metadata("photos/me.png").await.unwrap();
    assert_eq!(answer.header("etag"), Some(file.etag.to_string().as_str()));
    assert_eq!(file.content_type, "image/png");
    assert_eq!(app.disks.default_disk().list("").await.unwrap().len(), 1);
    assert_eq!(post(&app, &signed.url, &parts).status, 200);
}

#[actix_web::test]
async fn a_form_link_is_bound_to_what_was_signed() {
    let app = start();
    let options = SignedUrlOptions::form(MINUTE)
        .max_size(32)
        .content_type("image/*");
    let link = link(&app, options).await;
    let long = [PNG, &[0; 32]].concat();
    for (parts, status) in [
        (file(&long), 413),
        (file(b"#!/bin/sh"), 415),
        ([file(PNG), file(PNG)].concat(), 413),
        (vec![("other", Some("a"), b"text".as_slice())], 400),
        (Vec::new(), 400),
    ] {
        let answer = post(&app, &link, &parts);
        assert_eq!(answer.status, status, "{answer:?}");
    }
    for changed in [
        link.replacen("/files/x?", "/files/y?", 1),
        link.replacen("max_size=32", "max_size=99", 1),
        link.replacen("&max_size=32", "", 1),
        link.replacen("type=image%2F%2A", "type=%2A%2F%2A", 1),
        link.replacen("?expires=", "?expires=1", 1),
        format!("{link}&x=1"),
    ] {
        assert_ne!(changed, link);
        assert_eq!(post(&app, &changed, &file(PNG)).status, 403, "{changed}");
    }
    for method in ["GET", "PUT"] {
        assert_eq!(app.send(method, &link, &[], PNG).status, 403, "{method}");
    }
    assert_eq!(app.send("POST", &link, &[], b"no form").status, 415);
    assert_eq!(app.disks.default_disk().list("").await.unwrap().len(), 0);
    eventually("refused uploads are still staged", || app.staged() == 0);
    assert_eq!(post(&app, &link, &file(PNG)).status, 201);
    app.ahead.store(61, Ordering::Relaxed);
    assert_eq!(post(&app, &link, &file(PNG)).status, 403, "expired");
}

#[actix_web::test]
async fn a_link_to_put_takes_no_form() {
    let app = start();
    let link = link(&app, SignedUrlOptions::upload(MINUTE)).await;
    assert_eq!(post(&app, &link, &[("file", Some("a"), PNG)]).status, 403);
}
