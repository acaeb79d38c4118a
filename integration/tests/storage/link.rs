//! Signed links.

use crate::app::start;
use rf::storage::{Prefix, Scoped, SignedUrlOptions, StorageExt};
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
    mine.put("b", "mine too").await.unwrap();
    let link = mine.signed_url("a", MINUTE).await.unwrap().url;
    assert_eq!(app.get(&link, &[]).text(), "mine");
    for changed in ["/files/b?", "/files/users/1/a?", "/files/users/2/a?"] {
        let changed = link.replacen("/files/a?", changed, 1);
        assert_eq!(app.get(&changed, &[]).status, 403, "{changed}");
    }
}

#[actix_web::test]
async fn a_link_of_a_scope_shows_only_what_its_holder_knows() {
    let app = start();
    let folder = Prefix::for_name("zoë@example.com").unwrap();
    let users = app.disks.default_disk().scoped("users").unwrap();
    let mine = users.scoped(folder).unwrap();
    let wrapped = Scoped::new(mine.clone(), Prefix::parse("album").unwrap());
    mine.put("album/日本 1.txt", "mine").await.unwrap();
    let links = [
        (
            "/files/album/%E6%97%A5%E6%9C%AC%201.txt",
            mine.signed_url("album/日本 1.txt", MINUTE).await,
        ),
        (
            "/files/%E6%97%A5%E6%9C%AC%201.txt",
            wrapped.signed_url("日本 1.txt", MINUTE).await,
        ),
    ];
    for (shown, link) in links {
        let link = link.unwrap().url;
        assert_eq!(link.split('?').next(), Some(shown));
        let hidden = ["users", "%C3%AB", "=c3=ab", "example"];
        assert!(!hidden.iter().any(|part| link.contains(part)), "{link}");
        let answer = app.get(&link, &[]);
        assert_eq!((answer.status, answer.text()), (200, "mine"));
        assert!(!format!("{answer:?}").contains("users"), "{answer:?}");
    }
    let none = mine.signed_url("none", MINUTE).await.unwrap().url;
    let answer = app.get(&none, &[]);
    assert_eq!(answer.status, 404);
    assert!(!format!("{answer:?}").contains("users"), "{answer:?}");
}

#[actix_web::test]
async fn an_upload_link_of_a_scope_writes_into_its_folder() {
    let app = start();
    let drive = app.disks.default_disk();
    let mine = drive.scoped("users/1").unwrap();
    let link = mine
        .signed_url_with("notes/a", SignedUrlOptions::upload(MINUTE))
        .await
        .unwrap()
        .url;
    assert!(link.starts_with("/files/notes/a?"), "{link}");
    assert_eq!(app.send("PUT", &link, &[], b"mine").status, 201);
    assert_eq!(drive.get("users/1/notes/a").await.unwrap(), "mine");
    assert!(!drive.exists("notes/a").await.unwrap());
}

#[actix_web::test]
async fn a_wrong_seal_is_answered_like_a_wrong_signature() {
    let app = start();
    let drive = app.disks.default_disk();
    for folder in ["users/1", "users/2"] {
        let files = drive.scoped(folder).unwrap();
        files.put("a", "secret").await.unwrap();
    }
    drive.put("a", "top").await.unwrap();
    let mine = drive.scoped("users/1").unwrap();
    let theirs = drive.scoped("users/2").unwrap();
    let mine = mine.signed_url("a", MINUTE).await.unwrap().url;
    let theirs = theirs.signed_url("a", MINUTE).await.unwrap().url;
    let whole = drive.signed_url("a", MINUTE).await.unwrap().url;
    let seal = |link: &str| {
        let start = link.find("&sealed=").unwrap();
        let end = link.find("&kid=").unwrap();
        link[start..end].to_owned()
    };
    let (my_seal, their_seal) = (seal(&mine), seal(&theirs));
    let forged = app.get(&format!("{}0", &whole[..whole.len() - 1]), &[]);
    let forged = match forged.status {
        403 => forged,
        _ => app.get(&format!("{}1", &whole[..whole.len() - 1]), &[]),
    };
    for changed in [
        mine.replacen(&my_seal, "", 1),
        mine.replacen(&my_seal, "&sealed=", 1),
        mine.replacen(&my_seal, "&sealed=users%2F2", 1),
        mine.replacen(&my_seal, &their_seal, 1),
        mine.replacen(&my_seal, &my_seal[..my_seal.len() - 1], 1),
        mine.replacen(&my_seal, &my_seal.repeat(2), 1),
        whole.replacen("&kid=", &format!("{my_seal}&kid="), 1),
    ] {
        let answer = app.get(&changed, &[]);
        assert_eq!(answer.status, 403, "{changed}");
        assert_eq!(answer.text(), forged.text(), "{changed}");
    }
    for link in [mine, theirs, whole] {
        assert_eq!(app.get(&link, &[]).status, 200, "{link}");
    }
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
