//! Codes for tokens.

use super::*;

#[tokio::test]
async fn a_code_is_accepted_once_and_its_replay_kills_its_tokens() {
    let bench = Bench::new().await;
    let code = bench.code(&bench.web).await;
    let tokens = bench.redeem(&bench.web, &code).await.unwrap();
    assert!(bench.is_active(&tokens.access_token).await);

    invalid_grant(bench.redeem(&bench.web, &code).await);
    assert!(!bench.is_active(&tokens.access_token).await);
    invalid_grant(
        bench
            .refresh(&bench.web, &tokens.refresh_token.unwrap())
            .await,
    );
    assert_eq!(bench.replays(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_concurrent_redemptions_of_a_code_give_one_success() {
    let bench = Bench::new().await;
    let code = bench.code(&bench.web).await;
    let answers = futures_util::future::join_all((0..50).map(|_| {
        let (server, params) = (bench.server.clone(), redemption(&bench.web, &code));
        tokio::spawn(async move { server.issue_token(params).await })
    }))
    .await;
    let mut successes = 0;
    for answer in answers {
        match answer.unwrap() {
            Ok(_) => successes += 1,
            Err(error) => assert_eq!(error.code, ErrorCode::InvalidGrant, "{error:?}"),
        }
    }
    assert_eq!(successes, 1);
}

#[tokio::test]
async fn an_unknown_foreign_or_expired_code_is_an_invalid_grant() {
    let bench = Bench::new().await;
    invalid_grant(bench.redeem(&bench.web, &"rfc_unknown".into()).await);

    let code = bench.code(&bench.web).await;
    invalid_grant(bench.redeem(&bench.spa, &code).await);
    assert!(bench.redeem(&bench.web, &code).await.is_ok());

    let code = bench.code(&bench.web).await;
    bench.wait(Duration::from_secs(60));
    invalid_grant(bench.redeem(&bench.web, &code).await);
}

#[tokio::test]
async fn a_wrong_redirect_uri_is_an_invalid_grant_and_so_is_none_when_one_was_sent() {
    let bench = Bench::new().await;
    let code = bench.code(&bench.web).await;
    for uri in [None, Some("https://app.example.com/cb/".to_owned())] {
        let params = TokenParams {
            redirect_uri: uri,
            ..redemption(&bench.web, &code)
        };
        invalid_grant(bench.server.issue_token(params).await);
    }
    assert!(bench.redeem(&bench.web, &code).await.is_ok());

    let code = bench
        .code_with(&bench.web, |code| AuthorizationCode {
            redirect_uri_sent: false,
            ..code
        })
        .await;
    let params = TokenParams {
        redirect_uri: None,
        ..redemption(&bench.web, &code)
    };
    assert!(bench.server.issue_token(params).await.is_ok());
}

#[tokio::test]
async fn a_bad_verifier_neither_burns_the_code_nor_revokes_anything() {
    let bench = Bench::new().await;
    let code = bench.code(&bench.web).await;
    let wrong = || TokenParams {
        code_verifier: Some(VERIFIER.replace('d', "e").as_str().into()),
        ..redemption(&bench.web, &code)
    };
    let missing = TokenParams {
        code_verifier: None,
        ..redemption(&bench.web, &code)
    };
    invalid_grant(bench.server.issue_token(wrong()).await);
    invalid_grant(bench.server.issue_token(missing).await);
    let tokens = bench.redeem(&bench.web, &code).await.unwrap();

    invalid_grant(bench.server.issue_token(wrong()).await);
    invalid_grant(bench.redeem(&bench.spa, &code).await);
    assert!(bench.is_active(&tokens.access_token).await);
    assert_eq!(bench.replays(), 0);
}

#[tokio::test]
async fn a_verifier_without_challenge_is_refused() {
    let bench = Bench::new().await;
    let code = bench
        .code_with(&bench.web, |code| AuthorizationCode {
            code_challenge: None,
            ..code
        })
        .await;
    invalid_grant(bench.redeem(&bench.web, &code).await);
    let params = TokenParams {
        code_verifier: None,
        ..redemption(&bench.web, &code)
    };
    assert!(bench.server.issue_token(params).await.is_ok());
}

#[tokio::test]
async fn scope_at_the_exchange_is_ignored() {
    let bench = Bench::new().await;
    let code = bench.code(&bench.web).await;
    let params = TokenParams {
        scope: Some("everything".to_owned()),
        ..redemption(&bench.web, &code)
    };
    let tokens = bench.server.issue_token(params).await.unwrap();
    assert_eq!(tokens.scope.to_string(), "read write");
}

#[tokio::test]
async fn a_code_of_somebody_who_is_gone_is_an_invalid_grant() {
    let bench = Bench::with(|settings| OAuth2Settings {
        users: Vec::new(),
        ..settings
    })
    .await;
    let code = bench.code(&bench.web).await;
    invalid_grant(bench.redeem(&bench.web, &code).await);
}

#[tokio::test]
async fn tokens_shrink_with_the_scopes_of_their_client() {
    let bench = Bench::new().await;
    let code = bench.code(&bench.web).await;
    let found = bench
        .server
        .store()
        .client(&bench.web)
        .await
        .unwrap()
        .unwrap();
    let client = Client {
        secret: Some("secret".into()),
        scopes: "read".parse().unwrap(),
        ..found.client
    };
    bench.server.register_client(client).await.unwrap();
    let tokens = bench.redeem(&bench.web, &code).await.unwrap();
    assert_eq!(tokens.scope.to_string(), "read");
}
