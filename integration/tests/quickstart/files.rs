//! The drive: up, down, in parts, shared, and only one's own.

use super::{
    app::{App, client, json},
    person::{Person, demo_web},
};
use oauth2::TokenResponse;
use reqwest::{
    Body, StatusCode,
    multipart::{Form, Part},
};
use serde_json::{Value, json as value};

pub(crate) async fn put(app: &App, token: &str, key: &str, body: impl Into<Body>) -> StatusCode {
    let answer = client()
        .put(app.url(&format!("/api/files/{key}")))
        .bearer_auth(token)
        .body(body)
        .send()
        .await
        .unwrap();
    answer.status()
}

async fn list(app: &App, token: &str, query: &str) -> Value {
    let answer = client()
        .get(app.url(&format!("/api/files{query}")))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    json(answer).await
}

#[tokio::test]
async fn a_file_goes_up_is_listed_comes_down_in_parts_and_is_deleted() {
    let app = App::start();
    let token = app.service_token("files:read files:write").await;
    assert_eq!(
        put(&app, &token, "notes/a%20b.txt", "0123456789").await,
        201
    );
    assert_eq!(
        put(&app, &token, "notes/a%20b.txt", "abcdefghij").await,
        200
    );

    let listed = list(&app, &token, "?prefix=notes/").await;
    let file = &listed["files"][0];
    assert_eq!(file["key"], "notes/a b.txt");
    assert_eq!(file["size"], 10);
    assert_eq!(file["content_type"], "text/plain");
    assert!(listed["next"].is_null());

    let url = app.url("/api/files/notes/a%20b.txt");
    let part = client()
        .get(&url)
        .bearer_auth(&token)
        .header("range", "bytes=2-4")
        .send()
        .await
        .unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], "bytes 2-4/10");
    assert_eq!(part.text().await.unwrap(), "cde");

    let whole = client().get(&url).bearer_auth(&token).send().await.unwrap();
    let etag = whole.headers()["etag"].clone();
    assert_eq!(etag.to_str().unwrap(), file["etag"].as_str().unwrap());
    let same = client()
        .get(&url)
        .bearer_auth(&token)
        .header("if-none-match", etag)
        .send()
        .await
        .unwrap();
    assert_eq!(same.status(), 304);
    let head = client()
        .head(&url)
        .bearer_auth(&token)
        .send()
        .await
        .unwrap();
    assert_eq!(head.headers()["content-length"], "10");

    let other = client()
        .delete(&url)
        .bearer_auth(&token)
        .header("if-match", "\"another version\"");
    assert_eq!(other.send().await.unwrap().status(), 412);
    for _ in 0..2 {
        assert_eq!(
            client()
                .delete(&url)
                .bearer_auth(&token)
                .send()
                .await
                .unwrap()
                .status(),
            204
        );
    }
    assert_eq!(
        client()
            .get(&url)
            .bearer_auth(&token)
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
}

#[tokio::test]
async fn create_only_refuses_to_replace() {
    let app = App::start();
    let token = app.service_token("files:write files:read").await;
    let create = || {
        client()
            .put(app.url("/api/files/once"))
            .bearer_auth(&token)
            .header("if-none-match", "*")
            .body("1")
    };
    assert_eq!(create().send().await.unwrap().status(), 201);
    assert_eq!(create().send().await.unwrap().status(), 412);
}

#[tokio::test]
async fn a_form_uploads_several_files_at_once() {
    let app = App::start();
    let token = app.service_token("files:read files:write").await;
    let form = Form::new()
        .text("prefix", "album")
        .part("file", Part::text("one").file_name("1.txt"))
        .part("file", Part::text("two").file_name("../../2.txt"));
    let answer = client()
        .post(app.url("/api/files"))
        .bearer_auth(&token)
        .multipart(form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
    let listed = list(&app, &token, "?prefix=album/").await;
    let keys: Vec<_> = listed["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["key"].clone())
        .collect();
    assert_eq!(keys, [value!("album/1.txt"), value!("album/2.txt")]);
}

#[tokio::test]
async fn a_form_without_a_file_is_refused_in_words() {
    let app = App::start();
    let token = app.service_token("files:read files:write").await;
    let without_a_file = Form::new().text("prefix", "album");
    let without_a_name = Form::new().part("file", Part::text("one"));
    for form in [without_a_file, without_a_name] {
        let answer = client()
            .post(app.url("/api/files"))
            .bearer_auth(&token)
            .multipart(form)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 400);
        assert_eq!(
            json(answer).await["detail"],
            "send at least one file in the field `file`"
        );
    }
    assert_eq!(list(&app, &token, "").await["files"], value!([]));
}

#[tokio::test]
async fn a_signed_link_works_without_a_token_and_not_when_changed() {
    let app = App::start();
    let token = app.service_token("files:read files:write").await;
    put(&app, &token, "shared.txt", "for you").await;
    let answer = client()
        .post(app.url("/api/files/shared.txt/link"))
        .bearer_auth(&token)
        .json(&value!({"expires_in": 60, "download": true}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let answer = json(answer).await;
    assert!(answer["expires_at"].is_string() || answer["expires_at"].is_number());
    let url = answer["url"].as_str().unwrap();
    // The issuer's address is what the link shows; the test's server listens elsewhere.
    let path = &url[url.find("/files/").unwrap()..];
    assert_eq!(path.split('?').next(), Some("/files/shared.txt"));
    for hidden in ["clients", "demo-service"] {
        assert!(!url.contains(hidden), "{url}");
    }
    let shared = client().get(app.url(path)).send().await.unwrap();
    assert_eq!(shared.status(), 200);
    assert!(
        shared.headers()["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment")
    );
    assert_eq!(shared.text().await.unwrap(), "for you");
    let mut changed = path.to_owned();
    let last = changed.pop().unwrap();
    changed.push(if last == '0' { '1' } else { '0' });
    assert_eq!(
        client()
            .get(app.url(&changed))
            .send()
            .await
            .unwrap()
            .status(),
        403
    );
}

#[tokio::test]
async fn a_link_is_made_of_json_whatever_the_sender_calls_it() {
    let app = App::start();
    let token = app.service_token("files:read files:write").await;
    put(&app, &token, "shared.txt", "for you").await;
    for body in [
        r#"{"expires_in": 60}"#,
        r#"{"expires_in": 60, "download": false}"#,
    ] {
        let request = client()
            .post(app.url("/api/files/shared.txt/link"))
            .bearer_auth(&token);
        let form = ("content-type", "application/x-www-form-urlencoded");
        let answer = request
            .header(form.0, form.1)
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
    }
}

#[tokio::test]
async fn nobody_sees_anothers_drive() {
    let app = App::start_with(&[(
        "RF_OAUTH2__USERS",
        r#"[{ name = "demo", password = "demo" }, { name = "eve", password = "eve" }]"#,
    )]);
    let oauth = demo_web(&app);
    let scopes = ["files:read", "files:write"];
    let demo = Person::demo().tokens(&oauth, &scopes).await;
    let eve = Person::new("eve", "eve").tokens(&oauth, &scopes).await;
    let service = app.service_token("files:read files:write").await;
    assert_eq!(
        put(&app, demo.access_token().secret(), "diary", "mine").await,
        201
    );
    for other in [eve.access_token().secret(), &service] {
        assert_eq!(list(&app, other, "").await["files"], value!([]));
        let answer = client()
            .get(app.url("/api/files/diary"))
            .bearer_auth(other)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 404);
    }
    let mine = list(&app, demo.access_token().secret(), "").await;
    assert_eq!(mine["files"][0]["key"], "diary", "no prefix shows");
}

#[tokio::test]
async fn refusals_are_problems_with_the_request_id() {
    let app = App::start();
    let reader = app.service_token("files:read").await;
    let cases = [
        (client().get(app.url("/api/files")), 401),
        (
            client().get(app.url("/api/files")).bearer_auth("nonsense"),
            401,
        ),
        (
            client()
                .put(app.url("/api/files/x"))
                .bearer_auth(&reader)
                .body("x"),
            403,
        ),
        (
            client()
                .get(app.url("/api/files/no/such"))
                .bearer_auth(&reader),
            404,
        ),
        (
            client()
                .get(app.url("/api/files/%2e%2e%2fetc"))
                .bearer_auth(&reader),
            400,
        ),
        (
            client().get(app.url("/api/nothing")).bearer_auth(&reader),
            404,
        ),
        (client().patch(app.url("/api/me")).bearer_auth(&reader), 405),
        (
            client()
                .post(app.url("/api/files/x/link"))
                .bearer_auth(&reader)
                .body("{"),
            400,
        ),
    ];
    for (request, status) in cases {
        let answer = request
            .header("x-request-id", "from-the-test")
            .send()
            .await
            .unwrap();
        let url = answer.url().clone();
        assert_eq!(answer.status(), status, "{url}");
        assert_eq!(
            answer.headers()["content-type"],
            "application/problem+json",
            "{url}"
        );
        let problem = json(answer).await;
        assert_eq!(problem["status"], status, "{url}");
        assert_eq!(problem["request_id"], "from-the-test", "{url}");
    }
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let app = App::start();
    let reader = app.service_token("files:read").await;
    let refused = client()
        .delete(app.url("/api/files/x"))
        .bearer_auth(&reader)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 403);
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
    assert!(
        challenge.contains("insufficient_scope") && challenge.contains("files:write"),
        "{challenge}"
    );
}

#[tokio::test]
async fn what_is_too_large_is_refused_and_leaves_nothing() {
    let app = App::start_with(&[("RF_STORAGE__DISKS__DRIVE__MAX_SIZE", "1KiB")]);
    let token = app.service_token("files:read files:write").await;
    assert_eq!(put(&app, &token, "big", vec![0; 2000]).await, 413);
    assert_eq!(list(&app, &token, "").await["files"], value!([]));
}

#[tokio::test]
async fn pages_answer_head_and_name_their_methods() {
    let app = App::start();
    for path in [
        "/",
        "/callback",
        "/app/callback",
        "/assets/app.js",
        "/favicon.ico",
    ] {
        let head = client().head(app.url(path)).send().await.unwrap();
        assert_eq!(head.status(), 200, "{path}");
        assert!(
            head.headers().contains_key("content-security-policy"),
            "{path}"
        );
        let posted = client().post(app.url(path)).send().await.unwrap();
        assert_eq!(posted.status(), 405, "{path}");
        assert_eq!(posted.headers()["allow"], "GET, HEAD", "{path}");
    }
}
