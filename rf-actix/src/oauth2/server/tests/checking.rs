//! Whether an access token counts.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;

use super::*;
use crate::oauth2::error::AuthError;
use crate::oauth2::model::TokenState;
use crate::oauth2::settings::{AccessTokenSettings, CheckMode, SigningAlgorithm};

pub(super) async fn bench(check: CheckMode) -> Bench {
    Bench::with(|settings| OAuth2Settings {
        access_token: AccessTokenSettings {
            check,
            ..AccessTokenSettings::default()
        },
        ..settings
    })
    .await
}

impl Bench {
    pub(super) async fn revoke(&self, client: &ClientId, token: &str) {
        let client = self.registered(client).await;
        self.server
            .revoke_token(&token.into(), &client)
            .await
            .unwrap();
    }

    pub(super) async fn introspect(&self, client: &ClientId, token: &str) -> serde_json::Value {
        let client = self.registered(client).await;
        let found = self.server.introspect_token(&token.into(), &client).await;
        serde_json::to_value(found.unwrap()).unwrap()
    }

    /// Revokes as another instance would: this one does not hear of it.
    pub(super) async fn revoke_elsewhere(&self, token: &str) {
        let found = self.server.0.verifier.find(token).await.unwrap();
        let (jti, _) = found.unwrap();
        assert!(
            self.server
                .store()
                .revoke_access_token(&jti, self.now())
                .await
                .unwrap()
        );
        assert_eq!(
            self.server.store().access_token_state(&jti).await.unwrap(),
            TokenState::Revoked
        );
    }
}

#[tokio::test]
async fn revocation_elsewhere_is_seen_at_once_in_seconds_or_never() {
    for (mode, at_once, in_seconds) in [
        (CheckMode::Strict, false, false),
        (CheckMode::Cached, true, false),
        (CheckMode::Stateless, true, true),
    ] {
        let bench = bench(mode).await;
        let token = bench.tokens(&bench.web).await.access_token;
        assert!(bench.is_active(&token).await);
        bench.revoke_elsewhere(&token).await;
        assert_eq!(bench.is_active(&token).await, at_once, "{mode:?}");
        bench.wait(Duration::from_secs(3));
        assert_eq!(bench.is_active(&token).await, in_seconds, "{mode:?}");
    }
}

#[tokio::test]
async fn what_this_instance_revokes_it_sees_at_once() {
    let bench = bench(CheckMode::Cached).await;
    let token = bench.tokens(&bench.web).await.access_token;
    assert!(bench.is_active(&token).await);
    bench.revoke(&bench.web, &token).await;
    assert!(!bench.is_active(&token).await);
}

#[tokio::test]
async fn a_token_ends_on_the_second() {
    for mode in [CheckMode::Cached, CheckMode::Stateless] {
        let bench = bench(mode).await;
        let token = bench.tokens(&bench.web).await.access_token;
        bench.wait(Duration::from_millis(3_599_999));
        assert!(bench.is_active(&token).await);
        bench.wait(Duration::from_millis(1));
        assert!(!bench.is_active(&token).await);
    }
}

#[tokio::test]
async fn revoking_a_refresh_token_kills_the_access_tokens_and_a_foreign_client_cannot() {
    let bench = Bench::new().await;
    let tokens = bench.tokens(&bench.web).await;
    let refresh = tokens.refresh_token.unwrap();
    for token in [&refresh, &tokens.access_token] {
        bench.revoke(&bench.spa, token).await;
    }
    bench.revoke(&bench.web, "rfr_unknown").await;
    bench.revoke(&bench.web, "").await;
    assert!(bench.is_active(&tokens.access_token).await);
    bench.revoke(&bench.web, &refresh).await;
    assert!(!bench.is_active(&tokens.access_token).await);
    invalid_grant(bench.refresh(&bench.web, &refresh).await);
}

#[tokio::test]
async fn revoking_an_access_token_leaves_the_refresh_token() {
    let bench = Bench::new().await;
    let tokens = bench.tokens(&bench.web).await;
    bench.revoke(&bench.web, &tokens.access_token).await;
    assert!(!bench.is_active(&tokens.access_token).await);
    assert!(
        bench
            .refresh(&bench.web, &tokens.refresh_token.unwrap())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn introspection_tells_what_there_is_to_know() {
    let bench = Bench::new().await;
    let tokens = bench.tokens(&bench.web).await;
    let found = bench.introspect(&bench.service, &tokens.access_token).await;
    assert_eq!(found["active"], true);
    assert_eq!(found["scope"], "read write");
    assert_eq!(found["client_id"], bench.web.as_str());
    assert_eq!(found["sub"], "ada");
    assert_eq!(found["username"], "ada");
    assert_eq!(found["token_type"], "Bearer");
    assert_eq!(found["iss"], "http://127.0.0.1:8080");
    assert_eq!(found["aud"], "http://127.0.0.1:8080");
    assert_eq!(
        found["exp"].as_i64().unwrap() - found["iat"].as_i64().unwrap(),
        3600
    );
    assert_eq!(found["nbf"], found["iat"]);
    assert!(found["jti"].is_string());
    assert!(found.get("gty").is_none());

    let refresh = tokens.refresh_token.unwrap();
    let found = bench.introspect(&bench.web, &refresh).await;
    assert_eq!(
        (&found["active"], &found["sub"]),
        (&json!(true), &json!("ada"))
    );
    bench.refresh(&bench.web, &refresh).await.unwrap();
    let used = bench.introspect(&bench.web, &refresh).await;
    assert_eq!(used, json!({"active": false}));
}

#[tokio::test]
async fn an_inactive_token_is_exactly_that() {
    let bench = Bench::new().await;
    let inactive = json!({"active": false});
    let token = bench.tokens(&bench.web).await.access_token;
    // A public client may only ask about its own.
    assert_eq!(bench.introspect(&bench.spa, &token).await, inactive);
    assert_eq!(bench.introspect(&bench.web, "unknown").await, inactive);
    bench.revoke(&bench.web, &token).await;
    assert_eq!(bench.introspect(&bench.web, &token).await, inactive);
    let token = bench.tokens(&bench.web).await.access_token;
    bench.wait(Duration::from_secs(3600));
    assert_eq!(bench.introspect(&bench.web, &token).await, inactive);
}

#[tokio::test]
async fn what_is_not_an_access_token_of_ours_is_refused() {
    for algorithm in [
        SigningAlgorithm::Es256,
        SigningAlgorithm::Rs256,
        SigningAlgorithm::EdDsa,
    ] {
        refuses_all_but_its_own(algorithm).await;
    }
}

async fn refuses_all_but_its_own(algorithm: SigningAlgorithm) {
    let bench = Bench::with(|settings| OAuth2Settings {
        access_token: AccessTokenSettings {
            algorithm,
            check: CheckMode::Stateless,
            ..AccessTokenSettings::default()
        },
        ..settings
    })
    .await;
    let good = bench.tokens(&bench.web).await;
    let keys = bench.server.store().keys().await.unwrap();
    let key = keys.iter().find(|key| key.purpose.signs_tokens()).unwrap();
    let (named, ours) = match algorithm {
        SigningAlgorithm::Es256 => (Algorithm::ES256, EncodingKey::from_ec_der(&key.private)),
        // It wants what PKCS #8 wraps: PKCS #1, after 26 bytes.
        SigningAlgorithm::Rs256 => (
            Algorithm::RS256,
            EncodingKey::from_rsa_der(&key.private[26..]),
        ),
        SigningAlgorithm::EdDsa => (Algorithm::EdDSA, EncodingKey::from_ed_der(&key.private)),
    };
    let kid = key.id.clone();
    let now = bench.now().as_secs();
    let claims = json!({
        "iss": "http://127.0.0.1:8080", "aud": "http://127.0.0.1:8080", "sub": "ada", "exp": now + 60,
        "iat": now, "jti": "x", "client_id": "web", "scope": "read",
    });
    let header = || Header {
        typ: Some("at+jwt".to_owned()),
        kid: Some(kid.clone()),
        ..Header::new(named)
    };
    let sign = |header: &Header, claims: &serde_json::Value| encode(header, claims, &ours).unwrap();
    let with = |name: &str, value: &str| {
        let mut claims = claims.clone();
        claims[name] = value.into();
        sign(&header(), &claims)
    };
    assert!(bench.is_active(&sign(&header(), &claims)).await);

    let [head, body, _] = good.access_token.split('.').collect::<Vec<_>>()[..] else {
        panic!("a JWT has three parts");
    };
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
    // HS256, signed with what everybody can read: the public key.
    let jwk = serde_json::to_string(bench.server.keyring().known()[0].jwk()).unwrap();
    let confused = Header {
        alg: Algorithm::HS256,
        ..header()
    };
    let confused = encode(
        &confused,
        &claims,
        &EncodingKey::from_secret(jwk.as_bytes()),
    )
    .unwrap();
    for (what, token) in [
        ("refresh token", good.refresh_token.clone().unwrap()),
        (
            "id token",
            sign(
                &Header {
                    typ: Some("JWT".to_owned()),
                    ..header()
                },
                &claims,
            ),
        ),
        (
            "no type",
            sign(
                &Header {
                    typ: None,
                    ..header()
                },
                &claims,
            ),
        ),
        (
            "unknown key",
            sign(
                &Header {
                    kid: Some("other".to_owned()),
                    ..header()
                },
                &claims,
            ),
        ),
        (
            "no key",
            sign(
                &Header {
                    kid: None,
                    ..header()
                },
                &claims,
            ),
        ),
        (
            "jku",
            sign(
                &Header {
                    jku: Some("https://evil".to_owned()),
                    ..header()
                },
                &claims,
            ),
        ),
        (
            "x5u",
            sign(
                &Header {
                    x5u: Some("https://evil".to_owned()),
                    ..header()
                },
                &claims,
            ),
        ),
        (
            "crit",
            sign(
                &Header {
                    crit: Some(vec!["b64".to_owned()]),
                    ..header()
                },
                &claims,
            ),
        ),
        ("issuer", with("iss", "http://127.0.0.1:8081")),
        ("audience", with("aud", "other")),
        ("none", format!("{none}.{body}.")),
        ("no signature", format!("{head}.{body}.")),
        (
            "signature of another",
            format!("{head}.{body}.{}", "A".repeat(86)),
        ),
        (
            "another algorithm of a key we have",
            format!("{}.{body}.{}", as_algorithm(head, "ES384"), "A".repeat(86)),
        ),
        ("HMAC with the public key", confused),
        ("too long", "a".repeat(20_000)),
        ("garbage", "a.b.c".to_owned()),
    ] {
        let answer = bench.server.validate_token(&token).await;
        assert!(
            matches!(answer, Err(AuthError::Invalid(_))),
            "{algorithm:?}, {what}: {answer:?}"
        );
    }
    let nothing = bench.server.validate_token("").await;
    assert!(matches!(nothing, Err(AuthError::Missing)));
}

/// The encoded header with another algorithm in it.
fn as_algorithm(head: &str, algorithm: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(head).unwrap();
    let mut header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    header["alg"] = algorithm.into();
    URL_SAFE_NO_PAD.encode(header.to_string())
}

#[tokio::test]
async fn a_token_that_was_never_kept_does_not_count_unless_checking_is_stateless() {
    let bench = bench(CheckMode::Cached).await;
    let subject = "ada".into();
    let order = crate::oauth2::token::Order {
        client_id: &bench.web,
        on_behalf: Some((&subject, &GrantId::generate())),
        scope: "read".parse().unwrap(),
        ttl: Duration::from_secs(60),
        extra: serde_json::Map::new(),
        now: bench.now(),
    };
    let (token, _) = bench.server.0.issuer.issue(order).unwrap();
    assert!(!bench.is_active(&token).await);
}

#[tokio::test]
async fn what_another_instance_does_to_a_client_is_seen_in_seconds_or_at_once() {
    for (mode, in_between) in [(CheckMode::Strict, false), (CheckMode::Cached, true)] {
        let bench = bench(mode).await;
        let ask = || {
            let params = TokenParams {
                grant_type: Some("client_credentials".to_owned()),
                ..identified(&bench.service)
            };
            bench.server.issue_token(params)
        };
        ask().await.unwrap();
        let store = bench.server.store();
        let (service, now) = (&bench.service, bench.now());
        store.disable_client(service, now).await.unwrap();
        let between = ask().await;
        assert_eq!(between.is_ok(), in_between, "{mode:?}");
        // What it got in these seconds counts for nothing.
        if let Ok(tokens) = between {
            assert!(!bench.is_active(&tokens.access_token).await);
        }
        bench.wait(Duration::from_secs(3));
        refused_as(ask().await, ErrorCode::InvalidClient);
    }
}
