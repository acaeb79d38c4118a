//! kill -9 while tokens are being issued: on SQLite, or on the server that `RF_TEST_DATABASE` names.

use super::{
    app::{App, client},
    person::{Person, demo_web},
};
use oauth2::{AuthorizationCode, PkceCodeVerifier};
use rf::oauth2::TestDatabase;
use serde_json::Value;
use tempfile::{TempDir, tempdir};
use tokio::{sync::mpsc::UnboundedSender, task::JoinSet};

const ROUNDS: usize = 3;
const CODES: usize = 12;

fn start(dir: TempDir, database: &TestDatabase) -> App {
    if database.is_on_server() {
        App::start_in(dir, &[("RF_DATABASE__URL", database.url())])
    } else {
        App::start_in(dir, &[])
    }
}

/// Issues tokens until the server is gone, and says each that was handed out.
async fn issue(url: String, handed_out: UnboundedSender<String>) {
    let http = client();
    loop {
        let request = http
            .post(&url)
            .basic_auth("demo-service", Some("demo-secret"))
            .form(&[("grant_type", "client_credentials")]);
        let Ok(response) = request.send().await else {
            return;
        };
        assert_eq!(response.status(), 200);
        let Ok(body) = response.json::<Value>().await else {
            return;
        };
        let token = body["access_token"].as_str().unwrap().to_owned();
        handed_out.send(token).unwrap();
    }
}

/// Whether the code got tokens; nobody knows when the server was gone before it said.
async fn redeem(url: &str, code: &(AuthorizationCode, PkceCodeVerifier)) -> Option<bool> {
    let request = client()
        .post(url)
        .basic_auth("demo-web", Some("demo-secret"))
        .form(&[
            ("grant_type", "authorization_code"),
            ("code", code.0.secret()),
            ("redirect_uri", "http://127.0.0.1:8080/callback"),
            ("code_verifier", code.1.secret()),
        ]);
    let status = request.send().await.ok()?.status().as_u16();
    assert!(matches!(status, 200 | 400), "{status}");
    Some(status == 200)
}

#[tokio::test]
async fn kill_nine_while_tokens_are_issued_loses_none_that_was_handed_out_and_no_code_works_twice()
{
    let database = TestDatabase::new().await.unwrap();
    let mut dir = tempdir().unwrap();
    let mut tokens = Vec::new();
    for round in 0..ROUNDS {
        let app = start(dir, &database);
        let url = app.url("/oauth/token");
        let (oauth, person) = (demo_web(&app), Person::demo());
        let mut codes = Vec::new();
        for _ in 0..CODES {
            codes.push(person.code(&oauth, &["files:read"]).await);
        }
        let (sender, mut handed_out) = tokio::sync::mpsc::unbounded_channel();
        let mut load = JoinSet::new();
        for _ in 0..8 {
            load.spawn(issue(url.clone(), sender.clone()));
        }
        drop(sender);
        // Into the middle of it: every round somewhere else.
        for _ in 0..20 + 7 * round {
            tokens.push(handed_out.recv().await.unwrap());
        }
        let mut redeeming = JoinSet::new();
        for (index, code) in codes.into_iter().enumerate() {
            let url = url.clone();
            redeeming.spawn(async move {
                let got = redeem(&url, &code).await;
                (index, code, got)
            });
        }
        let mut redeemed = Vec::new();
        for _ in 0..3 + round {
            redeemed.push(redeeming.join_next().await.unwrap().unwrap());
        }
        dir = app.kill();
        while let Some(one) = redeeming.join_next().await {
            redeemed.push(one.unwrap());
        }
        load.join_all().await;
        while let Some(token) = handed_out.recv().await {
            tokens.push(token);
        }

        let app = start(dir, &database);
        let url = app.url("/oauth/token");
        for (index, code, before) in &redeemed {
            let again = redeem(&url, code).await.unwrap();
            let third = redeem(&url, code).await.unwrap();
            let times = [*before == Some(true), again, third];
            let times = times.iter().filter(|got| **got).count();
            assert!(times <= 1, "code {index} of round {round}: {times} times");
        }
        let known = redeemed.iter().filter(|(_, _, got)| *got == Some(true));
        assert!(known.count() > 0, "none was redeemed before the end");
        for token in &tokens {
            let asked = client()
                .post(app.url("/oauth/introspect"))
                .basic_auth("demo-service", Some("demo-secret"))
                .form(&[("token", token)])
                .send();
            let found: Value = asked.await.unwrap().json().await.unwrap();
            assert_eq!(found["active"], true, "lost in round {round}");
        }
        dir = app.kill();
    }
}
