//! Revocation and introspection.

use serde_json::json;

use crate::bench::{Answer, Bench};

impl Bench {
    async fn ask(&self, path: &str, client: &str, token: &str) -> Answer {
        let body = format!("{client}&token={token}");
        Answer::of(self.form(path, body)).await
    }
}

const PLAIN: &str = "client_id=plain&client_secret=secret";

#[actix_web::test]
async fn a_public_client_revokes_its_own_and_the_unknown_is_no_error() {
    let bench = Bench::new().await;
    bench.register_plain("plain").await;
    let tokens = bench.token(bench.redemption().await).await.json;
    let access = tokens["access_token"].as_str().unwrap();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let active =
        async || bench.ask("/oauth/introspect", PLAIN, access).await.json["active"].clone();

    assert_eq!(
        bench
            .ask("/oauth/revoke", "client_id=spa", "unknown")
            .await
            .status,
        200
    );
    assert_eq!(bench.ask("/oauth/revoke", PLAIN, access).await.status, 200);
    assert_eq!(
        active().await,
        true,
        "another client's token is not touched"
    );

    let hint = format!("token_type_hint=access_token&client_id=spa&token={refresh}");
    assert_eq!(
        Answer::of(bench.form("/oauth/revoke", hint)).await.status,
        200
    );
    assert_eq!(
        active().await,
        false,
        "a wrong hint still finds it, and the family goes"
    );
}

#[actix_web::test]
async fn nobody_asks_unauthenticated_or_without_a_token() {
    let bench = Bench::new().await;
    for path in ["/oauth/revoke", "/oauth/introspect"] {
        Answer::of(bench.form(path, "token=x"))
            .await
            .refused(401, "invalid_client");
        let wrong = "client_id=service&client_secret=wrong";
        bench
            .ask(path, wrong, "x")
            .await
            .refused(401, "invalid_client");
        Answer::of(bench.form(path, "client_id=spa"))
            .await
            .refused(400, "invalid_request");
        let twice = "client_id=spa&token=x&token=y";
        Answer::of(bench.form(path, twice))
            .await
            .refused(400, "invalid_request");
    }
}

#[actix_web::test]
async fn an_inactive_token_is_exactly_active_false() {
    let bench = Bench::new().await;
    bench.register_plain("plain").await;
    let answer = bench.ask("/oauth/introspect", PLAIN, "unknown").await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(
        (answer.status, answer.json),
        (200, json!({"active": false}))
    );

    let asked = format!("grant_type=client_credentials&{PLAIN}");
    let token = bench.token(asked).await.json["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let own = bench.ask("/oauth/introspect", PLAIN, &token).await;
    assert_eq!(own.json["active"], true);
    assert_eq!(own.json["sub"], "plain");
    assert!(own.json.get("username").is_none());
    let foreign = bench
        .ask("/oauth/introspect", "client_id=spa", &token)
        .await;
    assert_eq!(foreign.json, json!({"active": false}));
}

#[actix_web::test]
async fn a_refresh_token_is_told_to_its_own_client_only() {
    let bench = Bench::new().await;
    bench.register_plain("plain").await;
    let tokens = bench.token(bench.redemption().await).await.json;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let own = bench
        .ask("/oauth/introspect", "client_id=spa", refresh)
        .await
        .json;
    assert_eq!(own["active"], true);
    assert!(
        own.get("aud").is_none(),
        "it is for no resource server: {own}"
    );
    let other = bench.ask("/oauth/introspect", PLAIN, refresh).await.json;
    assert_eq!(other, json!({"active": false}));
}
