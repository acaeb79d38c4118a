//! Changing a client's secret while it is in use.

use super::*;
use crate::oauth2::error::Error;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Bench {
    async fn rotate(&self, overlap: Duration) -> String {
        self.wait(Duration::from_millis(1));
        let secret = self.server.rotate_secret(&self.service, overlap).await;
        secret.unwrap().expose().to_owned()
    }

    async fn proves(&self, secret: &str) -> bool {
        self.credentials(secret, None).await.is_ok()
    }
}

#[tokio::test]
async fn two_secrets_count_during_a_rotation_and_the_old_one_ends_in_time() {
    let bench = Bench::new().await;
    // It is in the cache of secrets that were right, and must not live on there.
    assert!(bench.proves("secret").await);
    let new = bench.rotate(DAY).await;
    assert!(bench.proves("secret").await && bench.proves(&new).await);
    let kept = bench.registered(&bench.service).await.secrets;
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0].expires_at, None);
    assert_eq!(kept[1].expires_at, Some(bench.now().plus(DAY)));

    bench.wait(DAY - Duration::from_millis(1));
    assert!(bench.proves("secret").await);
    bench.wait(Duration::from_millis(1));
    assert!(!bench.proves("secret").await);
    assert!(bench.proves(&new).await);
}

#[tokio::test]
async fn there_are_never_more_than_two_secrets_and_no_overlap_leaves_one() {
    let bench = Bench::new().await;
    let second = bench.rotate(DAY).await;
    let third = bench.rotate(DAY).await;
    assert!(!bench.proves("secret").await, "the oldest is gone");
    assert!(bench.proves(&second).await && bench.proves(&third).await);
    let last = bench.rotate(Duration::ZERO).await;
    assert!(!bench.proves(&third).await && !bench.proves(&second).await);
    assert!(bench.proves(&last).await);
    assert_eq!(bench.registered(&bench.service).await.secrets.len(), 1);
}

#[tokio::test]
async fn a_rotation_never_prolongs_a_secret() {
    let bench = Bench::new().await;
    bench.rotate(DAY).await;
    let secrets = bench.registered(&bench.service).await.secrets;
    // Only the old one is left, which ends in a day.
    bench
        .server
        .remove_secret(&bench.service, &secrets[0].id)
        .await
        .unwrap();
    bench.rotate(10 * DAY).await;
    bench.wait(DAY);
    assert!(!bench.proves("secret").await);
}

#[tokio::test]
async fn the_last_secret_that_counts_cannot_be_removed() {
    let bench = Bench::new().await;
    let only = bench.registered(&bench.service).await.secrets[0].id.clone();
    let refused =
        |error: Error| matches!(error, Error::Client { source, .. } if source.key == "secret");
    let error = bench
        .server
        .remove_secret(&bench.service, &only)
        .await
        .unwrap_err();
    assert!(refused(error));

    let new = bench.rotate(DAY).await;
    let new_id = bench.registered(&bench.service).await.secrets[0].id.clone();
    bench.wait(DAY);
    let error = bench
        .server
        .remove_secret(&bench.service, &new_id)
        .await
        .unwrap_err();
    assert!(refused(error), "the other one is there, and has ended");
    bench
        .server
        .remove_secret(&bench.service, &only)
        .await
        .unwrap();
    let error = bench
        .server
        .remove_secret(&bench.service, &only)
        .await
        .unwrap_err();
    assert!(refused(error), "it is gone already");
    assert!(bench.proves(&new).await);

    let of_another = bench.registered(&bench.web).await.secrets[0].id.clone();
    bench.rotate(DAY).await;
    let error = bench
        .server
        .remove_secret(&bench.service, &of_another)
        .await
        .unwrap_err();
    assert!(refused(error), "another client's");
}

#[tokio::test]
async fn a_client_whose_secrets_have_all_ended_is_locked_and_not_public() {
    let bench = Bench::new().await;
    bench.rotate(DAY).await;
    let newest = bench.registered(&bench.service).await.secrets[0].id.clone();
    bench
        .server
        .remove_secret(&bench.service, &newest)
        .await
        .unwrap();
    assert!(bench.proves("secret").await);
    bench.wait(DAY);
    assert!(!bench.proves("secret").await);
    let code = bench.code(&bench.service).await;
    let without = TokenParams {
        client_secret: None,
        ..redemption(&bench.service, &code)
    };
    refused_as(
        bench.server.issue_token(without).await,
        ErrorCode::InvalidClient,
    );
}

#[tokio::test]
async fn a_public_client_has_no_secret_to_rotate() {
    let bench = Bench::new().await;
    let error = bench
        .server
        .rotate_secret(&bench.spa, DAY)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Client { .. }), "{error}");
    let error = bench
        .server
        .rotate_secret(&"nobody".into(), DAY)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::UnknownClient { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_rotations_at_once_leave_two_secrets_of_which_the_newest_stays() {
    let bench = Bench::new().await;
    let rotations = (0..12).map(|_| {
        let (server, id) = (bench.server.clone(), bench.service.clone());
        tokio::spawn(async move { server.rotate_secret(&id, DAY).await.unwrap() })
    });
    futures_util::future::join_all(rotations).await;
    let secrets = bench.registered(&bench.service).await.secrets;
    assert_eq!(secrets.len(), 2);
    let lasting = secrets.iter().filter(|secret| secret.expires_at.is_none());
    assert_eq!(lasting.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_removals_at_once_one_leaves_the_other_its_secret() {
    let bench = Bench::new().await;
    for _ in 0..10 {
        bench.rotate(DAY).await;
        let secrets = bench.registered(&bench.service).await.secrets;
        let removals = secrets.iter().map(|secret| {
            let (server, client) = (bench.server.clone(), bench.service.clone());
            let id = secret.id.clone();
            tokio::spawn(async move { server.remove_secret(&client, &id).await.is_ok() })
        });
        let removed = futures_util::future::join_all(removals).await;
        assert_eq!(
            removed
                .into_iter()
                .filter(|it| *it.as_ref().unwrap())
                .count(),
            1
        );
        assert_eq!(bench.registered(&bench.service).await.secrets.len(), 1);
    }
}
