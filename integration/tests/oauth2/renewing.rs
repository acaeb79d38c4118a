//! `rf::oauth2::client`: the tokens of a session, renewed, refused and taken back.

use crate::relying::{Relying, text};
use std::time::Duration;

#[actix_web::test]
async fn tokens_are_renewed_when_they_end_once_for_all_who_ask_at_a_time() {
    let app = Relying::start().await;
    let browser = app.signed_in().await;
    let first = text(&browser, "/token").await;
    assert_eq!(text(&browser, "/token").await, first);
    // Thirty seconds before its end is soon enough, and long past the grace of the server.
    app.provider.pass(3600 - 20);
    let all = futures_util::future::join_all((0..20).map(|_| text(&browser, "/token"))).await;
    assert!(
        all.iter().all(|token| *token == all[0] && *token != first),
        "{all:?}"
    );
    // The new refresh token is in the cookie by now: a second round is no replay.
    for _ in 0..3 {
        app.provider.pass(3600);
        let next = text(&browser, "/token").await;
        assert!(next.starts_with("eyJ"), "{next}");
        assert!(app.provider.server.validate_token(&next).await.is_ok());
    }
}

#[actix_web::test]
async fn who_was_taken_the_consent_is_signed_out_when_the_tokens_end() {
    let app = Relying::start().await;
    let browser = app.signed_in().await;
    let server = &app.provider.server;
    server
        .withdraw_consent(&"demo".into(), &"shop".into())
        .await
        .unwrap();
    app.provider.pass(3600);
    assert_eq!(browser.get("/token").await.status(), 502);
    assert_eq!(text(&browser, "/").await, "nobody");
}

#[actix_web::test]
async fn a_provider_that_is_away_is_no_reason_to_be_signed_out() {
    let app = Relying::start().await;
    let browser = app.signed_in().await;
    app.provider.pass(3600);
    let Relying { provider, base } = app;
    provider.stop().await;
    assert_eq!(browser.get("/token").await.status(), 502);
    assert_eq!(text(&browser, "/").await, "demo read");
    assert_eq!(
        browser
            .http
            .get(format!("{base}/sign-in"))
            .send()
            .await
            .unwrap()
            .status(),
        303,
        "addresses are known"
    );
}

#[actix_web::test]
async fn a_session_ends_by_its_age_and_by_signing_out_which_revokes_its_tokens() {
    let app = Relying::start_with(|builder| builder.session_ttl(Duration::from_secs(600))).await;
    let browser = app.signed_in().await;
    let token = text(&browser, "/token").await;
    let out = |origin: &'static str| {
        browser
            .http
            .post(format!("{}/sign-in/out", app.base))
            .header("sec-fetch-site", origin)
            .send()
    };
    assert_eq!(out("cross-site").await.unwrap().status(), 403);
    assert_eq!(text(&browser, "/").await, "demo read");
    assert_eq!(out("same-origin").await.unwrap().status(), 303);
    assert_eq!(text(&browser, "/").await, "nobody");
    assert!(app.provider.server.validate_token(&token).await.is_err());
    let browser = app.signed_in().await;
    app.provider.pass(600);
    assert_eq!(text(&browser, "/").await, "nobody");
}
