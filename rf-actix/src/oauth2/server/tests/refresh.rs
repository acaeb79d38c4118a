//! Refresh tokens.

use super::*;
use crate::oauth2::settings::RefreshTokenSettings;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[tokio::test]
async fn a_refresh_token_is_exchanged_for_the_next() {
    let bench = Bench::new().await;
    let first = bench.tokens(&bench.spa).await;
    let one = first.refresh_token.unwrap();
    let second = bench.refresh(&bench.spa, &one).await.unwrap();
    let two = second.refresh_token.unwrap();
    assert_ne!(one, two);
    assert!(bench.is_active(&second.access_token).await);
    let third = bench.refresh(&bench.spa, &two).await.unwrap();
    assert_ne!(third.refresh_token.unwrap(), two);
}

#[tokio::test]
async fn a_lost_answer_may_be_asked_for_again_within_the_grace() {
    let bench = Bench::new().await;
    let one = bench.tokens(&bench.spa).await.refresh_token.unwrap();
    let two = bench.refresh(&bench.spa, &one).await.unwrap().refresh_token;
    bench.wait(10 * SECOND);
    let again = bench.refresh(&bench.spa, &one).await.unwrap();
    assert_eq!(again.refresh_token, two);
    assert!(bench.is_active(&again.access_token).await);
    assert_eq!(bench.replays(), 0);
}

#[tokio::test]
async fn a_rotated_token_reused_outside_the_grace_kills_the_family() {
    let bench = Bench::new().await;
    let one = bench.tokens(&bench.spa).await.refresh_token.unwrap();
    let second = bench.refresh(&bench.spa, &one).await.unwrap();
    bench.wait(11 * SECOND);
    invalid_grant(bench.refresh(&bench.spa, &one).await);
    assert!(!bench.is_active(&second.access_token).await);
    invalid_grant(
        bench
            .refresh(&bench.spa, &second.refresh_token.unwrap())
            .await,
    );
    assert_eq!(bench.replays(), 1);
}

#[tokio::test]
async fn a_grandparent_kills_the_family_even_within_the_grace() {
    let bench = Bench::new().await;
    let one = bench.tokens(&bench.spa).await.refresh_token.unwrap();
    let two = bench
        .refresh(&bench.spa, &one)
        .await
        .unwrap()
        .refresh_token
        .unwrap();
    let third = bench.refresh(&bench.spa, &two).await.unwrap();
    invalid_grant(bench.refresh(&bench.spa, &one).await);
    invalid_grant(
        bench
            .refresh(&bench.spa, &third.refresh_token.unwrap())
            .await,
    );
    assert!(!bench.is_active(&third.access_token).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_concurrent_refreshes_stay_in_one_lineage() {
    let bench = Bench::new().await;
    let one = bench.tokens(&bench.spa).await.refresh_token.unwrap();
    let answers = futures_util::future::join_all((0..50).map(|_| {
        let (server, params) = (bench.server.clone(), refreshing(&bench.spa, &one));
        tokio::spawn(async move { server.issue_token(params).await })
    }))
    .await;
    let successors: std::collections::HashSet<_> = (answers.into_iter())
        .map(|answer| answer.unwrap().unwrap().refresh_token.unwrap())
        .collect();
    assert_eq!(successors.len(), 1);
    let two = successors.into_iter().next().unwrap();
    assert!(bench.refresh(&bench.spa, &two).await.is_ok());
    assert_eq!(bench.replays(), 0);
}

#[tokio::test]
async fn a_refresh_token_of_another_client_is_an_invalid_grant_and_unharmed() {
    let bench = Bench::new().await;
    let one = bench.tokens(&bench.spa).await.refresh_token.unwrap();
    invalid_grant(bench.refresh(&bench.web, &one).await);
    assert!(bench.refresh(&bench.spa, &one).await.is_ok());
}

#[tokio::test]
async fn a_narrower_scope_is_for_that_access_token_only_and_a_wider_one_refused() {
    let bench = Bench::new().await;
    let one = bench.tokens(&bench.spa).await.refresh_token.unwrap();
    let asking = |token: &str, scope: &str| TokenParams {
        scope: Some(scope.to_owned()),
        ..refreshing(&bench.spa, token)
    };
    let wider = bench.server.issue_token(asking(&one, "read admin")).await;
    refused_as(wider, ErrorCode::InvalidScope);
    let narrower = bench
        .server
        .issue_token(asking(&one, "read"))
        .await
        .unwrap();
    assert_eq!(narrower.scope.to_string(), "read");
    let next = narrower.refresh_token.unwrap();
    let whole = bench.refresh(&bench.spa, &next).await.unwrap();
    assert_eq!(whole.scope.to_string(), "read write");
}

#[tokio::test]
async fn a_refresh_token_ends_when_it_idles_and_when_its_family_is_old() {
    let bench = Bench::new().await;
    let idle = bench.tokens(&bench.spa).await.refresh_token.unwrap();
    bench.wait(14 * DAY);
    invalid_grant(bench.refresh(&bench.spa, &idle).await);

    let mut token = bench.tokens(&bench.spa).await.refresh_token.unwrap();
    for _ in 0..2 {
        bench.wait(13 * DAY);
        token = bench
            .refresh(&bench.spa, &token)
            .await
            .unwrap()
            .refresh_token
            .unwrap();
    }
    bench.wait(4 * DAY);
    invalid_grant(bench.refresh(&bench.spa, &token).await);
}

#[tokio::test]
async fn without_rotation_a_confidential_client_keeps_its_token_and_a_public_one_does_not() {
    let bench = Bench::with(|settings| OAuth2Settings {
        refresh_token: RefreshTokenSettings {
            rotate: false,
            ..RefreshTokenSettings::default()
        },
        ..settings
    })
    .await;
    let kept = bench.tokens(&bench.web).await.refresh_token.unwrap();
    bench.wait(13 * DAY);
    assert!(
        bench
            .refresh(&bench.web, &kept)
            .await
            .unwrap()
            .refresh_token
            .is_none()
    );
    bench.wait(13 * DAY);
    assert!(bench.refresh(&bench.web, &kept).await.is_ok());

    let rotated = bench.tokens(&bench.spa).await.refresh_token.unwrap();
    assert!(
        bench
            .refresh(&bench.spa, &rotated)
            .await
            .unwrap()
            .refresh_token
            .is_some()
    );
}

#[tokio::test]
async fn withdrawn_consent_and_disabled_clients_end_the_family() {
    let bench = Bench::new().await;
    let tokens = bench.tokens(&bench.spa).await;
    bench
        .server
        .withdraw_consent(&"ada".into(), &bench.spa)
        .await
        .unwrap();
    invalid_grant(
        bench
            .refresh(&bench.spa, &tokens.refresh_token.unwrap())
            .await,
    );
    assert!(!bench.is_active(&tokens.access_token).await);

    let tokens = bench.tokens(&bench.web).await;
    assert!(bench.is_active(&tokens.access_token).await);
    bench.server.disable_client(&bench.web).await.unwrap();
    let refused = bench
        .refresh(&bench.web, &tokens.refresh_token.unwrap())
        .await;
    refused_as(refused, ErrorCode::InvalidClient);
    assert!(!bench.is_active(&tokens.access_token).await);
}

#[tokio::test]
async fn a_client_that_comes_back_finds_nothing_it_held_before() {
    let bench = Bench::new().await;
    let tokens = bench.tokens(&bench.spa).await;
    let client = bench.server.store().client(&bench.spa).await;
    let client = client.unwrap().unwrap().client;
    bench.server.disable_client(&bench.spa).await.unwrap();
    bench.server.register_client(client).await.unwrap();
    let refused = bench
        .refresh(&bench.spa, &tokens.refresh_token.unwrap())
        .await;
    invalid_grant(refused);
    assert!(!bench.is_active(&tokens.access_token).await);
    let fresh = bench.tokens(&bench.spa).await;
    assert!(bench.is_active(&fresh.access_token).await);
}
