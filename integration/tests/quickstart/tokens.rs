//! Every grant of the quickstart, by the `oauth2` crate where it can.

use super::{
    app::{App, client, json},
    person::{Person, client_of_oauth2, demo_web},
};
use futures_util::future::join_all;
use oauth2::{TokenIntrospectionResponse, TokenResponse};
use serde_json::Value;

async fn introspect(app: &App, token: &str) -> Value {
    let asked = client()
        .post(app.url("/oauth/introspect"))
        .basic_auth("demo-web", Some("demo-secret"))
        .form(&[("token", token)])
        .send()
        .await
        .unwrap();
    assert_eq!(asked.status(), 200);
    json(asked).await
}

#[tokio::test]
async fn a_person_signs_in_consents_and_reads_who_they_are() {
    let app = App::start();
    let tokens = Person::demo()
        .tokens(&demo_web(&app), &["files:read", "profile"])
        .await;
    let me = client()
        .get(app.url("/api/me"))
        .bearer_auth(tokens.access_token().secret())
        .send()
        .await
        .unwrap();
    assert_eq!(me.status(), 200);
    let me = json(me).await;
    assert_eq!(me["sub"], "demo");
    assert_eq!(me["client_id"], "demo-web");
    assert_eq!(me["scope"], "files:read profile");
}

#[tokio::test]
async fn refresh_rotates_and_the_old_token_is_dead_after_its_successor_was_used() {
    let app = App::start();
    let (oauth, http) = (demo_web(&app), client_of_oauth2());
    let first = Person::demo().tokens(&oauth, &["files:read"]).await;
    let second = oauth
        .exchange_refresh_token(first.refresh_token().unwrap())
        .request_async(&http)
        .await
        .unwrap();
    assert_ne!(
        first.refresh_token().unwrap().secret(),
        second.refresh_token().unwrap().secret()
    );
    let third = oauth
        .exchange_refresh_token(second.refresh_token().unwrap())
        .request_async(&http)
        .await
        .unwrap();
    let replayed = oauth
        .exchange_refresh_token(first.refresh_token().unwrap())
        .request_async(&http)
        .await;
    assert!(
        replayed
            .unwrap_err()
            .to_string()
            .contains("Server returned error response")
    );
    let after = oauth
        .exchange_refresh_token(third.refresh_token().unwrap())
        .request_async(&http)
        .await;
    assert!(after.is_err(), "a replay kills the family");
    assert_eq!(
        introspect(&app, third.access_token().secret()).await,
        serde_json::json!({"active": false})
    );
}

#[tokio::test]
async fn introspection_tells_an_active_token_and_revocation_ends_it() {
    let app = App::start();
    let oauth = demo_web(&app);
    let tokens = Person::demo().tokens(&oauth, &["files:read"]).await;
    let told = oauth
        .introspect(tokens.access_token())
        .request_async(&client_of_oauth2())
        .await
        .unwrap();
    assert!(told.active());
    assert_eq!(told.sub(), Some("demo"));

    let refresh = tokens.refresh_token().unwrap().secret().as_str();
    let revoked = client()
        .post(app.url("/oauth/revoke"))
        .basic_auth("demo-web", Some("demo-secret"))
        .form(&[("token", refresh)])
        .send()
        .await
        .unwrap();
    assert_eq!(revoked.status(), 200);
    assert_eq!(
        introspect(&app, tokens.access_token().secret()).await,
        serde_json::json!({"active": false})
    );
    let me = client()
        .get(app.url("/api/me"))
        .bearer_auth(tokens.access_token().secret())
        .send()
        .await
        .unwrap();
    assert_eq!(me.status(), 401);
    assert!(
        me.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .contains("invalid_token")
    );
}

#[tokio::test]
async fn fifty_concurrent_redemptions_of_one_code_give_one_success() {
    let app = App::start();
    let oauth = demo_web(&app);
    let (code, verifier) = Person::demo().code(&oauth, &["files:read"]).await;
    let http = client();
    let tries = (0..50).map(|_| {
        http.post(app.url("/oauth/token"))
            .basic_auth("demo-web", Some("demo-secret"))
            .form(&[
                ("grant_type", "authorization_code"),
                ("code", code.secret()),
                ("redirect_uri", "http://127.0.0.1:8080/callback"),
                ("code_verifier", verifier.secret()),
            ])
            .send()
    });
    let mut statuses = Vec::new();
    for answer in join_all(tries).await {
        statuses.push(answer.unwrap().status().as_u16());
    }
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200, "{statuses:?}");
    assert!(
        statuses[1..].iter().all(|status| *status == 400),
        "{statuses:?}"
    );
}

#[tokio::test]
async fn a_service_gets_a_token_of_its_own_and_no_refresh_token() {
    let app = App::start();
    let answer = client()
        .post(app.url("/oauth/token"))
        .basic_auth("demo-service", Some("demo-secret"))
        .form(&[("grant_type", "client_credentials")])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let answer = json(answer).await;
    assert_eq!(
        answer["token_type"].as_str().unwrap().to_lowercase(),
        "bearer"
    );
    assert_eq!(answer["expires_in"], 3600);
    assert_eq!(answer["scope"], "files:read files:write");
    assert!(answer.get("refresh_token").is_none());
}

#[tokio::test]
async fn metadata_and_keys_say_what_is_on() {
    let app = App::start();
    let metadata = client()
        .get(app.url("/.well-known/oauth-authorization-server"))
        .send()
        .await
        .unwrap();
    assert_eq!(metadata.headers()["access-control-allow-origin"], "*");
    let metadata = json(metadata).await;
    assert_eq!(metadata["issuer"], "http://127.0.0.1:8080");
    assert_eq!(
        metadata["code_challenge_methods_supported"],
        serde_json::json!(["S256"])
    );
    let keys = json(client().get(app.url("/oauth/jwks")).send().await.unwrap()).await;
    let key = &keys["keys"][0];
    assert_eq!(key["alg"], "ES256");
    assert!(key.get("d").is_none(), "public members only");
}

#[tokio::test]
async fn tokens_and_secrets_are_in_no_log_line() {
    let app = App::start_with(&[("RF_LOGGING__LEVEL", "trace")]);
    let tokens = Person::demo()
        .tokens(&demo_web(&app), &["files:read"])
        .await;
    let me = client()
        .get(app.url("/api/me"))
        .bearer_auth(tokens.access_token().secret())
        .send()
        .await
        .unwrap();
    assert_eq!(me.status(), 200);
    let log = app.log_text();
    for secret in [
        tokens.access_token().secret().as_str(),
        tokens.refresh_token().unwrap().secret(),
        "demo-secret",
    ] {
        assert!(!log.contains(secret), "a secret is in the log");
    }
}
