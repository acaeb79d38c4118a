//! Against an issuer that can do everything an issuer should not.
#![allow(clippy::unwrap_used, reason = "tests")]

mod asking;
mod issuer;

use std::time::Duration;

use serde_json::json;

use super::ResourceServer;
use crate::oauth2::error::AuthError;
use issuer::{Issuer, Signer};

#[track_caller]
fn invalid<T: std::fmt::Debug>(answer: Result<T, AuthError>) {
    assert!(matches!(answer, Err(AuthError::Invalid(_))), "{answer:?}");
}

#[track_caller]
fn unavailable<T: std::fmt::Debug>(answer: Result<T, AuthError>) {
    assert!(
        matches!(answer, Err(AuthError::Unavailable(_))),
        "{answer:?}"
    );
}

#[actix_web::test]
async fn tokens_of_each_kind_of_key_are_verified_by_the_published_keys() {
    let issuer = Issuer::start();
    let api = issuer.api().build().unwrap();
    for signer in [Signer::es256("e"), Signer::ed25519("d"), Signer::rs256("r")] {
        issuer.publish(&[&signer]);
        issuer.pass(Duration::from_secs(301));
        let claims = api
            .validate_token(&issuer.token(&signer, json!({})))
            .await
            .unwrap();
        assert_eq!(
            (claims.sub.as_str(), claims.client_id.as_str()),
            ("ada", "shop")
        );
        assert!(claims.scope.contains("read"));
    }
}

#[actix_web::test]
async fn keys_are_fetched_once_and_kept() {
    let issuer = Issuer::start();
    let signer = Signer::es256("a");
    issuer.publish(&[&signer]);
    let api = issuer.api().build().unwrap();
    for _ in 0..20 {
        api.validate_token(&issuer.token(&signer, json!({})))
            .await
            .unwrap();
    }
    assert_eq!(issuer.asked("jwks"), 1);
    issuer.pass(Duration::from_secs(301));
    api.validate_token(&issuer.token(&signer, json!({})))
        .await
        .unwrap();
    assert_eq!((issuer.asked("jwks"), issuer.asked("metadata")), (2, 1));
}

#[actix_web::test]
async fn fifty_requests_at_once_fetch_the_keys_once() {
    let issuer = Issuer::start();
    let signer = Signer::es256("a");
    issuer.publish(&[&signer]);
    let api = issuer.api().build().unwrap();
    let token = issuer.token(&signer, json!({}));
    let all = (0..50).map(|_| api.validate_token(&token));
    assert!(
        futures_util::future::join_all(all)
            .await
            .iter()
            .all(Result::is_ok)
    );
    assert_eq!(issuer.asked("jwks"), 1);
}

#[actix_web::test]
async fn an_unknown_key_has_them_fetched_again_but_not_for_every_token_of_an_attacker() {
    let issuer = Issuer::start();
    let (old, new, nobody) = (
        Signer::es256("old"),
        Signer::es256("new"),
        Signer::es256("nobody"),
    );
    issuer.publish(&[&old]);
    let api = issuer.api().build().unwrap();
    api.validate_token(&issuer.token(&old, json!({})))
        .await
        .unwrap();
    issuer.publish(&[&old, &new]);
    issuer.pass(Duration::from_secs(11));
    api.validate_token(&issuer.token(&new, json!({})))
        .await
        .unwrap();
    assert_eq!(issuer.asked("jwks"), 2);
    for _ in 0..50 {
        invalid(api.validate_token(&issuer.token(&nobody, json!({}))).await);
    }
    assert_eq!(issuer.asked("jwks"), 2);
    issuer.pass(Duration::from_secs(11));
    invalid(api.validate_token(&issuer.token(&nobody, json!({}))).await);
    assert_eq!(issuer.asked("jwks"), 3);
}

#[actix_web::test]
async fn old_keys_serve_while_the_issuer_is_away_and_not_for_ever() {
    let issuer = Issuer::start();
    let (signer, new) = (Signer::es256("a"), Signer::es256("b"));
    issuer.publish(&[&signer]);
    let api = issuer.api().build().unwrap();
    api.warm_up().await.unwrap();
    issuer.fail(true);
    issuer.pass(Duration::from_secs(3000));
    api.validate_token(&issuer.token(&signer, json!({})))
        .await
        .unwrap();
    // It may be a good one: nobody can say.
    unavailable(api.validate_token(&issuer.token(&new, json!({}))).await);
    issuer.pass(Duration::from_secs(700));
    unavailable(api.validate_token(&issuer.token(&signer, json!({}))).await);
    issuer.fail(false);
    unavailable(api.validate_token(&issuer.token(&signer, json!({}))).await);
    issuer.pass(Duration::from_secs(11));
    api.validate_token(&issuer.token(&signer, json!({})))
        .await
        .unwrap();
}

#[actix_web::test]
async fn a_token_counts_no_more_once_its_key_is_withdrawn() {
    let issuer = Issuer::start();
    let (leaked, next) = (Signer::es256("leaked"), Signer::es256("next"));
    issuer.publish(&[&leaked]);
    let api = issuer.api().build().unwrap();
    let token = issuer.token(&leaked, json!({}));
    api.validate_token(&token).await.unwrap();
    issuer.publish(&[&next]);
    issuer.pass(Duration::from_secs(301));
    invalid(api.validate_token(&token).await);
}

#[actix_web::test]
async fn a_token_that_is_expired_early_or_meant_for_others_is_refused() {
    let issuer = Issuer::start();
    let signer = Signer::es256("a");
    issuer.publish(&[&signer]);
    let api = issuer.api().build().unwrap();
    let now = issuer.now();
    for wrong in [
        json!({ "exp": now - 6 }),
        json!({ "nbf": now + 10 }),
        json!({ "nbf": "soon" }),
        json!({ "iss": "http://127.0.0.1:1" }),
        json!({ "aud": "bank" }),
        json!({ "aud": ["bank", "vault"] }),
        json!({ "aud": null }),
        json!({ "sub": null }),
        json!({ "client_id": null }),
        json!({ "exp": null }),
    ] {
        invalid(
            api.validate_token(&issuer.token(&signer, wrong.clone()))
                .await,
        );
    }
    for right in [
        json!({ "exp": now - 4 }),
        json!({ "nbf": now + 4 }),
        json!({ "aud": ["bank", "orders"] }),
    ] {
        let claims = api
            .validate_token(&issuer.token(&signer, right))
            .await
            .unwrap();
        assert_eq!(claims.aud, "orders");
    }
    let token = issuer.token(&signer, json!({ "exp": now + 60 }));
    api.validate_token(&token).await.unwrap();
    issuer.pass(Duration::from_secs(66));
    invalid(api.validate_token(&token).await);
}

#[actix_web::test]
async fn other_kinds_of_tokens_and_other_algorithms_are_refused() {
    let issuer = Issuer::start();
    let (ec, rsa) = (Signer::es256("ec"), Signer::rs256("rsa"));
    issuer.publish(&[&ec, &rsa]);
    let api = issuer.api().build().unwrap();
    for (signer, header) in [
        (&ec, json!({ "typ": "JWT" })),
        (&ec, json!({ "typ": null })),
        (&ec, json!({ "typ": "refresh+jwt" })),
        (&ec, json!({ "jku": "https://evil.example.com/jwks" })),
        (&ec, json!({ "x5u": "https://evil.example.com/cert" })),
        (&ec, json!({ "jwk": { "kty": "oct", "k": "AAAA" } })),
        (&ec, json!({ "crit": ["b64"], "b64": false })),
        // RFC 8725 §2.1: a key is used with its own algorithm only.
        (&ec, json!({ "kid": "rsa" })),
        (&rsa, json!({ "kid": "ec" })),
        (&rsa, json!({ "alg": "HS256" })),
        (&ec, json!({ "alg": "none" })),
        (&ec, json!({ "kid": null })),
    ] {
        invalid(
            api.validate_token(&signer.sign(header, issuer.claims(json!({}))))
                .await,
        );
    }
    // Signed with the published key as if that were a shared secret.
    invalid(
        api.validate_token(&rsa.confused(&issuer.claims(json!({}))))
            .await,
    );
    api.validate_token(&issuer.token(&ec, json!({})))
        .await
        .unwrap();
}

#[actix_web::test]
async fn an_issuer_that_says_to_be_another_is_not_believed() {
    let issuer = Issuer::start();
    let signer = Signer::es256("a");
    issuer.publish(&[&signer]);
    let api = ResourceServer::builder(format!("{}/", issuer.base))
        .audience("orders")
        .build()
        .unwrap();
    unavailable(api.validate_token(&issuer.token(&signer, json!({}))).await);
    unavailable(api.warm_up().await);
    assert_eq!(issuer.asked("jwks"), 0);
}

#[actix_web::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let issuer = Issuer::start();
    issuer.flood();
    let api = issuer.api().build().unwrap();
    unavailable(api.warm_up().await);
}

#[actix_web::test]
async fn introspection_is_asked_with_the_clients_credentials_and_kept_briefly() {
    let issuer = Issuer::start();
    let api = issuer
        .api()
        .introspection("api:1", "s e+cret")
        .build()
        .unwrap();
    issuer.say(json!({ "active": true, "sub": "ada", "client_id": "shop", "scope": "read", "token_type": "bearer",
        "exp": issuer.now() + 15, "aud": "orders", "gty": null, "username": "Ada", "jti": "1" }));
    for _ in 0..10 {
        let claims = api.validate_token("opaque").await.unwrap();
        assert_eq!(
            (
                claims.sub.as_str(),
                claims.client_id.as_str(),
                claims.is_client()
            ),
            ("ada", "shop", false)
        );
    }
    assert_eq!(issuer.asked("introspect"), 1);
    // RFC 6749 §2.3.1: form-encoded, then joined.
    assert_eq!(issuer.last_authorization(), "api%3A1:s+e%2Bcret");
    issuer.pass(Duration::from_secs(10));
    api.validate_token("opaque").await.unwrap();
    assert_eq!(issuer.asked("introspect"), 2);
    // Five seconds on the token ends, before what is kept of it would.
    issuer.say(json!({ "active": false }));
    issuer.pass(Duration::from_secs(5));
    invalid(api.validate_token("opaque").await);
    assert_eq!(issuer.asked("introspect"), 3);
}

#[actix_web::test]
async fn a_refusal_by_introspection_is_not_kept() {
    let issuer = Issuer::start();
    let api = issuer.api().introspection("api", "secret").build().unwrap();
    issuer.say(json!({ "active": false }));
    invalid(api.validate_token("opaque").await);
    issuer.say(json!({ "active": true, "client_id": "shop", "token_type": "Bearer" }));
    let claims = api.validate_token("opaque").await.unwrap();
    assert!(
        claims.is_client(),
        "without a subject the client acts for itself"
    );
    assert_eq!(issuer.asked("introspect"), 2);
}

#[actix_web::test]
async fn introspection_that_is_not_about_an_access_token_for_us_is_a_refusal() {
    let issuer = Issuer::start();
    let api = issuer.api().introspection("api", "secret").build().unwrap();
    let now = issuer.now();
    for wrong in [
        // As ours answers about a refresh token.
        json!({ "active": true, "sub": "ada", "client_id": "shop", "scope": "read", "exp": now + 60 }),
        json!({ "active": true, "client_id": "shop", "token_type": "refresh_token", "aud": "orders" }),
        json!({ "active": true, "client_id": "shop", "token_type": "Bearer", "aud": "bank" }),
        json!({ "active": true, "client_id": "shop", "token_type": "Bearer", "iss": "https://evil.example.com" }),
        json!({ "active": true, "client_id": "shop", "token_type": "Bearer", "exp": now - 10 }),
        json!({ "active": true, "token_type": "Bearer" }),
    ] {
        issuer.say(wrong);
        invalid(api.validate_token("opaque").await);
    }
    for broken in [json!({}), json!([]), json!({ "active": "true" })] {
        issuer.say(broken);
        unavailable(api.validate_token("opaque").await);
    }
    issuer.fail(true);
    unavailable(api.validate_token("opaque").await);
}

#[test]
fn a_wrong_configuration_says_what_to_write() {
    let wrong = |issuer: &str| {
        ResourceServer::builder(issuer)
            .audience("orders")
            .build()
            .unwrap_err()
            .to_string()
    };
    assert!(wrong("http://id.example.com").contains("loopback"));
    assert!(wrong("id").contains("https://id.example.com"));
    let nobody = ResourceServer::builder("https://id.example.com").build();
    assert!(nobody.unwrap_err().to_string().contains("audience"));
    let api = ResourceServer::builder("http://localhost:1")
        .audience("a")
        .introspection("a", "hunter2");
    let printed = format!("{api:?}");
    let built = format!("{:?}", api.build().unwrap());
    assert!(!printed.contains("hunter2") && !built.contains("hunter2"));
}
