//! The clock of the machine is set back by an hour: nothing counts for that hour longer.

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

impl Bench {
    fn set_back(&self) {
        self.millis.fetch_sub(3_600_000, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_revocation_elsewhere_is_seen_by_whoever_checked_the_token_before() {
    let bench = Bench::new().await;
    let token = bench.tokens(&bench.web).await.access_token;
    assert!(bench.is_active(&token).await);
    bench.revoke_elsewhere(&token).await;
    bench.set_back();
    assert!(!bench.is_active(&token).await);
}

#[tokio::test]
async fn a_client_that_another_instance_disabled_gets_no_token() {
    let bench = Bench::new().await;
    bench.credentials("secret", None).await.unwrap();
    let other = bench.builder().await.build().await.unwrap();
    other.disable_client(&bench.service).await.unwrap();
    bench.set_back();
    assert!(bench.credentials("secret", None).await.is_err());
}

#[tokio::test]
async fn keys_of_other_instances_are_followed() {
    let bench = Bench::new().await;
    bench.wait(2 * HOUR);
    bench.credentials("secret", None).await.unwrap();
    let other = bench.builder().await.build().await.unwrap();
    let next = other.rotate_keys().await.unwrap();
    bench.set_back();
    let keyring = bench.server.keyring();
    keyring.follow(bench.now()).await.unwrap();
    assert!(keyring.find(&next.kid).is_some());
}

#[tokio::test]
async fn keys_of_other_instances_are_found() {
    let bench = Bench::new().await;
    bench.wait(2 * HOUR);
    let keyring = bench.server.keyring();
    let nobodys = keyring.search("nobody's", bench.now()).await;
    assert!(nobodys.unwrap().is_none());
    let other = bench.builder().await.build().await.unwrap();
    let next = other.rotate_keys().await.unwrap();
    bench.set_back();
    let found = keyring.search(&next.kid, bench.now()).await;
    assert!(found.unwrap().is_some());
}

#[tokio::test]
async fn a_refresh_token_that_was_used_has_no_longer_grace() {
    let bench = Bench::new().await;
    let one = bench.tokens(&bench.spa).await.refresh_token.unwrap();
    bench.refresh(&bench.spa, &one).await.unwrap();
    // The clock of the instance that exchanged it may be ahead by a little.
    bench.millis.fetch_sub(2000, Ordering::SeqCst);
    bench.refresh(&bench.spa, &one).await.unwrap();
    bench.set_back();
    invalid_grant(bench.refresh(&bench.spa, &one).await);
    assert_eq!(bench.replays(), 1);
}
