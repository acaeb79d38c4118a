//! The app's decisions, and who is told.

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::*;
use crate::oauth2::model::{Principal, ScopeSet};
use crate::oauth2::policy::{Policy, PolicyError};

/// Nobody may write but ada; tokens are short; clients get nothing on Sundays.
struct House {
    failing: bool,
}

#[async_trait]
impl Policy for House {
    fn access_token_ttl(&self, _: &Client, default: Duration) -> Duration {
        default / 2
    }

    fn refresh_token_ttl(&self, client: &Client, default: Duration) -> Duration {
        if client.first_party {
            Duration::MAX
        } else {
            default / 30
        }
    }

    async fn finalize_scope(
        &self,
        _: &Client,
        principal: &Principal,
        mut scope: ScopeSet,
    ) -> Result<ScopeSet, PolicyError> {
        if self.failing {
            return Err("the table of roles is away".into());
        }
        scope.insert("admin".parse().unwrap());
        Ok(match principal {
            Principal::User(_) => scope,
            Principal::Client(_) => "read admin".parse().unwrap(),
        })
    }

    async fn extra_claims(
        &self,
        client: &Client,
        principal: &Principal,
        scope: &ScopeSet,
    ) -> Result<Map<String, Value>, PolicyError> {
        let who = match principal {
            Principal::User(subject) => subject.as_str(),
            Principal::Client(id) => id.as_str(),
        };
        assert!(!scope.contains("admin") && !client.id.as_str().is_empty());
        let claims = [
            ("tenant", who),
            ("sub", "root"),
            ("scope", "admin"),
            ("gty", "x"),
            ("exp", "9"),
        ];
        Ok(claims
            .map(|(name, value)| (name.to_owned(), value.into()))
            .into_iter()
            .collect())
    }
}

async fn bench_with(house: House) -> Bench {
    Bench::built(|settings| settings, |builder| builder.policy(house)).await
}

#[tokio::test]
async fn a_policy_narrows_scopes_at_each_issue_and_never_widens_them() {
    let bench = bench_with(House { failing: false }).await;
    let own = bench.credentials("secret", None).await.unwrap();
    assert_eq!(own.scope.to_string(), "read");
    let tokens = bench.tokens(&bench.web).await;
    assert_eq!(tokens.scope.to_string(), "read write");
    let next = bench
        .refresh(&bench.web, &tokens.refresh_token.unwrap())
        .await
        .unwrap();
    assert_eq!(next.scope.to_string(), "read write");
}

#[tokio::test]
async fn a_policy_adds_claims_and_replaces_none_of_the_servers() {
    let bench = bench_with(House { failing: false }).await;
    let tokens = bench.tokens(&bench.web).await;
    let claims = bench
        .server
        .validate_token(&tokens.access_token)
        .await
        .unwrap();
    assert_eq!(claims.extra.len(), 1);
    assert_eq!(claims.extra["tenant"], "ada");
    assert_eq!(claims.sub, "ada");
    assert!(!claims.is_client() && !claims.scope.contains("admin"));
}

#[tokio::test]
async fn a_policy_says_how_long_tokens_live_within_reason() {
    let bench = bench_with(House { failing: false }).await;
    let tokens = bench.tokens(&bench.web).await;
    assert_eq!(tokens.expires_in, 1800);
    bench.wait(Duration::from_secs(24 * 60 * 60));
    invalid_grant(
        bench
            .refresh(&bench.web, &tokens.refresh_token.unwrap())
            .await,
    );

    bench
        .change(&bench.web, |client| Client {
            first_party: true,
            ..client
        })
        .await;
    let tokens = bench.tokens(&bench.web).await;
    assert!(
        bench
            .refresh(&bench.web, &tokens.refresh_token.unwrap())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn when_the_policy_fails_nothing_is_issued_and_the_code_is_not_burnt() {
    let bench = bench_with(House { failing: true }).await;
    let error = bench.credentials("secret", None).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::TemporarilyUnavailable);
    assert!(
        !error.to_string().contains("roles"),
        "the cause stays inside"
    );
    let code = bench.code(&bench.web).await;
    refused_as(
        bench.redeem(&bench.web, &code).await,
        ErrorCode::TemporarilyUnavailable,
    );
    let kept = bench.server.store().code(&Digest::of(code.expose())).await;
    assert_eq!(kept.unwrap().unwrap().consumed_at, None);
    let told = |event: &Event| matches!(event, Event::TokenRefused { cause: Some(cause), .. } if cause.contains("roles"));
    assert_eq!(bench.saw(told), 2);
}

#[tokio::test]
async fn every_observer_is_told_and_one_that_panics_harms_nobody() {
    let later = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&later);
    let bench = Bench::built(
        |settings| settings,
        |builder| {
            builder
                .observer(|event| {
                    if matches!(event, Event::TokenIssued { .. }) {
                        panic!("an observer with a bug");
                    }
                })
                .observer(move |_| {
                    counted.fetch_add(1, Ordering::SeqCst);
                })
        },
    )
    .await;
    later.store(0, Ordering::SeqCst);
    assert!(bench.credentials("secret", None).await.is_ok());
    assert_eq!(
        bench.saw(|event| matches!(event, Event::TokenIssued { .. })),
        1
    );
    assert_eq!(later.load(Ordering::SeqCst), 1);
}
