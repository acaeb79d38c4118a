//! Keys come, sign and go; and are encrypted at rest.

use super::*;
use crate::oauth2::error::Error;
use crate::oauth2::key::KeyHealth;
use crate::oauth2::settings::{AccessTokenSettings, CheckMode, KeyEncryptionKey};
use crate::oauth2::token::Order;

const MINUTE: Duration = Duration::from_secs(60);

impl Bench {
    /// Another instance on the same database, with the same clock.
    pub(super) async fn builder(&self) -> OAuth2ServerBuilder {
        let db = self.database.connect(4).await.unwrap();
        listen(OAuth2Server::builder(db), &self.millis, &self.events).settings(settings())
    }

    pub(super) async fn instance(&self) -> OAuth2Server {
        self.builder().await.build().await.unwrap()
    }

    async fn instance_with(&self, check: CheckMode) -> OAuth2Server {
        let settings = OAuth2Settings {
            access_token: AccessTokenSettings {
                check,
                ..AccessTokenSettings::default()
            },
            ..settings()
        };
        let builder = self.builder().await.settings(settings);
        builder.build().await.unwrap()
    }

    pub(super) async fn token_of(&self, server: &OAuth2Server) -> String {
        let params = TokenParams {
            grant_type: Some("client_credentials".to_owned()),
            ..identified(&self.service)
        };
        server.issue_token(params).await.unwrap().access_token
    }
}

fn kid(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

fn shown(server: &OAuth2Server) -> Vec<String> {
    let known = server.keyring().known();
    known.iter().map(|key| key.kid().to_owned()).collect()
}

#[tokio::test]
async fn a_new_key_is_shown_before_it_signs_and_the_old_one_stays_as_long_as_its_tokens() {
    let bench = Bench::new().await;
    let first = bench.token_of(&bench.server).await;
    let next = bench.server.rotate_keys().await.unwrap();
    assert_eq!(shown(&bench.server), [kid(&first), next.kid.clone()]);
    assert_eq!(
        bench.server.rotate_keys().await.unwrap(),
        next,
        "one at a time"
    );

    bench.wait(10 * MINUTE - Duration::from_millis(1));
    let last = bench.token_of(&bench.server).await;
    assert_eq!(kid(&last), kid(&first));
    bench.wait(Duration::from_millis(1));
    let new = bench.token_of(&bench.server).await;
    assert_eq!(kid(&new), next.kid);

    // The last token of the old key ends after an hour.
    bench.wait(59 * MINUTE);
    bench.server.purge(100).await.unwrap();
    bench.server.follow_keys().await;
    assert!(bench.is_active(&last).await);
    assert_eq!(shown(&bench.server).len(), 2);
    bench.wait(3 * MINUTE);
    bench.server.purge(100).await.unwrap();
    bench.wait(MINUTE);
    bench.server.follow_keys().await;
    assert_eq!(shown(&bench.server), [next.kid]);
}

#[tokio::test]
async fn a_retired_key_stays_for_a_token_that_lives_longer_than_the_settings_say() {
    let bench = Bench::new().await;
    let days = 3 * 24 * 60 * MINUTE;
    // As a policy with lifetimes of its own would have it.
    let order = Order {
        client_id: &bench.service,
        on_behalf: None,
        scope: "read".parse().unwrap(),
        ttl: days,
        extra: serde_json::Map::new(),
        now: bench.now(),
    };
    let (_, record) = bench.server.0.issuer.issue(order).unwrap();
    let store = bench.server.store();
    store.insert_access_token(&record).await.unwrap();

    bench.server.rotate_keys().await.unwrap();
    bench.wait(130 * MINUTE);
    bench.server.purge(100).await.unwrap();
    assert_eq!(store.keys().await.unwrap().len(), 4);
    bench.wait(days);
    bench.server.purge(100).await.unwrap();
    assert_eq!(store.keys().await.unwrap().len(), 3);
}

#[tokio::test]
async fn all_instances_follow_a_rotation_without_being_started_again() {
    let bench = Bench::new().await;
    let other = bench.instance().await;
    let next = bench.server.rotate_keys().await.unwrap();
    assert_eq!(shown(&other).len(), 1);
    bench.wait(MINUTE);
    bench.token_of(&other).await;
    assert_eq!(shown(&other).len(), 2, "known before it signs");
    bench.wait(10 * MINUTE);
    for (issues, checks) in [(&bench.server, &other), (&other, &bench.server)] {
        let token = bench.token_of(issues).await;
        assert_eq!(kid(&token), next.kid);
        assert!(checks.validate_token(&token).await.is_ok());
    }
}

#[tokio::test]
async fn an_instance_that_only_checks_finds_a_new_key_when_a_token_names_it() {
    let bench = Bench::new().await;
    let checks = bench.instance().await;
    bench.server.rotate_keys().await.unwrap();
    bench.wait(11 * MINUTE);
    let token = bench.token_of(&bench.server).await;
    let many = (0..8).map(|_| checks.validate_token(&token));
    for claims in futures_util::future::join_all(many).await {
        assert!(claims.is_ok(), "{claims:?}");
    }
}

#[tokio::test]
async fn tokens_that_name_unknown_keys_make_the_database_be_asked_once_in_ten_seconds() {
    let bench = Bench::new().await;
    let checks = bench.instance().await;
    let token = bench.token_of(&bench.server).await;
    let bogus = {
        let header = jsonwebtoken::Header {
            typ: Some("at+jwt".to_owned()),
            kid: Some("bogus".to_owned()),
            ..jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256)
        };
        let key = jsonwebtoken::EncodingKey::from_secret(b"x");
        jsonwebtoken::encode(&header, &serde_json::json!({}), &key).unwrap()
    };
    assert!(checks.validate_token(&bogus).await.is_err());
    bench.server.rotate_keys().await.unwrap();
    for _ in 0..20 {
        bench.wait(Duration::from_millis(499));
        assert!(checks.validate_token(&bogus).await.is_err());
    }
    assert_eq!(shown(&checks).len(), 1, "not asked again");
    bench.wait(Duration::from_millis(20));
    assert!(checks.validate_token(&bogus).await.is_err());
    assert_eq!(shown(&checks).len(), 2);
    assert!(checks.validate_token(&token).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_rotate_by_themselves_and_of_many_instances_one_makes_the_next() {
    let bench = Bench::new().await;
    let mut servers = vec![bench.server.clone()];
    for _ in 0..3 {
        servers.push(bench.instance().await);
    }
    let first = kid(&bench.token_of(&bench.server).await);
    for round in 1..=3_u32 {
        bench.wait(90 * 24 * 60 * MINUTE);
        let following = servers.iter().map(|server| {
            let server = server.clone();
            tokio::spawn(async move { server.follow_keys().await })
        });
        futures_util::future::join_all(following).await;
        let keys = bench.server.store().keys().await.unwrap();
        let signing = keys.iter().filter(|key| key.purpose.signs_tokens());
        assert_eq!(signing.count(), 1 + round as usize);
        bench.wait(11 * MINUTE);
        let mut kids = Vec::new();
        for server in &servers {
            kids.push(kid(&bench.token_of(server).await));
        }
        assert!(kids.iter().all(|it| *it == kids[0] && *it != first));
        // Due by the age of the key that signs, not by that of the calendar.
        bench.millis.fetch_sub(11 * 60_000, Ordering::SeqCst);
    }
    let failed = |event: &Event| matches!(event, Event::Failed { .. });
    assert!(!bench.events.lock().unwrap().iter().any(failed));
}

fn with_key(text: &str) -> OAuth2Settings {
    OAuth2Settings {
        key_encryption_key: Some(text.repeat(32).parse::<KeyEncryptionKey>().unwrap()),
        ..settings()
    }
}

#[tokio::test]
async fn keys_that_cannot_be_followed_still_sign_and_are_behind_until_they_can() {
    let bench = Bench::new().await;
    assert_eq!(bench.server.key_health().await.unwrap(), KeyHealth::Good);

    // Another instance encrypts the next key with what this one was not given.
    let sealed = bench.builder().await.settings(with_key("0a")).build().await;
    let next = sealed.unwrap().rotate_keys().await.unwrap();
    bench.wait(MINUTE);
    let since = bench.now();
    let _ = bench.server.key_health().await.unwrap();
    for _ in 0..3 {
        bench.wait(MINUTE);
        let health = bench.server.key_health().await.unwrap();
        assert_eq!(health, KeyHealth::Behind { since });
    }
    let token = bench.token_of(&bench.server).await;
    assert!(bench.server.validate_token(&token).await.is_ok());

    // Its row removed, as an operator would who began with the wrong key.
    let store = bench.server.store();
    let later = bench.now().plus(90 * 24 * 60 * MINUTE);
    store
        .remove_retired_key(&next.kid, later, later)
        .await
        .unwrap();
    bench.wait(MINUTE);
    assert_eq!(bench.server.key_health().await.unwrap(), KeyHealth::Good);
}

#[tokio::test]
async fn keys_written_in_clear_are_encrypted_at_the_first_start_with_a_key_for_it() {
    let bench = Bench::new().await;
    let tokens = bench.tokens(&bench.web).await;
    let clear = bench.server.store().keys().await.unwrap();
    assert!(clear.iter().all(|key| key.sealed_by.is_none()));

    let sealed = bench.builder().await.settings(with_key("0a")).build().await;
    let sealed = sealed.unwrap();
    let keys = sealed.store().keys().await.unwrap();
    for (key, before) in keys.iter().zip(&clear) {
        assert!(key.sealed_by.is_some() && key.id == before.id);
        let secret = &before.private[before.private.len() - 32..];
        assert!(!key.private.windows(32).any(|part| part == secret));
    }
    assert!(sealed.validate_token(&tokens.access_token).await.is_ok());
    let refresh = refreshing(&bench.web, &tokens.refresh_token.unwrap());
    assert!(sealed.issue_token(refresh).await.is_ok());
    // The next key is never in clear.
    sealed.rotate_keys().await.unwrap();
    let keys = sealed.store().keys().await.unwrap();
    assert!(keys.len() == 4 && keys.iter().all(|key| key.sealed_by.is_some()));
    let again = bench.builder().await.settings(with_key("0a")).build().await;
    assert_eq!(again.unwrap().cookie_key(), bench.server.cookie_key());

    if !bench.database.is_on_server() {
        let file = bench.database.url().trim_start_matches("sqlite://");
        for name in [file.to_owned(), format!("{file}-wal")] {
            let bytes = std::fs::read(&name).unwrap_or_default();
            for key in &clear {
                let secret = &key.private[key.private.len() - 16..];
                let found = bytes.windows(16).any(|part| part == secret);
                assert!(!found, "{} is still in {name}", key.purpose.as_str());
            }
        }
    }
}

#[tokio::test]
async fn a_key_encryption_key_is_replaced_while_instances_run() {
    let bench = Bench::new().await;
    let start = async |key: &str, other: &str| {
        let settings = OAuth2Settings {
            other_key_encryption_keys: vec![other.repeat(32).parse().unwrap()],
            ..with_key(key)
        };
        bench
            .builder()
            .await
            .settings(settings)
            .build()
            .await
            .unwrap()
    };
    let alone = async |key| bench.builder().await.settings(with_key(key)).build().await;
    let writers = async || {
        let keys = bench.server.store().keys().await.unwrap().into_iter();
        keys.map(|key| key.sealed_by.unwrap())
            .collect::<std::collections::HashSet<_>>()
    };
    let tokens = bench.token_of(&alone("0a").await.unwrap()).await;
    let old = writers().await;

    // One that reads both goes on while the other writes anew, and signs with a key of it.
    let reading = start("0a", "0b").await;
    let writing = start("0b", "0a").await;
    let new = writers().await;
    assert!(new.len() == 1 && new != old, "{new:?}");
    writing.rotate_keys().await.unwrap();
    bench.wait(11 * MINUTE);
    let signed = bench.token_of(&writing).await;
    for server in [&reading, &writing] {
        for token in [&tokens, &signed] {
            assert!(server.validate_token(token).await.is_ok());
        }
    }
    let last = alone("0b").await.unwrap();
    assert_eq!(last.cookie_key(), reading.cookie_key());
    assert!(alone("0a").await.is_err());
}

#[tokio::test]
async fn without_the_key_they_are_encrypted_with_no_instance_starts_and_the_error_says_why() {
    let bench = Bench::new().await;
    let start = async |settings| bench.builder().await.settings(settings).build().await;
    start(with_key("0a")).await.unwrap();
    for (settings, said) in [
        (settings(), "is missing"),
        (with_key("0b"), "is not the key"),
    ] {
        let error = start(settings).await.unwrap_err();
        let Error::Setting(error) = &error else {
            panic!("{error}");
        };
        assert_eq!(error.key, "key_encryption_key");
        assert!(error.message.contains(said), "{error}");
        assert!(error.message.contains("fingerprint"), "{error}");
    }
    start(with_key("0a")).await.unwrap();
}

#[tokio::test]
async fn a_key_that_is_withdrawn_is_shown_no_more_and_nothing_it_signed_counts() {
    for check in [CheckMode::Cached, CheckMode::Stateless] {
        let bench = checking::bench(check).await;
        let other = bench.instance_with(check).await;
        let old = bench.token_of(&bench.server).await;
        for server in [&bench.server, &other] {
            // Twice, so that it is remembered.
            assert!(server.validate_token(&old).await.is_ok());
            assert!(server.known_claims(old.as_bytes()).is_some());
        }
        let next = bench.server.rotate_keys().await.unwrap();
        bench.server.withdraw_key(&kid(&old)).await.unwrap();
        assert!(bench.server.known_claims(old.as_bytes()).is_none());
        assert!(!bench.is_active(&old).await);

        let new = bench.token_of(&bench.server).await;
        assert_eq!(shown(&bench.server), [kid(&new), next.kid.clone()]);
        assert!(bench.is_active(&new).await);
        bench.wait(30 * Duration::from_secs(1));
        other.purge(100).await.unwrap();
        assert!(other.known_claims(old.as_bytes()).is_none());
        assert!(other.validate_token(&old).await.is_err());
        assert!(other.validate_token(&new).await.is_ok());

        // The one that waited signs in its time, and one comes after it.
        bench.wait(10 * MINUTE);
        assert_eq!(kid(&bench.token_of(&bench.server).await), next.kid);
        let third = bench.server.rotate_keys().await.unwrap();
        assert_eq!(shown(&bench.server), [kid(&new), next.kid, third.kid]);
    }
}

#[tokio::test]
async fn a_key_that_does_not_sign_now_is_withdrawn_without_another_in_its_place() {
    let bench = Bench::new().await;
    let token = bench.token_of(&bench.server).await;
    let next = bench.server.rotate_keys().await.unwrap();
    bench.server.withdraw_key(&next.kid).await.unwrap();
    assert_eq!(shown(&bench.server), [kid(&token)]);
    assert!(bench.is_active(&token).await);
    let again = bench.server.withdraw_key(&next.kid).await.unwrap_err();
    assert!(matches!(again, Error::Key { .. }), "{again}");
}
