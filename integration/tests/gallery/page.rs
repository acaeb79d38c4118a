//! The page and its assets.

use super::app::{App, client};

#[tokio::test]
async fn the_page_allows_nothing_but_its_own_files() {
    let app = App::start();
    for path in ["/", "/assets/app.js", "/assets/app.css", "/favicon.ico"] {
        for method in ["GET", "HEAD"] {
            let request = client().request(method.parse().unwrap(), app.url(path));
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 200, "{method} {path}");
            let policy = answer.headers()["content-security-policy"]
                .to_str()
                .unwrap();
            assert!(
                policy.starts_with(
                    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
                ),
                "{policy}"
            );
        }
    }
    assert_eq!(
        client()
            .get(app.url("/assets/no.js"))
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
}

#[tokio::test]
async fn a_browser_that_knows_a_file_gets_nothing_new() {
    let app = App::start();
    let first = client()
        .get(app.url("/assets/app.js"))
        .send()
        .await
        .unwrap();
    let again = client()
        .get(app.url("/assets/app.js"))
        .header("if-none-match", &first.headers()["etag"]);
    assert_eq!(again.send().await.unwrap().status(), 304);
}

#[tokio::test]
async fn a_wrong_route_or_method_is_told_as_a_problem() {
    let app = App::start();
    for path in ["/api/nothing", "/api/videos"] {
        assert_eq!(app.get(path).await.0, 404, "{path}");
    }
    let (status, problem) = app.get("/api/photos/x.png/link").await;
    assert_eq!(status, 405, "{problem}");
    let answer = client().put(app.url("/api/photos")).send().await.unwrap();
    assert_eq!(answer.status(), 405);
    assert_eq!(answer.headers()["allow"], "GET, POST");
}
