//! Starting: tables, keys, clients of the settings; and cleaning up.

use super::*;
use crate::oauth2::error::Error;
use crate::oauth2::settings::ClientSettings;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn instances_that_start_together_end_up_with_one_key() {
    let (db, _database) = database().await;
    let servers = futures_util::future::join_all((0..5).map(|_| {
        let db = db.clone();
        tokio::spawn(async move { OAuth2Server::builder(db).build().await })
    }))
    .await;
    let servers: Vec<_> = servers
        .into_iter()
        .map(|server| server.unwrap().unwrap())
        .collect();
    let first = &servers[0];
    for server in &servers {
        assert_eq!(kid(server), kid(first));
        assert_eq!(server.keyring().refresh(), first.keyring().refresh());
        assert_eq!(server.cookie_key(), first.cookie_key());
    }
    let keys = first.store().keys().await.unwrap();
    assert_eq!(keys.len(), 3, "one of each purpose");
}

fn kid(server: &OAuth2Server) -> String {
    let signer = server.keyring().signer(server.clock().now());
    signer.kid().to_owned()
}

fn with_client(secret: &str) -> OAuth2Settings {
    OAuth2Settings {
        clients: vec![ClientSettings {
            id: "demo".to_owned(),
            secret: Some(secret.into()),
            grants: vec![GrantType::ClientCredentials],
            ..ClientSettings::default()
        }],
        ..OAuth2Settings::default()
    }
}

#[tokio::test]
async fn clients_of_the_settings_are_kept_in_step() {
    let (db, _database) = database().await;
    let start = async |settings| {
        let builder = OAuth2Server::builder(db.clone()).settings(settings);
        builder.build().await.unwrap()
    };
    let demo = ClientId::from("demo");
    let server = start(with_client("one")).await;
    let registered = Client {
        id: "by-hand".into(),
        secret: Some("secret".into()),
        grants: vec![GrantType::ClientCredentials],
        ..Client::default()
    };
    server.register_client(registered).await.unwrap();
    let first = server.store().client(&demo).await.unwrap().unwrap();

    let server = start(with_client("one")).await;
    let same = server.store().client(&demo).await.unwrap().unwrap();
    assert_eq!(first, same, "nothing changed, so nothing is hashed again");

    let server = start(with_client("two")).await;
    let changed = server.store().client(&demo).await.unwrap().unwrap();
    assert_ne!(first.secrets, changed.secrets);
    assert_eq!(changed.secrets.len(), 1);

    let server = start(OAuth2Settings::default()).await;
    assert!(
        server
            .store()
            .client(&demo)
            .await
            .unwrap()
            .unwrap()
            .disabled
    );
    let by_hand = server
        .store()
        .client(&"by-hand".into())
        .await
        .unwrap()
        .unwrap();
    assert!(!by_hand.disabled);

    let server = start(with_client("two")).await;
    assert!(
        !server
            .store()
            .client(&demo)
            .await
            .unwrap()
            .unwrap()
            .disabled
    );
}

#[tokio::test]
async fn a_client_of_the_settings_that_was_disabled_stays_so_until_it_is_enabled() {
    let (db, _database) = database().await;
    let start = async |settings| {
        let builder = OAuth2Server::builder(db.clone()).settings(settings);
        builder.build().await.unwrap()
    };
    let demo = ClientId::from("demo");
    let server = start(with_client("leaked")).await;
    server.disable_client(&demo).await.unwrap();
    for secret in ["leaked", "leaked", "new"] {
        let server = start(with_client(secret)).await;
        let found = server.client(&demo).await.unwrap().unwrap();
        assert!(found.disabled, "{secret}");
    }
    let server = start(with_client("new")).await;
    server.enable_client(&demo).await.unwrap();
    let server = start(with_client("new")).await;
    assert!(!server.client(&demo).await.unwrap().unwrap().disabled);
}

#[tokio::test]
async fn what_ended_a_day_ago_is_purged_in_batches() {
    let bench = Bench::new().await;
    for _ in 0..3 {
        bench.tokens(&bench.web).await;
    }
    assert_eq!(bench.server.purge(100).await.unwrap(), 0);
    bench.wait(Duration::from_secs(40 * 86_400));
    let kept = bench.tokens(&bench.web).await;
    // Three of each: code, access token, refresh token, grant.
    assert_eq!(bench.server.purge(2).await.unwrap(), 8);
    assert_eq!(bench.server.purge(2).await.unwrap(), 4);
    assert_eq!(bench.server.purge(2).await.unwrap(), 0);
    assert!(bench.is_active(&kept.access_token).await);
    assert!(
        bench
            .refresh(&bench.web, &kept.refresh_token.unwrap())
            .await
            .is_ok()
    );
    bench.server.health().await.unwrap();
}

#[tokio::test]
async fn a_server_without_database_or_with_a_bad_setting_is_not_built() {
    let error = OAuth2Server::new(OAuth2Settings::default())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Setting(error) if error.key == "database_url"),
        "{error}"
    );

    let (db, _database) = database().await;
    let bad = OAuth2Settings {
        issuer: "http://example.com".to_owned(),
        ..OAuth2Settings::default()
    };
    let error = OAuth2Server::builder(db)
        .settings(bad)
        .build()
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Setting(error) if error.key == "issuer"),
        "{error}"
    );
}
