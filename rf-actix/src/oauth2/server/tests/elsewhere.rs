//! What another instance did, of which this one has not heard.

use super::checking::bench;
use super::*;
use crate::oauth2::settings::CheckMode;

#[tokio::test]
async fn introspection_asks_the_database_where_guards_do_not() {
    let bench = bench(CheckMode::Stateless).await;
    let token = bench.tokens(&bench.web).await.access_token;
    assert_eq!(bench.introspect(&bench.web, &token).await["active"], true);
    bench.revoke_elsewhere(&token).await;
    assert!(bench.is_active(&token).await, "a guard that does not ask");
    let found = bench.introspect(&bench.web, &token).await;
    assert_eq!(found, serde_json::json!({"active": false}));
}

#[tokio::test]
async fn a_token_that_was_revoked_elsewhere_is_refused_at_once_when_it_is_revoked_here_too() {
    for kind in ["access_token", "refresh_token"] {
        let bench = bench(CheckMode::Cached).await;
        let tokens = bench.tokens(&bench.web).await;
        let refresh = tokens.refresh_token.unwrap();
        let revoked = match kind {
            "access_token" => &tokens.access_token,
            _ => &refresh,
        };
        let other = bench.instance().await;
        assert!(bench.is_active(&tokens.access_token).await);
        let web = bench.registered(&bench.web).await;
        other
            .revoke_token(&revoked.as_str().into(), &web)
            .await
            .unwrap();
        assert!(bench.is_active(&tokens.access_token).await, "as yet");
        bench.revoke(&bench.web, revoked).await;
        assert!(!bench.is_active(&tokens.access_token).await, "{kind}");
        let told = bench.saw(|event| matches!(event, Event::Revoked { .. }));
        assert_eq!(told, 1, "it was revoked once");
    }
}

#[tokio::test]
async fn what_another_instance_issued_to_a_client_that_was_stopped_stays_revoked() {
    let bench = Bench::new().await;
    let other = bench.instance().await;
    let registered = bench.registered(&bench.service).await.client;
    for deleted in [false, true] {
        // It knows the client, and believes that for some seconds.
        bench.token_of(&other).await;
        if deleted {
            bench.server.delete_client(&bench.service).await.unwrap();
        } else {
            bench.server.disable_client(&bench.service).await.unwrap();
        }
        let late = bench.token_of(&other).await;
        assert!(!bench.is_active(&late).await);
        if deleted {
            let again = Client {
                secret: Some("secret".into()),
                ..registered.clone()
            };
            bench.server.register_client(again).await.unwrap();
        } else {
            bench.server.enable_client(&bench.service).await.unwrap();
        }
        assert!(!bench.is_active(&late).await, "deleted: {deleted}");
        let new = bench.token_of(&bench.server).await;
        assert!(bench.is_active(&new).await);
    }
}

#[tokio::test]
async fn enabling_a_client_that_is_enabled_and_changing_one_revoke_nothing() {
    let bench = Bench::new().await;
    let token = bench.token_of(&bench.server).await;
    bench.server.enable_client(&bench.service).await.unwrap();
    let changed = Client {
        name: "Another name".to_owned(),
        secret: Some("secret".into()),
        ..bench.registered(&bench.service).await.client
    };
    bench.server.register_client(changed).await.unwrap();
    assert!(bench.is_active(&token).await);
}
