//! Clients for themselves, and who they are.

use super::*;
use crate::oauth2::error::Error;
use crate::oauth2::model::{AuthMethod, ClientSecret, Principal};

fn credentials(client: &ClientId) -> TokenParams {
    TokenParams {
        grant_type: Some("client_credentials".to_owned()),
        ..identified(client)
    }
}

#[tokio::test]
async fn a_client_gets_a_token_for_itself_without_a_refresh_token() {
    let bench = Bench::new().await;
    let tokens = bench
        .server
        .issue_token(credentials(&bench.service))
        .await
        .unwrap();
    assert!(tokens.refresh_token.is_none());
    assert_eq!(tokens.expires_in, 3600);
    let claims = bench
        .server
        .validate_token(&tokens.access_token)
        .await
        .unwrap();
    assert_eq!(claims.sub, bench.service.as_str());
    assert_eq!(claims.principal(), Principal::Client(bench.service.clone()));
    assert_eq!(claims.exp - claims.iat, 3600);
    assert_eq!(claims.aud, "http://127.0.0.1:8080");
}

#[tokio::test]
async fn a_person_who_is_called_like_a_client_is_not_taken_for_it() {
    let bench = Bench::with(|settings| OAuth2Settings {
        users: vec![UserSettings {
            name: "web-1".to_owned(),
            password: Some("pw".into()),
            password_hash: None,
        }],
        ..settings
    })
    .await;
    let (subject, family) = ("web-1".into(), GrantId::generate());
    let claims = async |on_behalf| {
        let order = crate::oauth2::token::Order {
            client_id: &ClientId::from("web-1"),
            on_behalf,
            scope: "read".parse().unwrap(),
            ttl: Duration::from_secs(60),
            extra: serde_json::Map::from_iter([("gty".to_owned(), "client_credentials".into())]),
            now: bench.now(),
        };
        let (token, _) = bench.server.0.issuer.issue(order).unwrap();
        let read = bench.server.0.verifier.read(&token, bench.now()).await;
        read.unwrap()
    };
    let person = claims(Some((&subject, &family))).await;
    let client = claims(None).await;
    assert_eq!(person.sub, client.sub);
    assert!(!person.is_client() && client.is_client());
    assert_ne!(person.principal(), client.principal());
}

#[tokio::test]
async fn a_scope_beyond_the_client_is_refused_and_a_missing_one_means_all() {
    let bench = Bench::new().await;
    for scope in ["admin", "read admin", "rea\"d"] {
        let params = TokenParams {
            scope: Some(scope.to_owned()),
            ..credentials(&bench.service)
        };
        refused_as(
            bench.server.issue_token(params).await,
            ErrorCode::InvalidScope,
        );
    }
    let all = bench
        .server
        .issue_token(credentials(&bench.service))
        .await
        .unwrap();
    assert_eq!(all.scope.to_string(), "read write");
}

#[tokio::test]
async fn an_unknown_client_and_a_wrong_secret_get_the_same_answer() {
    let bench = Bench::new().await;
    let wrong = TokenParams {
        client_secret: Some("guess".into()),
        ..credentials(&bench.service)
    };
    let unknown = TokenParams {
        client_id: Some("nobody".to_owned()),
        ..wrong.clone()
    };
    let public_with_secret = TokenParams {
        client_id: Some(bench.spa.as_str().to_owned()),
        ..wrong.clone()
    };
    let without_secret = TokenParams {
        client_secret: None,
        ..wrong.clone()
    };
    let nul = TokenParams {
        client_id: Some("a\0b".to_owned()),
        ..wrong.clone()
    };
    for params in [wrong, unknown, public_with_secret, without_secret, nul] {
        let error = bench.server.issue_token(params).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidClient);
        assert_eq!(error.description, "client authentication failed");
    }
}

#[tokio::test]
async fn an_unknown_client_takes_about_as_long_as_a_wrong_secret() {
    let bench = Bench::new().await;
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..5 {
        for (kind, id) in [
            (0, bench.service.to_string()),
            (1, format!("nobody-{round}")),
        ] {
            let params = TokenParams {
                client_id: Some(id),
                client_secret: Some(format!("guess-{round}").into()),
                ..credentials(&bench.service)
            };
            let start = std::time::Instant::now();
            let refused = bench.server.issue_token(params).await;
            times[kind].push(start.elapsed());
            refused_as(refused, ErrorCode::InvalidClient);
        }
    }
    // One that is not looked at would be a thousand times quicker; the machine is busy with other things.
    let [wrong, unknown] = times.map(|mut times| {
        times.sort();
        times[2]
    });
    assert!(
        unknown * 5 > wrong && wrong * 5 > unknown,
        "{wrong:?} {unknown:?}"
    );
}

#[tokio::test]
async fn client_ids_are_compared_by_bytes() {
    let bench = Bench::new().await;
    let id = bench.service.as_str().to_uppercase();
    let params = TokenParams {
        client_id: Some(id),
        ..credentials(&bench.service)
    };
    refused_as(
        bench.server.issue_token(params).await,
        ErrorCode::InvalidClient,
    );
}

#[tokio::test]
async fn a_changed_secret_is_the_only_one_that_counts() {
    let bench = Bench::new().await;
    assert!(
        bench
            .server
            .issue_token(credentials(&bench.service))
            .await
            .is_ok()
    );
    let found = bench
        .server
        .store()
        .client(&bench.service)
        .await
        .unwrap()
        .unwrap();
    let client = Client {
        secret: Some("changed".into()),
        ..found.client
    };
    bench.server.register_client(client).await.unwrap();
    let old = bench.server.issue_token(credentials(&bench.service)).await;
    refused_as(old, ErrorCode::InvalidClient);
    let params = TokenParams {
        client_secret: Some("changed".into()),
        ..credentials(&bench.service)
    };
    assert!(bench.server.issue_token(params).await.is_ok());
}

#[tokio::test]
async fn a_client_that_is_pinned_to_basic_cannot_use_the_body() {
    let bench = Bench::new().await;
    let found = bench
        .server
        .store()
        .client(&bench.service)
        .await
        .unwrap()
        .unwrap();
    let client = Client {
        secret: Some("secret".into()),
        auth_method: Some(AuthMethod::Basic),
        ..found.client
    };
    bench.server.register_client(client).await.unwrap();
    let body = bench.server.issue_token(credentials(&bench.service)).await;
    refused_as(body, ErrorCode::InvalidClient);
}

#[tokio::test]
async fn a_client_cannot_use_a_grant_it_does_not_have() {
    let bench = Bench::new().await;
    let refused = bench.server.issue_token(credentials(&bench.spa)).await;
    refused_as(refused, ErrorCode::UnauthorizedClient);
}

#[tokio::test]
async fn guessing_is_slowed_down_without_locking_out_the_honest_client_for_ever() {
    let bench = Bench::new().await;
    let wrong = || TokenParams {
        client_secret: Some("guess".into()),
        ..credentials(&bench.service)
    };
    for _ in 0..10 {
        let error = bench.server.issue_token(wrong()).await.unwrap_err();
        assert_eq!(error.retry_after, None);
    }
    let error = bench.server.issue_token(wrong()).await.unwrap_err();
    assert_eq!(error.retry_after, Some(60));
    let right = bench.server.issue_token(credentials(&bench.service)).await;
    assert!(right.unwrap_err().retry_after.is_some());

    bench.wait(Duration::from_secs(60));
    assert!(
        bench
            .server
            .issue_token(credentials(&bench.service))
            .await
            .is_ok()
    );
    for _ in 0..11 {
        let _ = bench.server.issue_token(wrong()).await;
    }
    // Its secret is remembered as right: guesses of others do not stop it.
    assert!(
        bench
            .server
            .issue_token(credentials(&bench.service))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_client_that_breaks_a_rule_is_not_registered() {
    let bench = Bench::new().await;
    let good = || Client {
        id: "good".into(),
        secret: Some("secret".into()),
        grants: vec![GrantType::ClientCredentials],
        ..Client::default()
    };
    let code = vec![GrantType::AuthorizationCode];
    for (key, bad) in [
        (
            "id",
            Client {
                id: "with space".into(),
                ..good()
            },
        ),
        (
            "id",
            Client {
                id: "ä".into(),
                ..good()
            },
        ),
        (
            "secret",
            Client {
                secret: None,
                ..good()
            },
        ),
        (
            "secret",
            Client {
                secret: Some("".into()),
                ..good()
            },
        ),
        (
            "secret_hash",
            Client {
                secret: Some(ClientSecret::hashed("plain")),
                ..good()
            },
        ),
        (
            "grants",
            Client {
                grants: Vec::new(),
                ..good()
            },
        ),
        (
            "grants",
            Client {
                grants: vec![GrantType::RefreshToken],
                ..good()
            },
        ),
        (
            "redirect_uris",
            Client {
                grants: code,
                ..good()
            },
        ),
        (
            "allowed_origins[0]",
            Client {
                allowed_origins: vec!["https://a.b/".into()],
                ..good()
            },
        ),
        (
            "name",
            Client {
                name: "a\nb".into(),
                ..good()
            },
        ),
    ] {
        match bench.server.register_client(bad).await.unwrap_err() {
            Error::Client { source, .. } => assert_eq!(source.key, key),
            other => panic!("{key}: {other}"),
        }
    }
}

#[tokio::test]
async fn an_origin_is_registered_exactly_or_not_at_all() {
    let bench = Bench::new().await;
    let host = uuid::Uuid::new_v4();
    let client = Client {
        id: format!("cors-{host}").into(),
        secret: Some("secret".into()),
        grants: vec![GrantType::ClientCredentials],
        allowed_origins: vec![format!("https://a-{host}.example.com")],
        ..Client::default()
    };
    bench.server.register_client(client).await.unwrap();
    let registered = async |origin: String| {
        bench
            .server
            .store()
            .origin_is_registered(&origin)
            .await
            .unwrap()
    };
    assert!(registered(format!("https://a-{host}.example.com")).await);
    assert!(!registered(format!("https://A-{host}.example.com")).await);
    assert!(!registered(format!("https://_-{host}.example.com")).await);
    assert!(!registered(format!("https://%{host}%")).await);
    assert!(!registered(format!("a-{host}.example.com")).await);
    assert!(!registered("null".to_owned()).await);
    for pattern in ["%", "_", "!", "https://%", "https://_", "\"", "\\"] {
        assert!(!registered(pattern.to_owned()).await, "{pattern}");
    }
    let with_signs = Client {
        id: format!("signs-{host}").into(),
        secret: Some("secret".into()),
        grants: vec![GrantType::ClientCredentials],
        allowed_origins: vec![format!("https://a_b!-{host}.example.com:8443")],
        ..Client::default()
    };
    bench.server.register_client(with_signs).await.unwrap();
    assert!(registered(format!("https://a_b!-{host}.example.com:8443")).await);
    assert!(!registered(format!("https://acb!-{host}.example.com:8443")).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_200_guesses_at_once_ten_are_looked_at() {
    let bench = Bench::new().await;
    let guesses = (0..200).map(|n| {
        let params = TokenParams {
            client_secret: Some(format!("guess {n}").as_str().into()),
            ..credentials(&bench.service)
        };
        let server = bench.server.clone();
        tokio::spawn(async move { server.issue_token(params).await.unwrap_err() })
    });
    let refused = futures_util::future::join_all(guesses).await;
    let looked_at = refused
        .into_iter()
        .map(Result::unwrap)
        .inspect(|error| assert_eq!(error.code, ErrorCode::InvalidClient))
        .filter(|error| error.retry_after.is_none());
    assert_eq!(looked_at.count(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_honest_client_may_start_with_200_requests_at_once() {
    let bench = Bench::new().await;
    let requests = (0..200).map(|_| {
        let (server, params) = (bench.server.clone(), credentials(&bench.service));
        tokio::spawn(async move { server.issue_token(params).await })
    });
    for answer in futures_util::future::join_all(requests).await {
        assert!(answer.unwrap().is_ok());
    }
}
