//! Registering, changing, stopping and deleting clients.

use super::*;
use crate::oauth2::error::Error;
use crate::oauth2::model::{ClientSecret, Consent};

fn job() -> Client {
    Client {
        secret: Some("secret".into()),
        grants: vec![GrantType::ClientCredentials],
        scopes: "read".parse().unwrap(),
        ..Client::default()
    }
}

#[tokio::test]
async fn an_id_and_a_secret_are_made_when_they_are_left_out_and_the_secret_is_shown_once() {
    let bench = Bench::new().await;
    let client = Client {
        secret: Some(ClientSecret::generated()),
        ..job()
    };
    let registered = bench.server.register_client(client).await.unwrap();
    let secret = registered.secret.unwrap();
    assert!(secret.expose().starts_with("rfk_") && secret.expose().len() == 47);
    assert!(registered.client.secret.is_none());
    let id = registered.client.id;
    let params = |secret: Secret| TokenParams {
        grant_type: Some("client_credentials".to_owned()),
        client_id: Some(id.to_string()),
        client_secret: Some(secret),
        ..TokenParams::default()
    };
    assert!(
        bench
            .server
            .issue_token(params(secret.clone()))
            .await
            .is_ok()
    );
    refused_as(
        bench.server.issue_token(params("guess".into())).await,
        ErrorCode::InvalidClient,
    );
    let shown = format!("{:?}", bench.registered(&id).await);
    assert!(
        !shown.contains(secret.expose()) && !shown.contains("argon2"),
        "{shown}"
    );

    let again = bench.server.register_client(job()).await.unwrap();
    assert_ne!(again.client.id, id);
    assert!(again.secret.is_none(), "the app knows it already");
}

#[tokio::test]
async fn registering_the_same_client_again_changes_nothing() {
    let bench = Bench::new().await;
    let client = || Client {
        id: format!("same-{}", bench.service).into(),
        ..job()
    };
    bench.server.register_client(client()).await.unwrap();
    let first = bench.registered(&client().id).await;
    bench.wait(Duration::from_secs(1));
    bench.server.register_client(client()).await.unwrap();
    assert_eq!(bench.registered(&client().id).await, first);
    let told = |event: &Event| {
        matches!(
            event,
            Event::ClientRegistered { .. } | Event::ClientChanged { .. }
        )
    };
    assert_eq!(bench.saw(told), 1);

    let named = Client {
        name: "Same".to_owned(),
        ..client()
    };
    bench.server.register_client(named).await.unwrap();
    assert_eq!(bench.saw(told), 2);
    assert_eq!(bench.registered(&client().id).await.secrets, first.secrets);
}

#[tokio::test]
async fn an_update_changes_everything_but_the_secret_and_its_loss_shows_in_the_next_tokens() {
    let bench = Bench::new().await;
    let tokens = bench.tokens(&bench.web).await;
    let before = bench.registered(&bench.web).await;
    bench
        .change(&bench.web, |client| Client {
            name: "Web".to_owned(),
            scopes: "read".parse().unwrap(),
            default_scopes: "read".parse().unwrap(),
            allowed_origins: vec!["https://app.example.com".to_owned()],
            first_party: true,
            access_token_ttl: Some(Duration::from_secs(60)),
            refresh_token_ttl: Some(Duration::from_secs(3600)),
            ..client
        })
        .await;
    let after = bench.registered(&bench.web).await;
    assert_eq!(after.secrets, before.secrets);
    assert_eq!(after.client.display_name(), "Web");
    assert_eq!(
        after.client.refresh_token_ttl,
        Some(Duration::from_secs(3600))
    );
    assert!(after.client.first_party && !after.disabled);

    let next = bench
        .refresh(&bench.web, &tokens.refresh_token.unwrap())
        .await;
    let next = next.unwrap();
    assert_eq!(
        (next.scope.to_string().as_str(), next.expires_in),
        ("read", 60)
    );

    bench
        .change(&bench.web, |client| Client {
            grants: vec![GrantType::ClientCredentials],
            ..client
        })
        .await;
    refused_as(
        bench
            .refresh(&bench.web, &next.refresh_token.unwrap())
            .await,
        ErrorCode::UnauthorizedClient,
    );
}

#[tokio::test]
async fn an_update_that_breaks_a_rule_or_names_a_secret_or_nobody_is_refused() {
    let bench = Bench::new().await;
    let service = bench.registered(&bench.service).await.client;
    let spa = bench.registered(&bench.spa).await.client;
    for (key, bad) in [
        (
            "secret",
            Client {
                secret: Some("new".into()),
                ..service.clone()
            },
        ),
        (
            "grants",
            Client {
                grants: Vec::new(),
                ..service.clone()
            },
        ),
        (
            "secret",
            Client {
                grants: vec![GrantType::ClientCredentials],
                ..spa.clone()
            },
        ),
        (
            "default_scopes[0]",
            Client {
                default_scopes: "admin".parse().unwrap(),
                ..spa.clone()
            },
        ),
        (
            "access_token_ttl",
            Client {
                access_token_ttl: Some(Duration::ZERO),
                ..spa.clone()
            },
        ),
        (
            "auth_method",
            Client {
                auth_method: Some(crate::oauth2::model::AuthMethod::Post),
                ..spa.clone()
            },
        ),
    ] {
        match bench.server.update_client(bad).await.unwrap_err() {
            Error::Client { source, .. } => assert_eq!(source.key, key),
            other => panic!("{key}: {other}"),
        }
    }
    let nobody = Client {
        id: "nobody".into(),
        ..service
    };
    let refused = bench.server.update_client(nobody).await.unwrap_err();
    assert!(matches!(refused, Error::UnknownClient { .. }), "{refused}");
    assert!(bench.server.disable_client(&"nobody".into()).await.is_err());
    assert!(bench.server.enable_client(&"nobody".into()).await.is_err());
    assert!(!bench.server.delete_client(&"nobody".into()).await.unwrap());
    assert_eq!(bench.registered(&bench.spa).await.client, spa);
}

#[tokio::test]
async fn a_disabled_client_is_refused_and_goes_on_without_what_it_held_when_it_is_enabled() {
    let bench = Bench::new().await;
    let own = bench.credentials("secret", None).await.unwrap();
    let code = bench.code(&bench.service).await;
    let tokens = bench.tokens(&bench.service).await;
    bench.server.disable_client(&bench.service).await.unwrap();
    refused_as(
        bench.credentials("secret", None).await,
        ErrorCode::InvalidClient,
    );
    refused_as(
        bench.redeem(&bench.service, &code).await,
        ErrorCode::InvalidClient,
    );
    for token in [&own.access_token, &tokens.access_token] {
        assert!(!bench.is_active(token).await);
    }

    bench.server.enable_client(&bench.service).await.unwrap();
    assert!(bench.credentials("secret", None).await.is_ok());
    for token in [&own.access_token, &tokens.access_token] {
        assert!(!bench.is_active(token).await);
    }
    invalid_grant(bench.redeem(&bench.service, &code).await);
    invalid_grant(
        bench
            .refresh(&bench.service, &tokens.refresh_token.unwrap())
            .await,
    );
}

#[tokio::test]
async fn a_deleted_client_leaves_nothing_that_counts_not_even_for_its_successor() {
    let bench = Bench::new().await;
    let own = bench.credentials("secret", None).await.unwrap();
    let code = bench.code(&bench.service).await;
    let tokens = bench.tokens(&bench.service).await;
    let consent = Consent {
        subject: "ada".into(),
        client_id: bench.service.clone(),
        scope: "read".parse().unwrap(),
        updated_at: bench.now(),
    };
    bench.server.store().save_consent(&consent).await.unwrap();
    let client = bench.registered(&bench.service).await.client;

    assert!(bench.server.delete_client(&bench.service).await.unwrap());
    assert!(bench.server.client(&bench.service).await.unwrap().is_none());
    refused_as(
        bench.credentials("secret", None).await,
        ErrorCode::InvalidClient,
    );
    refused_as(
        bench.redeem(&bench.service, &code).await,
        ErrorCode::InvalidClient,
    );
    for token in [&own.access_token, &tokens.access_token] {
        assert!(!bench.is_active(token).await);
    }
    assert_eq!(
        bench.saw(|event| matches!(event, Event::ClientDeleted { .. })),
        1
    );

    let successor = Client {
        secret: Some("secret".into()),
        ..client
    };
    bench.server.register_client(successor).await.unwrap();
    for token in [&own.access_token, &tokens.access_token] {
        assert!(!bench.is_active(token).await);
    }
    invalid_grant(bench.redeem(&bench.service, &code).await);
    invalid_grant(
        bench
            .refresh(&bench.service, &tokens.refresh_token.unwrap())
            .await,
    );
    let ada = "ada".into();
    let remembered = bench.server.store().consent(&ada, &bench.service).await;
    assert!(remembered.unwrap().is_none());
}

#[tokio::test]
async fn clients_are_listed_in_pages_each_once() {
    let bench = Bench::new().await;
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = bench.server.clients(after.as_ref(), 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        after = Some(last.client.id.clone());
        seen.extend(page);
    }
    for id in [&bench.web, &bench.spa, &bench.service] {
        let found: Vec<_> = seen.iter().filter(|it| it.client.id == *id).collect();
        assert_eq!(found, [&bench.registered(id).await], "{id}");
    }
}

#[tokio::test]
async fn every_change_of_a_client_is_told() {
    let bench = Bench::new().await;
    let id = &bench.service;
    bench.change(id, |client| client).await;
    bench.server.disable_client(id).await.unwrap();
    bench.server.enable_client(id).await.unwrap();
    bench
        .server
        .rotate_secret(id, Duration::from_secs(60))
        .await
        .unwrap();
    let old = bench.registered(id).await.secrets[1].id.clone();
    bench.server.remove_secret(id, &old).await.unwrap();
    bench.server.delete_client(id).await.unwrap();
    let events = bench.events.lock().unwrap();
    let told: Vec<_> = (events.iter())
        .map(|event| match event {
            Event::ClientChanged { client_id, change } if client_id == id => *change,
            Event::ClientDeleted { client_id } if client_id == id => "deleted",
            other => panic!("{other:?}"),
        })
        .collect();
    let all = [
        "updated",
        "disabled",
        "enabled",
        "secret_rotated",
        "secret_removed",
        "deleted",
    ];
    assert_eq!(told, all);
}

#[tokio::test]
async fn a_client_may_have_lifetimes_of_its_own() {
    let bench = Bench::new().await;
    bench
        .change(&bench.web, |client| Client {
            access_token_ttl: Some(Duration::from_secs(120)),
            refresh_token_ttl: Some(Duration::from_secs(600)),
            ..client
        })
        .await;
    let tokens = bench.tokens(&bench.web).await;
    assert_eq!(tokens.expires_in, 120);
    bench.wait(Duration::from_secs(590));
    assert!(!bench.is_active(&tokens.access_token).await);
    let next = bench
        .refresh(&bench.web, &tokens.refresh_token.unwrap())
        .await
        .unwrap();
    bench.wait(Duration::from_secs(10));
    assert!(
        bench.is_active(&next.access_token).await,
        "it outlives the refresh token"
    );
    invalid_grant(
        bench
            .refresh(&bench.web, &next.refresh_token.unwrap())
            .await,
    );
    let others = bench.tokens(&bench.spa).await;
    assert_eq!(others.expires_in, 3600);
}
