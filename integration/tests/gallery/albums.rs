//! Uploading, listing and deleting.

use super::app::{App, client, keys, picture};
use std::fs;

const MIB: usize = 1 << 20;

#[tokio::test]
async fn several_photos_of_one_form_are_all_kept() {
    let app = App::start();
    let photos = [1, 2, 3].map(|number| ("me.png", picture(number, 2000)));
    let (status, kept) = app.send("photos", &photos).await;
    assert_eq!(status, 201, "{kept}");
    let mut kept = keys(&kept);
    assert!(
        kept.iter()
            .all(|key| key.len() == 68 && key.ends_with(".png")),
        "by their digest: {kept:?}"
    );
    kept.sort();
    assert_eq!(keys(&app.list("photos", "").await), kept);
    assert_eq!(
        keys(&app.list("documents", "").await),
        [""; 0],
        "on their own disk only"
    );
}

#[tokio::test]
async fn one_file_of_another_type_keeps_the_whole_form_out() {
    let app = App::start();
    for (album, good, bad, found) in [
        (
            "photos",
            ("a.png", picture(1, 100)),
            ("b.png", b"no picture".to_vec()),
            "text/plain",
        ),
        (
            "photos",
            ("a.png", picture(1, 100)),
            (
                "b.png",
                b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec(),
            ),
            "text/",
        ),
        (
            "documents",
            ("a.txt", b"text".to_vec()),
            ("b.txt", picture(1, 100)),
            "image/png",
        ),
        (
            "documents",
            ("a.txt", b"text".to_vec()),
            ("b.html", b"<html>".to_vec()),
            "text/html",
        ),
    ] {
        for files in [[good.clone(), bad.clone()], [bad.clone(), good.clone()]] {
            let (status, problem) = app.send(album, &files).await;
            assert_eq!(status, 415, "{problem}");
            let detail = problem["detail"].as_str().unwrap();
            let blamed = format!("the content of {:?} is {found}", bad.0);
            assert!(detail.starts_with(&blamed), "{detail}");
            assert_eq!(keys(&app.list(album, "").await), [""; 0]);
        }
    }
    for folder in ["photos", "documents"] {
        let left = files_below(&app.dir.path().join("var").join(folder));
        assert_eq!(left, 0, "nothing staged is left in {folder}");
    }
}

#[tokio::test]
async fn one_file_that_is_too_large_keeps_the_whole_form_out() {
    let app = App::start();
    let files = [
        ("a.png", picture(1, 100)),
        ("b.png", picture(2, 10 * MIB + 1)),
    ];
    let (status, problem) = app.send("photos", &files).await;
    assert_eq!(status, 413, "{problem}");
    assert_eq!(keys(&app.list("photos", "").await), [""; 0]);
    let (status, _) = app.send("photos", &[("b.png", picture(2, 10 * MIB))]).await;
    assert_eq!(status, 201, "the limit itself is allowed");
    assert_eq!(app.list("photos", "").await["max_size"], 10 * MIB);
}

#[tokio::test]
async fn the_same_photo_is_kept_once_and_a_document_is_replaced() {
    let app = App::start();
    for _ in 0..2 {
        assert_eq!(
            app.send("photos", &[("x.png", picture(1, 100))]).await.0,
            201
        );
    }
    assert_eq!(
        app.list("photos", "").await["files"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    for text in ["old", "a newer one"] {
        assert_eq!(
            app.send("documents", &[("notes.txt", text.into())]).await.0,
            201
        );
    }
    let documents = app.list("documents", "").await;
    assert_eq!(keys(&documents), ["notes.txt"]);
    assert_eq!(documents["files"][0]["size"], 11);
}

#[tokio::test]
async fn a_form_without_a_file_is_refused() {
    let app = App::start();
    let (status, problem) = app.send("photos", &[]).await;
    assert_eq!(status, 400);
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("at least one file"),
        "{problem}"
    );
}

#[tokio::test]
async fn an_album_comes_in_pages() {
    let app = App::start();
    let files: Vec<_> = ["a.txt", "b.txt", "c.txt", "d.txt", "e.txt"]
        .map(|name| (name, b"x".to_vec()))
        .into();
    assert_eq!(app.send("documents", &files).await.0, 201);
    let (mut seen, mut query) = (Vec::new(), "?limit=2".to_owned());
    let mut pages = 0;
    loop {
        let page = app.list("documents", &query).await;
        seen.extend(keys(&page));
        pages += 1;
        let Some(next) = page["next"].as_str() else {
            break;
        };
        query = format!("?limit=2&cursor={next}");
    }
    assert_eq!(
        seen,
        files.iter().map(|(name, _)| *name).collect::<Vec<_>>()
    );
    assert_eq!(pages, 3);
}

#[tokio::test]
async fn a_deleted_photo_is_gone_and_its_link_with_it() {
    let app = App::start();
    let (_, kept) = app.send("photos", &[("x.png", picture(1, 100))]).await;
    let (key, url) = (&keys(&kept)[0], kept["files"][0]["url"].as_str().unwrap());
    let one = app.url(&format!("/api/photos/{key}"));
    for _ in 0..2 {
        let gone = client().delete(&one).send().await.unwrap();
        assert_eq!(gone.status(), 204, "deleting again changes nothing");
    }
    assert_eq!(keys(&app.list("photos", "").await), [""; 0]);
    assert_eq!(app.get(&format!("/api/photos/{key}")).await.0, 404);
    assert_eq!(
        client().get(app.url(url)).send().await.unwrap().status(),
        404
    );
}

#[tokio::test]
async fn another_site_changes_nothing() {
    let app = App::start();
    let (_, kept) = app.send("photos", &[("x.png", picture(1, 100))]).await;
    let one = app.url(&format!("/api/photos/{}", keys(&kept)[0]));
    for site in ["cross-site", "same-site"] {
        let refused = client()
            .delete(&one)
            .header("sec-fetch-site", site)
            .send()
            .await
            .unwrap();
        assert_eq!(refused.status(), 403, "{site}");
    }
    assert_eq!(
        app.list("photos", "").await["files"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let ours = client()
        .delete(&one)
        .header("sec-fetch-site", "same-origin")
        .send()
        .await
        .unwrap();
    assert_eq!(ours.status(), 204);
}

fn files_below(folder: &std::path::Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| match entry.file_type().unwrap().is_dir() {
            true => files_below(&entry.path()),
            false => 1,
        })
        .sum()
}
