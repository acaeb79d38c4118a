//! Access tokens that are not JWTs, and JWTs of every algorithm.

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::*;
use crate::oauth2::model::{Principal, ScopeSet};
use crate::oauth2::policy::{Policy, PolicyError};
use crate::oauth2::settings::{AccessTokenSettings, CheckMode, SigningAlgorithm, TokenFormat};

fn formatted(
    format: TokenFormat,
    algorithm: SigningAlgorithm,
    check: CheckMode,
) -> impl FnOnce(OAuth2Settings) -> OAuth2Settings {
    move |settings| OAuth2Settings {
        access_token: AccessTokenSettings {
            format,
            algorithm,
            check,
            ..AccessTokenSettings::default()
        },
        ..settings
    }
}

fn opaque(check: CheckMode) -> impl FnOnce(OAuth2Settings) -> OAuth2Settings {
    formatted(TokenFormat::Opaque, SigningAlgorithm::default(), check)
}

#[tokio::test]
async fn an_opaque_token_says_nothing_and_counts_like_another() {
    let bench = Bench::with(opaque(CheckMode::Cached)).await;
    let tokens = bench.tokens(&bench.web).await;
    let token = &tokens.access_token;
    assert!(token.starts_with("rfa_") && token.len() == 47, "{token}");
    let claims = bench.server.validate_token(token).await.unwrap();
    assert_eq!((claims.sub.as_str(), claims.is_client()), ("ada", false));
    assert_eq!(claims.scope.to_string(), "read write");
    assert_eq!(claims.iss, "http://127.0.0.1:8080");
    assert_eq!(claims.exp - claims.iat, 3600);
    let kept = bench.server.store().access_token(&claims.jti).await;
    assert_eq!(kept.unwrap().unwrap().client_id, bench.web);

    for wrong in ["rfa_", "rfa_unknown", &token[..46], &format!("{token}A")] {
        assert!(!bench.is_active(wrong).await, "{wrong}");
    }
    bench.wait(Duration::from_secs(3600));
    assert!(!bench.is_active(token).await);
}

#[tokio::test]
async fn an_opaque_token_that_is_revoked_elsewhere_is_seen_at_once_or_in_seconds() {
    for (mode, at_once) in [(CheckMode::Strict, false), (CheckMode::Cached, true)] {
        let bench = Bench::with(opaque(mode)).await;
        let token = bench.tokens(&bench.web).await.access_token;
        assert!(bench.is_active(&token).await);
        let id = Digest::of(&token);
        let revoked = bench.server.store();
        assert!(
            revoked
                .revoke_access_token(id.as_str(), bench.now())
                .await
                .unwrap()
        );
        assert_eq!(bench.is_active(&token).await, at_once, "{mode:?}");
        bench.wait(Duration::from_secs(3));
        assert!(!bench.is_active(&token).await);
    }
}

#[tokio::test]
async fn an_opaque_token_is_revoked_by_its_client_alone_and_dies_with_its_family() {
    let bench = Bench::with(opaque(CheckMode::Cached)).await;
    let tokens = bench.tokens(&bench.web).await;
    let client = |id: &ClientId| {
        let (server, id) = (bench.server.clone(), id.clone());
        async move { server.store().client(&id).await.unwrap().unwrap() }
    };
    let secret = Secret::from(tokens.access_token.as_str());
    let (spa, web) = (client(&bench.spa).await, client(&bench.web).await);
    bench.server.revoke_token(&secret, &spa).await.unwrap();
    assert!(bench.is_active(&tokens.access_token).await);
    bench.server.revoke_token(&secret, &web).await.unwrap();
    assert!(!bench.is_active(&tokens.access_token).await);

    let refreshed = bench
        .refresh(&bench.web, &tokens.refresh_token.unwrap())
        .await
        .unwrap();
    assert!(bench.is_active(&refreshed.access_token).await);
    let refresh = Secret::from(refreshed.refresh_token.unwrap());
    bench.server.revoke_token(&refresh, &web).await.unwrap();
    assert!(!bench.is_active(&refreshed.access_token).await);
}

struct Badge;

#[async_trait]
impl Policy for Badge {
    async fn extra_claims(
        &self,
        _: &Client,
        _: &Principal,
        _: &ScopeSet,
    ) -> Result<Map<String, Value>, PolicyError> {
        Ok(Map::from_iter([
            ("badge".to_owned(), json!({"number": 7})),
            ("sub".to_owned(), json!("root")),
        ]))
    }
}

#[tokio::test]
async fn what_the_policy_adds_is_in_both_kinds_of_token() {
    for format in [TokenFormat::Opaque, TokenFormat::Jwt] {
        let bench = Bench::new().await;
        let check = CheckMode::Cached;
        let settings = formatted(format, SigningAlgorithm::default(), check)(settings());
        let server = bench.builder().await.settings(settings).policy(Badge);
        let server = server.build().await.unwrap();
        let code = bench.code(&bench.web).await;
        let tokens = server.issue_token(redemption(&bench.web, &code)).await;
        let token = tokens.unwrap().access_token;
        // Also by an instance of other settings: it knows the token by the database.
        for server in [&server, &bench.server] {
            let claims = server.validate_token(&token).await.unwrap();
            assert_eq!(claims.extra["badge"]["number"], 7, "{format:?}");
            assert_eq!(claims.sub, "ada", "a name the server uses itself");
        }
    }
}

#[tokio::test]
async fn tokens_of_the_algorithm_and_the_format_before_still_count() {
    let bench = Bench::new().await;
    let mut tokens = vec![bench.tokens(&bench.web).await.access_token];
    for (format, algorithm) in [
        (TokenFormat::Jwt, SigningAlgorithm::Rs256),
        (TokenFormat::Opaque, SigningAlgorithm::Rs256),
        (TokenFormat::Jwt, SigningAlgorithm::EdDsa),
        (TokenFormat::Jwt, SigningAlgorithm::Es256),
    ] {
        let settings = formatted(format, algorithm, CheckMode::Cached)(settings());
        let server = bench.builder().await.settings(settings).build().await;
        let server = server.unwrap();
        let code = bench.code(&bench.web).await;
        let issued = server.issue_token(redemption(&bench.web, &code)).await;
        tokens.push(issued.unwrap().access_token);
        for token in &tokens {
            let found = server.validate_token(token).await;
            assert!(found.is_ok(), "{format:?} {algorithm:?}: {found:?}");
        }
    }
    // The first instance, which has not been started again.
    for token in &tokens {
        assert!(bench.is_active(token).await);
        bench.wait(Duration::from_secs(10));
    }
}
