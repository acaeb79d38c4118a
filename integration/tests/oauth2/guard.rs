//! The resource side: extractors and guards (RFC 6750).

use crate::{
    api::{Api, routes},
    socket::Socket,
};
use reqwest::{Client, Response};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

fn challenge(response: &Response) -> &str {
    response.headers()["www-authenticate"].to_str().unwrap()
}

#[actix_web::test]
async fn no_token_is_401_with_a_bare_challenge() {
    let api = Api::start().await;
    for path in ["/below", "/above", "/guard/unit", "/me"] {
        let response = api
            .http
            .get(format!("{}{path}", api.site.base))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 401, "{path}");
        assert_eq!(challenge(&response), "Bearer realm=\"api\"", "{path}");
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
    }
    api.site.stop().await;
}

#[actix_web::test]
async fn a_bad_token_is_401_invalid_token() {
    let api = Api::start().await;
    let good = api.token("read").await;
    let (head, _) = good.rsplit_once('.').unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap());
    for bad in [
        "x",
        "rfr_x",
        &format!("{head}.AAAA"),
        unsigned.trim_end_matches('.'),
        &format!("{good}A"),
    ] {
        let response = api.with_header("/below", &format!("Bearer {bad}")).await;
        assert_eq!(response.status(), 401, "{bad}");
        assert!(
            challenge(&response).contains("error=\"invalid_token\""),
            "{bad}"
        );
    }
    assert_eq!(
        api.with_header("/below", &format!("bEaReR {good}"))
            .await
            .status(),
        200
    );
    api.site.pass(3600);
    let response = api.with_header("/below", &format!("Bearer {good}")).await;
    assert!(
        challenge(&response).contains("error=\"invalid_token\""),
        "expired"
    );
    api.site.stop().await;
}

#[actix_web::test]
async fn a_missing_scope_is_403_and_named() {
    let api = Api::start().await;
    let response = api.get("/all", "read").await;
    assert_eq!(response.status(), 403);
    assert!(challenge(&response).contains("error=\"insufficient_scope\""));
    assert!(challenge(&response).contains("scope=\"read write\""));
    let problem: serde_json::Value = response.json().await.unwrap();
    assert_eq!(problem["status"], 403);
    api.site.stop().await;
}

#[actix_web::test]
async fn a_token_in_the_query_is_ignored_and_two_ways_at_once_are_400() {
    let api = Api::start().await;
    let token = api.token("read").await;
    let url = format!("{}/below?access_token={token}", api.site.base);
    let response = api.http.get(&url).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), challenge(&response)),
        (401, "Bearer realm=\"api\"")
    );
    let response = api.http.get(&url).bearer_auth(&token).send().await.unwrap();
    assert_eq!(response.status(), 400);
    assert!(challenge(&response).contains("error=\"invalid_request\""));
    let twice = api
        .http
        .get(format!("{}/below", api.site.base))
        .bearer_auth(&token)
        .bearer_auth(&token);
    assert_eq!(twice.send().await.unwrap().status(), 400);
    api.site.stop().await;
}

#[actix_web::test]
async fn the_guard_stands_above_and_below_the_route() {
    let api = Api::start().await;
    for path in ["/below", "/above", "/routes", "/with/0"] {
        assert_eq!(api.status(path, "read").await, 200, "{path}");
        assert_eq!(api.status(path, "write").await, 403, "{path}");
    }
    let post = api.http.post(format!("{}/routes", api.site.base));
    assert_eq!(post.send().await.unwrap().status(), 401);
    assert_eq!(
        api.get("/below", "read").await.text().await.unwrap(),
        "service"
    );
    api.site.stop().await;
}

#[actix_web::test]
async fn stacked_guards_must_all_agree() {
    let api = Api::start().await;
    assert_eq!(api.status("/stacked", "read").await, 403);
    assert_eq!(api.status("/stacked", "write").await, 403);
    assert_eq!(api.status("/stacked", "read write").await, 200);
    api.site.stop().await;
}

#[actix_web::test]
async fn all_needs_each_any_needs_one_and_a_family_its_own() {
    let api = Api::start().await;
    assert_eq!(api.status("/all", "read write").await, 200);
    assert_eq!(api.status("/any", "write").await, 200);
    assert_eq!(api.status("/any", "read").await, 403);
    assert_eq!(api.status("/family", "read").await, 403);
    api.site.stop().await;
}

#[actix_web::test]
async fn a_scope_may_be_a_constant() {
    let api = Api::start().await;
    assert_eq!(api.status("/constant", "read").await, 200);
    let refused = api.get("/constant", "write").await;
    assert_eq!(refused.status(), 403);
    assert!(challenge(&refused).contains("scope=\"read\""));
    assert_eq!(api.status("/constants", "write").await, 200);
    assert_eq!(api.status("/constants", "read").await, 403);
    api.site.stop().await;
}

#[actix_web::test]
async fn a_handler_may_have_twenty_extractors() {
    let api = Api::start().await;
    for count in [0, 1, 12, 13, 20] {
        let response = api.get(&format!("/with/{count}"), "read").await;
        assert_eq!(response.text().await.unwrap(), count.to_string());
    }
    api.site.stop().await;
}

#[actix_web::test]
async fn a_scope_guard_hands_out_the_token_it_keeps() {
    let api = Api::start().await;
    let response = api.get("/guard/token", "read").await;
    assert_eq!(response.text().await.unwrap(), "service true");
    assert_eq!(api.status("/guard/token", "write").await, 403);
    assert_eq!(api.status("/guard/unit", "write").await, 200);
    assert_eq!(api.status("/guard/unit", "read").await, 403);
    let response = api.get("/guard/scoped", "read write").await;
    assert_eq!(response.text().await.unwrap(), "read write");
    let claims: serde_json::Value = api.get("/me", "read").await.json().await.unwrap();
    assert_eq!(
        (&claims["sub"], &claims["scope"]),
        (&"service".into(), &"read".into())
    );
    api.site.stop().await;
}

/// The status line of the answer to a request whose body never comes.
async fn answer_without_body(api: &Api, path: &str, token: Option<&str>) -> String {
    let mut socket = TcpStream::connect(api.address()).await.unwrap();
    let authorization = token
        .map(|token| format!("Authorization: Bearer {token}\r\n"))
        .unwrap_or_default();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\n{authorization}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    let read = timeout(Duration::from_secs(20), socket.read_exact(&mut answer)).await;
    read.expect("the guard waits for the body").unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_web::test]
async fn the_guard_runs_before_any_body_byte_is_read() {
    let api = Api::start().await;
    let token = api.token("read").await;
    for path in ["/plain", "/strict", "/guard/body"] {
        assert_eq!(
            answer_without_body(&api, path, None).await,
            "HTTP/1.1 401",
            "{path}"
        );
        assert_eq!(
            answer_without_body(&api, path, Some("x")).await,
            "HTTP/1.1 401",
            "{path}"
        );
    }
    for path in ["/strict", "/guard/body"] {
        assert_eq!(
            answer_without_body(&api, path, Some(&token)).await,
            "HTTP/1.1 403",
            "{path}"
        );
    }
    api.site.stop().await;
}

#[actix_web::test]
async fn a_bad_body_never_answers_before_a_missing_token() {
    let api = Api::start().await;
    let post = |path: &str| {
        api.http
            .post(format!("{}{path}", api.site.base))
            .body("{ not json")
    };
    assert_eq!(post("/plain").send().await.unwrap().status(), 401);
    let token = api.token("read").await;
    assert_eq!(
        post("/strict")
            .bearer_auth(&token)
            .send()
            .await
            .unwrap()
            .status(),
        403
    );
    assert_eq!(
        post("/plain")
            .bearer_auth(&token)
            .send()
            .await
            .unwrap()
            .status(),
        400
    );
    let good = api
        .http
        .post(format!("{}/plain", api.site.base))
        .json(&[1, 2])
        .bearer_auth(&token);
    assert_eq!(
        good.send().await.unwrap().text().await.unwrap(),
        "[1, 2, 3]"
    );
    api.site.stop().await;
}

#[actix_web::test]
async fn an_app_without_a_server_answers_500_and_says_nothing() {
    let socket = Socket::bind();
    let base = socket.base.clone();
    let handle = socket.run(|app| {
        app.configure(routes).configure(rf::oauth2);
    });
    for path in ["/below", "/login", "/oauth/authorize"] {
        let response = Client::new()
            .get(format!("{base}{path}"))
            .bearer_auth("x")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 500, "{path}");
        assert_eq!(response.text().await.unwrap(), "", "{path}");
    }
    handle.stop(false).await;
}
