//! What the token endpoint takes, and the shape of its answers.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use rf::oauth2::GrantType;

use crate::bench::{Answer, Bench};
use crate::site::Site;

const GOOD: &str = "grant_type=client_credentials&client_id=service&client_secret=s%3Ae+c%2Bret%25";

#[actix_web::test]
async fn a_success_is_json_that_nobody_keeps() {
    let bench = Bench::new().await;
    let answer = bench.token(GOOD).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.json["token_type"], "Bearer");
    assert_eq!(answer.json["expires_in"], 3600);
    assert_eq!(answer.json["scope"], "read write");
    assert!(answer.json.get("refresh_token").is_none());
    let token = answer.json["access_token"].as_str().unwrap();
    let claims = bench.server.validate_token(token).await.unwrap();
    assert!(claims.is_client());
}

#[actix_web::test]
async fn other_methods_are_405_and_say_which_there_are() {
    let bench = Bench::new().await;
    for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect"] {
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::HEAD] {
            let answer = Answer::of(bench.http.request(method, bench.url(path))).await;
            assert_eq!(answer.status, 405, "{path}");
            assert!(answer.header("allow").unwrap().contains("POST"), "{path}");
        }
    }
    let answer = Answer::of(bench.http.post(bench.url("/oauth/jwks"))).await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, Some("GET, HEAD, OPTIONS"))
    );
}

#[actix_web::test]
async fn a_json_or_multipart_body_is_refused() {
    let bench = Bench::new().await;
    for kind in [
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
        "",
    ] {
        let request = bench.http.post(bench.url("/oauth/token")).body(GOOD);
        let answer = Answer::of(request.header(CONTENT_TYPE, kind)).await;
        answer.refused(415, "invalid_request");
    }
    let request = bench.http.post(bench.url("/oauth/token")).body(GOOD);
    let kind = "Application/X-WWW-Form-URLEncoded; charset=UTF-8";
    assert_eq!(
        Answer::of(request.header(CONTENT_TYPE, kind)).await.status,
        200
    );
}

#[actix_web::test]
async fn credentials_in_the_query_are_ignored() {
    let bench = Bench::new().await;
    let answer = Answer::of(bench.form(&format!("/oauth/token?{GOOD}"), "")).await;
    answer.refused(400, "invalid_request");
    let path = "/oauth/token?client_id=service&client_secret=s%3Ae+c%2Bret%25";
    let answer = Answer::of(bench.form(path, "grant_type=client_credentials")).await;
    answer.refused(401, "invalid_client");
}

#[actix_web::test]
async fn a_missing_unknown_or_repeated_parameter_is_named() {
    let bench = Bench::new().await;
    bench
        .token("client_id=service")
        .await
        .refused(400, "invalid_request");
    bench
        .token("grant_type=&client_id=service")
        .await
        .refused(400, "invalid_request");
    bench
        .token("grant_type=password&client_id=service")
        .await
        .refused(400, "unsupported_grant_type");
    bench
        .token(format!("{GOOD}&scope=read&scope=read"))
        .await
        .refused(400, "invalid_request");
    bench
        .token(format!("{GOOD}&x=1&x=2"))
        .await
        .refused(400, "invalid_request");
    bench
        .token(format!("{GOOD}&%22%5c%C3%A4=1&%22%5c%C3%A4=2"))
        .await
        .refused(400, "invalid_request");
    bench
        .token(format!("{GOOD}&scope=%ff"))
        .await
        .refused(400, "invalid_request");
    bench
        .token(format!("{GOOD}&scope=admin"))
        .await
        .refused(400, "invalid_scope");
    assert_eq!(
        bench.token(format!("{GOOD}&scope=&unknown=1")).await.status,
        200
    );
}

#[actix_web::test]
async fn a_password_over_http_is_400_and_guesses_are_429() {
    let site = Site::with(|mut settings| {
        settings.password_grant = true;
        settings.clients[0].grants.push(GrantType::Password);
        settings
    })
    .await;
    let http = site.browser().http;
    let ask = async |name: &str, password: &str| {
        let form = [
            ("grant_type", "password"),
            ("client_id", "web"),
            ("client_secret", "web-secret"),
            ("username", name),
            ("password", password),
            ("scope", "read"),
        ];
        Answer::of(http.post(format!("{}/oauth/token", site.base)).form(&form)).await
    };
    let granted = ask("demo", "demo").await;
    assert_eq!(granted.status, 200, "{granted:?}");
    assert!(granted.json["refresh_token"].is_string());
    let (wrong, unknown) = (ask("demo", "wrong").await, ask("nobody", "demo").await);
    wrong.refused(400, "invalid_grant");
    unknown.refused(400, "invalid_grant");
    assert_eq!(wrong.json, unknown.json);
    for _ in 1..10 {
        ask("demo", "guess").await.refused(400, "invalid_grant");
    }
    let waits = ask("demo", "demo").await;
    waits.refused(429, "invalid_grant");
    assert_eq!(waits.header("retry-after"), Some("300"));
    site.pass(300);
    assert_eq!(ask("demo", "demo").await.status, 200);
    site.stop().await;
}

#[actix_web::test]
async fn a_body_that_is_too_large_is_refused() {
    let bench = Bench::new().await;
    let body = format!("{GOOD}&padding={}", "a".repeat(100_000));
    bench.token(body).await.refused(413, "invalid_request");
}

#[actix_web::test]
async fn a_code_is_exchanged_once_and_then_refreshed() {
    let bench = Bench::new().await;
    let body = bench.redemption().await;
    let first = bench.token(body.clone()).await;
    assert_eq!(first.status, 200, "{first:?}");
    let refresh = first.json["refresh_token"].as_str().unwrap();
    let body_of =
        |token: &str| format!("grant_type=refresh_token&client_id=spa&refresh_token={token}");
    let second = bench.token(body_of(refresh)).await;
    assert_eq!(second.status, 200, "{second:?}");
    bench.token(body).await.refused(400, "invalid_grant");
    let next = second.json["refresh_token"].as_str().unwrap();
    bench
        .token(body_of(next))
        .await
        .refused(400, "invalid_grant");
}

#[actix_web::test]
async fn fifty_concurrent_redemptions_over_http_give_one_200() {
    let bench = Bench::new().await;
    let body = bench.redemption().await;
    let answers = futures_util::future::join_all((0..50).map(|_| bench.token(body.clone()))).await;
    let count = |status| {
        answers
            .iter()
            .filter(|answer| answer.status == status)
            .count()
    };
    assert_eq!((count(200), count(400)), (1, 49));
}

#[actix_web::test]
async fn strange_requests_never_give_a_5xx() {
    let bench = Bench::new().await;
    let long = "a".repeat(5000);
    for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect"] {
        for body in [
            "=&=&==",
            "&&&",
            "%",
            "%00",
            "grant_type=%00",
            "client_id=%00&grant_type=client_credentials",
            "grant_type=authorization_code&client_id=spa&code=%00&code_verifier=%00&redirect_uri=%00",
            "grant_type=refresh_token&client_id=spa&refresh_token=%00",
            "client_id=spa&token=%00",
            "client_id=spa&token=a.b.c",
            "client_id=spa&token=eyJhbGciOiJub25lIn0.e30.",
            &format!("client_id={long}&token=x&grant_type=client_credentials&client_secret=x"),
        ] {
            let answer = Answer::of(bench.form(path, body.to_owned())).await;
            assert!(answer.status < 500, "{path} {body}: {answer:?}");
        }
    }
}
