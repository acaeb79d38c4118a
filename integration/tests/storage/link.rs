//! Signed links.

use crate::app::start;
use rf::storage::{SignedUrlOptions, StorageExt};
use std::{sync::atomic::Ordering, time::Duration};

const MINUTE: Duration = Duration::from_secs(60);

#[actix_web::test]
async fn a_link_downloads_until_it_expires() {
    let app = start();
    let drive = app.disks.default_disk();
    drive.put("d/a b?.txt", "hello").await.unwrap();
    let link = drive.signed_url("d/a b?.txt", MINUTE).await.unwrap().url;
    let answer = app.get(&link, &[("range", "bytes=1-2")]);
    assert_eq!((answer.status, answer.text()), (206, "el"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(app.send("HEAD", &link, &[], b"").status, 200);
    let saved = drive
        .signed_url_with(
            "d/a b?.txt",
            SignedUrlOptions::download(MINUTE).attachment(true),
        )
        .await
        .unwrap();
    assert!(
        app.get(&saved.url, &[])
            .header("content-disposition")
            .unwrap()
            .starts_with("attachment")
    );
    app.ahead.store(61, Ordering::Relaxed);
    assert_eq!(app.get(&link, &[]).status, 403);
}

#[actix_web::test]
async fn a_changed_link_is_refused() {
    let app = start();
    let drive = app.disks.default_disk();
    drive.put("a", "hello").await.unwrap();
    drive.put("b", "secret").await.unwrap();
    let link = drive.signed_url("a", MINUTE).await.unwrap().url;
    assert_eq!(app.get(&link, &[]).status, 200);
    for changed in [
        link.replacen("/files/a", "/files/b", 1),
        link.replacen("/files/a", "/files/none", 1),
        link.replacen("/files/a", "/files/x/../a", 1),
        link.replacen("/files/a", "/files//a", 1),
        link.replacen("?", "?download=1&", 1),
        format!("{link}&x=1"),
        format!("{link}&expires=9999999999"),
        link[..link.len() - 1].to_owned(),
        "/files/a".to_owned(),
        "/files/a?".to_owned(),
        "/files/".to_owned(),
    ] {
        let answer = app.get(&changed, &[]);
        assert_eq!(answer.status, 403, "{changed}: {answer:?}");
    }
    assert_eq!(
        app.send("PUT", &link, &[], b"x").status,
        403,
        "a link to read does not write"
    );
    assert_eq!(app.send("DELETE", &link, &[], b"").status, 405);
    let other = app
        .disks
        .default_disk()
        .signed_url("none", MINUTE)
        .await
        .unwrap()
        .url;
    assert_eq!(app.get(&other, &[]).status, 404);
}

#[actix_web::test]
async fn routes_of_others_are_left_alone() {
    let app = start();
    assert_eq!(app.get("/filesystem/x", &[]).text(), "not ours");
    assert_eq!(app.get("/nothing", &[]).status, 404);
    assert_eq!(app.get("/files", &[]).status, 404);
}

#[actix_web::test]
async fn a_link_of_a_scope_reaches_its_file_only() {
    let app = start();
    let mine = app.disks.default_disk().scoped("users/1").unwrap();
    mine.put("a", "mine").await.unwrap();
    let link = mine.signed_url("a", MINUTE).await.unwrap().url;
    assert_eq!(app.get(&link, &[]).text(), "mine");
    assert_eq!(app.get(&link.replacen("/1/", "/2/", 1), &[]).status, 403);
}

#[actix_web::test]
async fn an_upload_link_is_bound_to_size_and_type() {
    let app = start();
    let drive = app.disks.default_disk();
    let options = SignedUrlOptions::upload(MINUTE)
        .max_size(32)
        .content_type("image/*");
    let link = drive.signed_url_with("photo", options).await.unwrap().url;
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    assert_eq!(app.send("PUT", &link, &[], png).status, 201);
    assert_eq!(
        app.send("PUT", &link, &[("if-none-match", "*")], png)
            .status,
        412
    );
    assert_eq!(app.send("PUT", &link, &[], b"#!/bin/sh").status, 415);
    assert_eq!(
        app.send("PUT", &link, &[], &[png.as_slice(), &[0; 32]].concat())
            .status,
        413
    );
    assert_eq!(
        app.send(
            "PUT",
            &link.replacen("max_size=32", "max_size=99", 1),
            &[],
            png
        )
        .status,
        403
    );
    assert_eq!(
        app.get(&link, &[]).status,
        403,
        "a link to write does not read"
    );
    assert_eq!(drive.get("photo").await.unwrap(), png.as_slice());
}
