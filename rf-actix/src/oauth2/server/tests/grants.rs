//! Grants of the app's own.

use async_trait::async_trait;

use super::*;
use crate::oauth2::error::Error;
use crate::oauth2::grant::{GrantContext, TokenGrant};

const CARD: &str = "urn:example:grant:card";

/// A card is its holder's name; the card `own` is the client itself, `broken` a failing reader.
struct Card(&'static str);

#[async_trait]
impl TokenGrant for Card {
    fn grant_type(&self) -> GrantType {
        self.0.parse().unwrap()
    }

    async fn execute(
        &self,
        context: GrantContext<'_>,
        client: &RegisteredClient,
        params: &TokenParams,
    ) -> Result<TokenResponse, OAuthError> {
        let card = params.extra.get("card");
        let card = card.ok_or_else(|| OAuthError::new(ErrorCode::InvalidRequest, "no card"))?;
        let scope = context.scope(client, params)?;
        match card.expose() {
            "own" => context.issue_for_client(client, scope).await,
            "broken" => Err(OAuthError::unavailable("the reader is broken")),
            holder => context.issue_for_user(client, &holder.into(), scope).await,
        }
    }
}

async fn bench_with_cards() -> Bench {
    let bench = Bench::built(|settings| settings, |builder| builder.grant(Card(CARD))).await;
    for id in [&bench.web, &bench.spa] {
        bench
            .change(id, |mut client| {
                client.grants.push(CARD.parse().unwrap());
                client
            })
            .await;
    }
    bench
}

fn holding(client: &ClientId, card: &str) -> TokenParams {
    TokenParams {
        grant_type: Some(CARD.to_owned()),
        extra: [("card".to_owned(), card.into())].into(),
        ..identified(client)
    }
}

#[tokio::test]
async fn a_grant_of_the_apps_own_issues_for_people_with_refresh_tokens_and_for_clients_without() {
    let bench = bench_with_cards().await;
    assert_eq!(
        bench.server.grant_types().last(),
        Some(CARD.parse().unwrap())
    );
    let tokens = bench
        .server
        .issue_token(holding(&bench.web, "ada"))
        .await
        .unwrap();
    let claims = bench
        .server
        .validate_token(&tokens.access_token)
        .await
        .unwrap();
    assert_eq!((claims.sub.as_str(), claims.is_client()), ("ada", false));
    assert!(
        bench
            .refresh(&bench.web, &tokens.refresh_token.unwrap())
            .await
            .is_ok()
    );
    let issued = |event: &Event| {
        matches!(
            event,
            Event::TokenIssued {
                grant: GrantType::Extension(_),
                ..
            }
        )
    };
    assert_eq!(bench.saw(issued), 1);

    let own = bench
        .server
        .issue_token(holding(&bench.web, "own"))
        .await
        .unwrap();
    assert!(own.refresh_token.is_none());
    let claims = bench
        .server
        .validate_token(&own.access_token)
        .await
        .unwrap();
    assert!(claims.is_client());
}

#[tokio::test]
async fn a_grant_of_the_apps_own_issues_to_nobody_whom_a_database_takes_for_another() {
    let bench = bench_with_cards().await;
    for holder in ["ada ", "a\0da", &"a".repeat(256)] {
        let answer = bench.server.issue_token(holding(&bench.web, holder)).await;
        refused_as(answer, ErrorCode::ServerError);
    }
}

#[tokio::test]
async fn a_grant_of_the_apps_own_is_held_to_the_rules_of_all_grants() {
    let bench = bench_with_cards().await;
    refused_as(
        bench
            .server
            .issue_token(holding(&bench.service, "ada"))
            .await,
        ErrorCode::UnauthorizedClient,
    );
    refused_as(
        bench.server.issue_token(holding(&bench.spa, "own")).await,
        ErrorCode::UnauthorizedClient,
    );
    invalid_grant(
        bench
            .server
            .issue_token(holding(&bench.web, "nobody"))
            .await,
    );
    let wrong_secret = TokenParams {
        client_secret: Some("guess".into()),
        ..holding(&bench.web, "ada")
    };
    refused_as(
        bench.server.issue_token(wrong_secret).await,
        ErrorCode::InvalidClient,
    );
    let too_wide = TokenParams {
        scope: Some("admin".to_owned()),
        ..holding(&bench.web, "ada")
    };
    refused_as(
        bench.server.issue_token(too_wide).await,
        ErrorCode::InvalidScope,
    );
    refused_as(
        bench.server.issue_token(holding(&bench.web, "")).await,
        ErrorCode::InvalidRequest,
    );
    refused_as(
        bench
            .server
            .issue_token(holding(&bench.web, "broken"))
            .await,
        ErrorCode::TemporarilyUnavailable,
    );
    let another = TokenParams {
        grant_type: Some("urn:example:grant:other".to_owned()),
        ..holding(&bench.web, "ada")
    };
    refused_as(
        bench.server.issue_token(another).await,
        ErrorCode::UnsupportedGrantType,
    );
}

#[tokio::test]
async fn a_grant_that_nobody_answers_cannot_be_registered() {
    let bench = Bench::new().await;
    let web = bench.registered(&bench.web).await.client;
    let wanted = Client {
        grants: vec![CARD.parse().unwrap()],
        ..web
    };
    let error = bench.server.update_client(wanted).await.unwrap_err();
    assert!(
        matches!(&error, Error::Client { source, .. } if source.key == "grants"),
        "{error}"
    );
}

#[tokio::test]
async fn a_grant_takes_neither_a_name_that_is_taken_nor_one_that_is_built_in() {
    for names in [
        [CARD, CARD],
        [CARD, "client_credentials"],
        [CARD, "password"],
    ] {
        let (db, _folder) = database().await;
        let [first, second] = names.map(Card);
        let built = OAuth2Server::builder(db)
            .grant(first)
            .grant(second)
            .build()
            .await;
        let error = built.unwrap_err();
        assert!(
            matches!(&error, Error::Setting(error) if error.key == "grants"),
            "{error}"
        );
    }
}
