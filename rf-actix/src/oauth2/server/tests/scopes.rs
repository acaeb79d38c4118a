//! Which scopes a request comes to.

use super::*;
use crate::oauth2::settings::ScopeTexts;

fn texts(toml: &str) -> ScopeTexts {
    toml::from_str::<OAuth2Settings>(toml).unwrap().scopes
}

/// A server on which the confidential client has `scopes`.
async fn bench_with(scopes: &str, settings: fn(OAuth2Settings) -> OAuth2Settings) -> Bench {
    let bench = Bench::with(settings).await;
    for id in [&bench.service, &bench.web] {
        let scopes = scopes.parse().unwrap();
        bench.change(id, |client| Client { scopes, ..client }).await;
    }
    bench
}

#[tokio::test]
async fn a_client_with_a_wildcard_may_ask_for_the_family_and_for_its_members() {
    let bench = bench_with("files:* mail", |settings| settings).await;
    for asked in [
        "files:read",
        "files:*",
        "files:read:own mail",
        "files:a files:b",
    ] {
        let tokens = bench.credentials("secret", Some(asked)).await.unwrap();
        let asked: crate::oauth2::model::ScopeSet = asked.parse().unwrap();
        assert_eq!(tokens.scope, asked);
    }
    for asked in [
        "files",
        "filesystem:read",
        "mail:read",
        "*",
        "files:read admin",
    ] {
        refused_as(
            bench.credentials("secret", Some(asked)).await,
            ErrorCode::InvalidScope,
        );
    }
}

#[tokio::test]
async fn members_of_a_family_are_not_the_family() {
    let bench = bench_with("files:read files:write", |settings| settings).await;
    refused_as(
        bench.credentials("secret", Some("files:*")).await,
        ErrorCode::InvalidScope,
    );
}

#[tokio::test]
async fn a_granted_family_may_be_narrowed_at_a_refresh_and_shrinks_with_its_client() {
    let bench = bench_with("files:*", |settings| settings).await;
    let code = bench.code_for(&bench.web, "files:*", |code| code).await;
    let tokens = bench.redeem(&bench.web, &code).await.unwrap();
    assert_eq!(tokens.scope.to_string(), "files:*");
    let narrower = TokenParams {
        scope: Some("files:read".to_owned()),
        ..refreshing(&bench.web, &tokens.refresh_token.unwrap())
    };
    let narrowed = bench.server.issue_token(narrower).await.unwrap();
    assert_eq!(narrowed.scope.to_string(), "files:read");
    let wide_again = bench
        .refresh(&bench.web, &narrowed.refresh_token.unwrap())
        .await
        .unwrap();
    assert_eq!(wide_again.scope.to_string(), "files:*");

    let less = "files:read".parse().unwrap();
    bench
        .change(&bench.web, |client| Client {
            scopes: less,
            ..client
        })
        .await;
    let shrunk = bench
        .refresh(&bench.web, &wide_again.refresh_token.unwrap())
        .await
        .unwrap();
    assert_eq!(shrunk.scope.to_string(), "files:read");
}

#[tokio::test]
async fn what_a_scope_implies_is_in_the_token_and_may_be_asked_for_alone() {
    let bench = bench_with("files:write", |settings| OAuth2Settings {
        scopes: texts(
            r#"
            [scopes]
            "read" = "Read"
            "write" = "Write"
            "files:read" = "See"
            "files:write" = { text = "Change", implies = ["files:read"] }
            "#,
        ),
        ..settings
    })
    .await;
    let tokens = bench
        .credentials("secret", Some("files:write"))
        .await
        .unwrap();
    assert_eq!(tokens.scope.to_string(), "files:read files:write");
    let claims = bench
        .server
        .validate_token(&tokens.access_token)
        .await
        .unwrap();
    assert!(
        claims.scope.contains("files:read"),
        "resources need not know of it"
    );
    let less = bench
        .credentials("secret", Some("files:read"))
        .await
        .unwrap();
    assert_eq!(less.scope.to_string(), "files:read");
    refused_as(
        bench.credentials("secret", Some("read")).await,
        ErrorCode::InvalidScope,
    );
}

#[tokio::test]
async fn a_missing_scope_means_the_clients_default_or_the_servers_or_all() {
    let bench = bench_with("a b c", |settings| settings).await;
    let got = async |bench: &Bench| {
        let tokens = bench.credentials("secret", None).await.unwrap();
        tokens.scope.to_string()
    };
    assert_eq!(got(&bench).await, "a b c");
    for nothing in ["", "   "] {
        let tokens = bench.credentials("secret", Some(nothing)).await.unwrap();
        assert_eq!(tokens.scope.to_string(), "a b c");
    }

    let bench = bench_with("a b c", |settings| OAuth2Settings {
        default_scopes: vec!["b".parse().unwrap(), "d".parse().unwrap()],
        ..settings
    })
    .await;
    assert_eq!(
        got(&bench).await,
        "b",
        "never more than the client may have"
    );
    let own = || "c a".parse().unwrap();
    bench
        .change(&bench.service, |client| Client {
            default_scopes: own(),
            ..client
        })
        .await;
    assert_eq!(got(&bench).await, "a c");
}

#[tokio::test]
async fn a_default_that_leaves_nothing_is_an_invalid_scope() {
    let bench = bench_with("a", |settings| OAuth2Settings {
        default_scopes: vec!["b".parse().unwrap()],
        ..settings
    })
    .await;
    refused_as(
        bench.credentials("secret", None).await,
        ErrorCode::InvalidScope,
    );
    assert!(bench.credentials("secret", Some("a")).await.is_ok());
}
