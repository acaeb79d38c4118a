//! Many at once, on two instances that share a database, round after round: never two winners, never a 5xx.

use crate::site::{Browser, Request, Site, VERIFIER, answer};
use futures_util::future::join_all;
use reqwest::{Client, Response};
use std::collections::HashSet;

const ROUNDS: usize = 20;
const MANY: usize = 50;

/// Two instances, and somebody who is signed in and has consented.
struct Race {
    sites: [Site; 2],
    browser: Browser,
    http: Client,
}

#[derive(Debug)]
struct Tokens {
    status: u16,
    access: String,
    refresh: String,
}

impl Tokens {
    async fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let body: serde_json::Value = response.json().await.unwrap();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        assert!(status < 500, "{status}: {body}");
        Self {
            status,
            access: text("access_token"),
            refresh: text("refresh_token"),
        }
    }
}

impl Race {
    async fn start() -> Self {
        let first = Site::start().await;
        let second = first.beside(|_| {}).await;
        let browser = first.signed_in().await;
        browser.allow(&spa(), &["read"]).await;
        Self {
            sites: [first, second],
            browser,
            http: Client::new(),
        }
    }

    /// The consent is remembered.
    async fn code(&self) -> String {
        let back = self.browser.get(&spa().path()).await;
        answer(&back, "code").unwrap()
    }

    async fn post(&self, on: usize, form: &[(&str, &str)]) -> Tokens {
        let url = format!("{}/oauth/token", self.sites[on % 2].base);
        Tokens::of(self.http.post(url).form(form).send().await.unwrap()).await
    }

    async fn redeem(&self, on: usize, code: &str) -> Tokens {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "spa"),
            ("code", code),
            ("redirect_uri", "https://spa.example.com/cb"),
            ("code_verifier", VERIFIER),
        ];
        self.post(on, &form).await
    }

    async fn refresh(&self, on: usize, token: &str) -> Tokens {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", "spa"),
            ("refresh_token", token),
        ];
        self.post(on, &form).await
    }

    /// As either sees it once what it may believe is over.
    async fn is_active(&self, token: &str) -> bool {
        self.sites[0].pass(4);
        let [first, second] = &self.sites;
        let seen = first.server.validate_token(token).await.is_ok();
        assert_eq!(second.server.validate_token(token).await.is_ok(), seen);
        seen
    }

    async fn stop(self) {
        for site in self.sites {
            site.stop().await;
        }
    }
}

fn spa() -> Request {
    Request::of("spa", "https://spa.example.com/cb")
}

#[actix_web::test]
async fn of_fifty_redemptions_at_once_one_succeeds_in_every_round_and_what_it_got_dies() {
    let race = Race::start().await;
    for round in 0..ROUNDS {
        let code = race.code().await;
        let answers = join_all((0..MANY).map(|on| race.redeem(on, &code))).await;
        let won: Vec<_> = answers.iter().filter(|it| it.status == 200).collect();
        assert_eq!(won.len(), 1, "round {round}");
        assert!(answers.iter().all(|it| matches!(it.status, 200 | 400)));
        // Of those who came second one may be a thief, or the one who came first.
        assert!(!race.is_active(&won[0].access).await, "round {round}");
        assert_eq!(race.refresh(round, &won[0].refresh).await.status, 400);
    }
    race.stop().await;
}

#[actix_web::test]
async fn of_fifty_refreshes_at_once_all_get_one_successor_in_every_round() {
    let race = Race::start().await;
    let code = race.code().await;
    let mut token = race.redeem(0, &code).await.refresh;
    for round in 0..ROUNDS {
        let answers = join_all((0..MANY).map(|on| race.refresh(on, &token))).await;
        assert!(answers.iter().all(|it| it.status == 200), "round {round}");
        let next: HashSet<_> = answers.iter().map(|it| it.refresh.as_str()).collect();
        assert_eq!(next.len(), 1, "round {round}");
        assert!(race.is_active(&answers[round].access).await);
        token = answers[0].refresh.clone();
    }
    assert_eq!(race.refresh(0, &token).await.status, 200);
    race.stop().await;
}

#[actix_web::test]
async fn a_replay_by_fifty_at_once_kills_the_family_in_every_round() {
    let race = Race::start().await;
    for round in 0..ROUNDS {
        let code = race.code().await;
        let one = race.redeem(round, &code).await;
        let two = race.refresh(round, &one.refresh).await;
        // Outside the grace.
        race.sites[0].pass(11);
        let stolen = join_all((0..MANY).map(|on| race.refresh(on, &one.refresh))).await;
        assert!(stolen.iter().all(|it| it.status == 400), "round {round}");
        assert!(!race.is_active(&two.access).await, "round {round}");
        assert_eq!(race.refresh(round, &two.refresh).await.status, 400);
    }
    race.stop().await;
}

#[actix_web::test]
async fn a_grandparent_among_fifty_kills_the_family_whoever_else_refreshes_meanwhile() {
    let race = Race::start().await;
    for round in 0..ROUNDS {
        let code = race.code().await;
        let one = race.redeem(round, &code).await;
        let two = race.refresh(round, &one.refresh).await;
        let three = race.refresh(round, &two.refresh).await;
        let tokens = [&one.refresh, &three.refresh];
        let answers = join_all((0..MANY).map(|on| race.refresh(on / 2, tokens[on % 2]))).await;
        for (on, got) in answers.iter().enumerate() {
            assert!(on % 2 == 1 || got.status == 400, "the grandparent won");
            if got.status == 200 {
                assert!(!race.is_active(&got.access).await, "round {round}");
                assert_eq!(race.refresh(on, &got.refresh).await.status, 400);
            }
        }
        assert!(!race.is_active(&three.access).await, "round {round}");
        assert_eq!(race.refresh(round, &three.refresh).await.status, 400);
    }
    race.stop().await;
}
