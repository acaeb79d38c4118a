//! Looking at a photo by a link, and links that are not taken.

use super::app::{App, client, keys, picture};
use rustix::process::Signal;
use std::time::SystemTime;

#[tokio::test]
async fn a_photo_is_seen_by_the_link_of_the_listing() {
    let app = App::start();
    app.send("photos", &[("x.png", picture(1, 100))]).await;
    let page = app.list("photos", "").await;
    let url = page["files"][0]["url"].as_str().unwrap();
    let seen = client().get(app.url(url)).send().await.unwrap();
    assert_eq!(seen.status(), 200);
    assert_eq!(seen.headers()["content-type"], "image/png");
    assert_eq!(seen.bytes().await.unwrap(), picture(1, 100));
}

#[tokio::test]
async fn a_share_link_lives_as_long_as_was_asked_and_not_longer() {
    let app = App::start();
    let (_, kept) = app.send("photos", &[("x.png", picture(1, 100))]).await;
    let path = format!("/api/photos/{}", keys(&kept)[0]);
    let (status, made) = app.link(&path, "expires_in=1&download=true").await;
    assert_eq!(status, 200, "{made}");
    let url = app.url(made["url"].as_str().unwrap());
    let seen = client().get(&url).send().await.unwrap();
    // The second may be over before the first request.
    if seen.status() == 200 {
        let disposition = seen.headers()["content-disposition"].to_str().unwrap();
        assert!(disposition.starts_with("attachment"), "{disposition}");
    }
    let asked = SystemTime::now();
    loop {
        let status = client().get(&url).send().await.unwrap().status();
        if status == 403 {
            break;
        }
        assert_eq!(status, 200);
        assert!(asked.elapsed().unwrap().as_secs() < 30, "it never expires");
    }
    for (body, wrong) in [
        ("expires_in=0", 400),
        ("expires_in=604801", 400),
        ("expires_in=soon", 400),
        ("", 400),
    ] {
        let (status, problem) = app.link(&path, body).await;
        assert_eq!(status, wrong, "{body}: {problem}");
        assert!(problem["detail"].is_string(), "{body}: {problem}");
    }
    assert_eq!(
        app.link("/api/photos/none.png", "expires_in=60").await.0,
        404
    );
}

#[tokio::test]
async fn a_link_that_was_changed_is_refused() {
    let app = App::start();
    let (_, kept) = app
        .send(
            "photos",
            &[("x.png", picture(1, 100)), ("y.png", picture(2, 100))],
        )
        .await;
    let both = keys(&kept);
    let url = kept["files"][0]["url"].as_str().unwrap();
    let longer = url.replacen("expires=1", "expires=2", 1);
    assert_ne!(url, longer);
    for changed in [
        longer,
        url.replace(&both[0], &both[1]),
        format!("{url}0"),
        format!("{url}&download=true"),
        url.split('?').next().unwrap().to_owned(),
    ] {
        let refused = client().get(app.url(&changed)).send().await.unwrap();
        assert_eq!(refused.status(), 403, "{changed}");
        assert_eq!(
            refused.headers()["content-type"],
            "application/problem+json"
        );
    }
    assert_eq!(
        client().get(app.url(url)).send().await.unwrap().status(),
        200
    );
}

#[tokio::test]
async fn links_outlive_a_restart() {
    let app = App::start();
    let (_, kept) = app.send("photos", &[("x.png", picture(1, 100))]).await;
    let (status, dir) = app.stop(Signal::TERM);
    assert_eq!(status.code(), Some(0));
    let app = App::start_in(dir);
    let url = app.url(kept["files"][0]["url"].as_str().unwrap());
    assert_eq!(client().get(url).send().await.unwrap().status(), 200);
}
