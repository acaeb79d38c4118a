//! Which scripts may read what.

use reqwest::Method;
use reqwest::header::ORIGIN;

use crate::bench::{Answer, Bench, ORIGIN as SPA, OTHER_ORIGIN};

const ALLOWED: &str = "access-control-allow-origin";

#[actix_web::test]
async fn tokens_are_for_the_origins_of_their_client_on_refusals_too() {
    let bench = Bench::new().await;
    let body = bench.redemption().await;
    let ask = async |origin: &str, body: String| {
        Answer::of(bench.form("/oauth/token", body).header(ORIGIN, origin)).await
    };
    for origin in [
        "https://evil.example.com",
        "null",
        OTHER_ORIGIN,
        "https://SPA.example.com",
    ] {
        let answer = ask(origin, "grant_type=refresh_token&client_id=spa".to_owned()).await;
        assert_eq!(answer.header(ALLOWED), None, "{origin}");
        assert_eq!(answer.header("vary"), Some("Origin"));
    }
    let refused = ask(SPA, "grant_type=refresh_token&client_id=spa".to_owned()).await;
    assert_eq!((refused.status, refused.header(ALLOWED)), (400, Some(SPA)));
    let unreadable = ask(SPA, "a=1&a=1".to_owned()).await;
    assert_eq!(
        (unreadable.status, unreadable.header(ALLOWED)),
        (400, Some(SPA))
    );
    let granted = ask(SPA, body).await;
    assert_eq!((granted.status, granted.header(ALLOWED)), (200, Some(SPA)));
    assert_eq!(granted.header("access-control-allow-credentials"), None);
    assert_eq!(granted.header("vary"), Some("Origin"));
}

#[actix_web::test]
async fn preflights_are_answered_for_registered_origins_only() {
    let bench = Bench::new().await;
    let ask = async |path: &str, origin: &str| {
        let request = bench.http.request(Method::OPTIONS, bench.url(path));
        let request = request.header("access-control-request-method", "POST");
        Answer::of(request.header(ORIGIN, origin)).await
    };
    for path in ["/oauth/token", "/oauth/revoke"] {
        let known = ask(path, SPA).await;
        assert_eq!((known.status, known.header(ALLOWED)), (204, Some(SPA)));
        assert_eq!(known.header("access-control-allow-methods"), Some("POST"));
        assert_eq!(
            known.header("access-control-allow-headers"),
            Some("authorization, content-type")
        );
        let unknown = ask(path, "https://evil.example.com").await;
        assert_eq!((unknown.status, unknown.header(ALLOWED)), (204, None));
    }
    let open = ask("/oauth/jwks", "https://anybody.example.com").await;
    assert_eq!((open.status, open.header(ALLOWED)), (204, Some("*")));
}

#[actix_web::test]
async fn introspection_is_for_servers() {
    let bench = Bench::new().await;
    let request = bench
        .form("/oauth/introspect", "client_id=spa&token=x")
        .header(ORIGIN, SPA);
    let answer = Answer::of(request).await;
    assert_eq!((answer.status, answer.header(ALLOWED)), (200, None));
}

#[actix_web::test]
async fn revocation_is_for_the_origins_of_the_client_on_refusals_too() {
    let bench = Bench::new().await;
    let ask = async |origin: &str, body: &'static str| {
        Answer::of(bench.form("/oauth/revoke", body).header(ORIGIN, origin)).await
    };
    for (body, status) in [
        ("client_id=spa&token=x", 200),
        ("client_id=spa", 400),
        ("client_id=spa&client_secret=x&token=x", 401),
    ] {
        let own = ask(SPA, body).await;
        assert_eq!(
            (own.status, own.header(ALLOWED)),
            (status, Some(SPA)),
            "{body}"
        );
        assert_eq!(own.header("vary"), Some("Origin"));
        let other = ask(OTHER_ORIGIN, body).await;
        assert_eq!(
            (other.status, other.header(ALLOWED)),
            (status, None),
            "{body}"
        );
    }
}
