//! The password grant.

use std::time::Instant;

use super::*;
use crate::oauth2::error::Error;

async fn switched_on() -> Bench {
    let bench = Bench::with(|settings| OAuth2Settings {
        password_grant: true,
        ..settings
    })
    .await;
    for id in [&bench.web, &bench.spa] {
        bench
            .change(id, |mut client| {
                client.grants.push(GrantType::Password);
                client
            })
            .await;
    }
    bench
}

fn signing_in(client: &ClientId, name: &str, password: &str) -> TokenParams {
    TokenParams {
        grant_type: Some("password".to_owned()),
        username: Some(name.to_owned()),
        password: Some(password.into()),
        ..identified(client)
    }
}

#[tokio::test]
async fn the_password_grant_is_off_by_default() {
    let bench = Bench::new().await;
    refused_as(
        bench
            .server
            .issue_token(signing_in(&bench.web, "ada", "lovelace"))
            .await,
        ErrorCode::UnsupportedGrantType,
    );
    let web = bench.registered(&bench.web).await.client;
    let wanted = Client {
        grants: vec![GrantType::Password],
        ..web
    };
    let error = bench.server.update_client(wanted).await.unwrap_err();
    assert!(
        matches!(&error, Error::Client { source, .. } if source.message.contains("password_grant = true")),
        "{error}"
    );
    assert!(
        bench
            .server
            .grant_types()
            .all(|grant| grant != GrantType::Password)
    );
}

#[tokio::test]
async fn a_password_gives_tokens_of_the_person_with_a_family_of_their_own() {
    let bench = switched_on().await;
    for client in [&bench.web, &bench.spa] {
        let params = TokenParams {
            scope: Some("read".to_owned()),
            ..signing_in(client, "ada", "lovelace")
        };
        let tokens = bench.server.issue_token(params).await.unwrap();
        let claims = bench
            .server
            .validate_token(&tokens.access_token)
            .await
            .unwrap();
        assert_eq!((claims.sub.as_str(), claims.is_client()), ("ada", false));
        assert_eq!(tokens.scope.to_string(), "read");
        let refresh = tokens.refresh_token.unwrap();
        let next = bench.refresh(client, &refresh).await.unwrap();
        assert_eq!(next.scope.to_string(), "read");
        bench.wait(Duration::from_secs(60));
        invalid_grant(bench.refresh(client, &refresh).await);
        assert!(
            !bench.is_active(&next.access_token).await,
            "a replay kills the family"
        );
        assert!(!bench.is_active(&tokens.access_token).await);
    }
    assert_eq!(
        bench.saw(|event| matches!(event, Event::LoginSucceeded { .. })),
        2
    );
}

#[tokio::test]
async fn a_client_without_the_password_grant_is_unauthorized_and_nothing_is_guessed() {
    let bench = switched_on().await;
    refused_as(
        bench
            .server
            .issue_token(signing_in(&bench.service, "ada", "lovelace"))
            .await,
        ErrorCode::UnauthorizedClient,
    );
    for params in [
        TokenParams {
            username: None,
            ..signing_in(&bench.web, "", "lovelace")
        },
        TokenParams {
            password: None,
            ..signing_in(&bench.web, "ada", "")
        },
        signing_in(&bench.web, "", "lovelace"),
        signing_in(&bench.web, "ada", ""),
    ] {
        refused_as(
            bench.server.issue_token(params).await,
            ErrorCode::InvalidRequest,
        );
    }
    let params = TokenParams {
        scope: Some("admin".to_owned()),
        ..signing_in(&bench.web, "ada", "wrong")
    };
    refused_as(
        bench.server.issue_token(params).await,
        ErrorCode::InvalidScope,
    );
    assert_eq!(
        bench.saw(|event| matches!(event, Event::LoginFailed { .. })),
        0
    );
}

#[tokio::test]
async fn an_unknown_user_and_a_wrong_password_get_one_answer_in_about_one_time() {
    let bench = switched_on().await;
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..5 {
        for (kind, name) in [(0, "ada".to_owned()), (1, format!("nobody-{round}"))] {
            let start = Instant::now();
            let answer = bench
                .server
                .issue_token(signing_in(&bench.web, &name, "wrong"))
                .await;
            times[kind].push(start.elapsed());
            let error = answer.unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidGrant);
            assert_eq!(error.description, "unknown user or wrong password");
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
async fn guesses_of_a_password_wait_and_the_owner_comes_in_afterwards() {
    let bench = switched_on().await;
    for _ in 0..10 {
        let error = bench
            .server
            .issue_token(signing_in(&bench.web, "ada", "guess"))
            .await;
        assert_eq!(error.unwrap_err().retry_after, None);
    }
    // By another client too: it is the person who is guessed at.
    let error = bench
        .server
        .issue_token(signing_in(&bench.spa, "ada", "lovelace"))
        .await;
    let error = error.unwrap_err();
    assert_eq!(
        (error.code, error.retry_after),
        (ErrorCode::InvalidGrant, Some(300))
    );
    bench.wait(Duration::from_secs(300));
    let answer = bench
        .server
        .issue_token(signing_in(&bench.spa, "ada", "lovelace"))
        .await;
    assert!(answer.is_ok());
    assert_eq!(
        bench.saw(|event| matches!(event, Event::LoginFailed { throttled: true })),
        1
    );
}
