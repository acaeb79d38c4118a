//! A database that goes away: whoever asks meanwhile is told so, and nobody has to do anything once it is back.
//!
//! These need a server, and some of them crash it: `integration/run databases`.

use crate::{
    api::routes,
    line::Line,
    site::{Request, Site, VERIFIER, answer, hidden},
};
use actix_web::rt;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use reqwest::{Client, RequestBuilder};
use rf::oauth2::TestDatabase;
use std::{
    process::Command,
    time::{Duration, Instant},
};

/// Longer than anybody is made to wait, debug build and busy machine included.
const PATIENCE: Duration = Duration::from_secs(20);

async fn site() -> (Site, Line) {
    let database = TestDatabase::new().await.unwrap();
    assert!(
        database.is_on_server(),
        "RF_TEST_DATABASE names no server: run `integration/run databases`"
    );
    let line = Line::to(database.url()).await;
    let url = line.url.clone();
    (Site::on(database, &url, routes).await, line)
}

fn token(site: &Site, http: &Client) -> RequestBuilder {
    http.post(format!("{}/oauth/token", site.base))
        .basic_auth("service", Some("service-secret"))
        .form(&[("grant_type", "client_credentials"), ("scope", "read")])
}

fn about_token(site: &Site, http: &Client, endpoint: &str, token: &str) -> RequestBuilder {
    http.post(format!("{}/oauth/{endpoint}", site.base))
        .basic_auth("service", Some("service-secret"))
        .form(&[("token", token)])
}

async fn status(request: RequestBuilder) -> u16 {
    let begin = Instant::now();
    let response = request.timeout(PATIENCE).send().await;
    let status = response
        .unwrap_or_else(|error| panic!("no answer after {:?}: {error:?}", begin.elapsed()))
        .status();
    status.as_u16()
}

async fn issued(site: &Site, http: &Client) -> String {
    let response = token(site, http).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let body: serde_json::Value = response.json().await.unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}

/// Every kind of request that needs the database, all at once.
async fn all_kinds(site: &Site, http: &Client, token_of_ours: &str) -> Vec<(&'static str, u16)> {
    let browser = site.browser();
    let at = |path: &str| format!("{}{path}", site.base);
    let login = [("username", "demo"), ("password", "demo")];
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", "spa"),
        ("refresh_token", "rfr_unknown"),
    ];
    let code = [
        ("grant_type", "authorization_code"),
        ("client_id", "spa"),
        ("code", "rfc_unknown"),
    ];
    let page = at(&Request::good().path());
    let ticket = [("ticket", "rft_unknown"), ("decision", "allow")];
    let guarded = http.get(at("/below")).bearer_auth(token_of_ours);
    let requests = [
        ("token", token(site, http)),
        ("refresh", http.post(at("/oauth/token")).form(&refresh)),
        ("code", http.post(at("/oauth/token")).form(&code)),
        (
            "introspect",
            about_token(site, http, "introspect", token_of_ours),
        ),
        ("revoke", about_token(site, http, "revoke", "rfr_unknown")),
        ("authorize", browser.http.get(page)),
        (
            "consent",
            browser.http.post(at("/oauth/authorize")).form(&ticket),
        ),
        ("login", browser.http.post(at("/login")).form(&login)),
        ("guarded", guarded),
    ];
    join_all(requests.map(async |(name, request)| (name, status(request).await))).await
}

/// Asks until a token is issued.
async fn recovers(site: &Site, http: &Client) {
    let begin = Instant::now();
    loop {
        match status(token(site, http)).await {
            200 => return,
            503 => assert!(begin.elapsed() < PATIENCE, "it does not recover"),
            other => panic!("{other} while it recovers"),
        }
    }
}

#[actix_web::test]
#[ignore = "needs a server: integration/run databases"]
async fn a_database_that_cannot_be_reached_is_503_and_what_needs_none_goes_on() {
    let (site, line) = site().await;
    let http = Client::new();
    let token = issued(&site, &http).await;
    let well = all_kinds(&site, &http, &token).await;
    assert!(well.iter().all(|(_, status)| *status < 500), "{well:?}");

    line.cut();
    // What this instance revoked or asked last is older than the few seconds it may be believed.
    site.pass(10);
    let mut needed = 0;
    for ((name, status), (_, before)) in all_kinds(&site, &http, &token).await.iter().zip(&well) {
        assert!(status == before || *status == 503, "{name}: {status}");
        needed += usize::from(*status == 503);
    }
    assert!(needed >= 6, "{needed} needed the database");
    assert!(site.server.health().await.is_err());
    for path in ["/oauth/jwks", "/.well-known/oauth-authorization-server"] {
        let url = format!("{}{path}", site.base);
        assert_eq!(status(http.get(url)).await, 200, "{path}");
    }
    line.open();
    recovers(&site, &http).await;
    assert_eq!(all_kinds(&site, &http, &token).await, well);
    site.stop().await;
}

#[actix_web::test]
#[ignore = "needs a server: integration/run databases"]
async fn a_database_that_does_not_answer_is_503_within_seconds() {
    let (site, line) = site().await;
    let http = Client::new();
    let token = issued(&site, &http).await;
    line.silence();
    site.pass(10);
    let asking = (0..8).map(|_| all_kinds(&site, &http, &token));
    for statuses in join_all(asking).await {
        for (name, status) in statuses {
            assert!(status < 500 || status == 503, "{name}: {status}");
        }
    }
    assert!(site.server.health().await.is_err());
    line.open();
    recovers(&site, &http).await;
    site.stop().await;
}

#[actix_web::test]
#[ignore = "needs a server: integration/run databases"]
async fn what_is_written_after_a_silence_is_there_for_all() {
    let (site, line) = site().await;
    let http = Client::new();
    let browser = site.signed_in().await;
    let page = browser.get(&Request::good().path()).await;
    let ticket = hidden(&page.text().await.unwrap(), "ticket");
    let form = [
        ("ticket", ticket.as_str()),
        ("scope", "read"),
        ("decision", "allow"),
    ];
    // A grant and a code: a transaction, whose BEGIN arrives and is not answered in time.
    line.silence_behind("BEGIN");
    let allow = browser.http.post(format!("{}/oauth/authorize", site.base));
    let allow = rt::spawn(allow.form(&form).timeout(PATIENCE).send());
    let silent = tokio::time::timeout(PATIENCE, line.is_silent()).await;
    silent.expect("a BEGIN is sent");
    let allowed = allow.await.unwrap().unwrap();
    assert!(answer(&allowed, "code").is_none(), "{allowed:?}");
    line.open();
    recovers(&site, &http).await;
    // More than there are connections, and looked at by others.
    let other = site.beside(routes).await;
    for _ in 0..12 {
        let token = issued(&site, &http).await;
        let revoked = about_token(&site, &http, "revoke", &token);
        assert_eq!(status(revoked).await, 200);
        let found = about_token(&other, &http, "introspect", &token);
        let found: serde_json::Value = found.send().await.unwrap().json().await.unwrap();
        assert_eq!(found["active"], false);
        let state = other.server.store().access_token(&jti(&token)).await;
        assert!(state.unwrap().is_some(), "the token itself is not there");
    }
    other.stop().await;
    site.stop().await;
}

fn jti(token: &str) -> String {
    let claims = token.split('.').nth(1).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    claims["jti"].as_str().unwrap().to_owned()
}

#[actix_web::test]
#[ignore = "needs a server: integration/run databases"]
async fn a_connection_lost_in_the_middle_is_never_a_500() {
    let (site, line) = site().await;
    let http = Client::new();
    let token = issued(&site, &http).await;
    let well = all_kinds(&site, &http, &token).await;
    let mut lost = 0;
    for messages in 0..10 {
        line.cut_after(messages);
        site.pass(10);
        for ((name, status), (_, before)) in all_kinds(&site, &http, &token).await.iter().zip(&well)
        {
            assert!(
                status == before || *status == 503,
                "{name} after {messages}: {status}"
            );
            lost += usize::from(*status == 503);
        }
        line.open();
        recovers(&site, &http).await;
    }
    assert!(lost >= 20, "only {lost} were lost");
    site.stop().await;
}

#[actix_web::test]
#[ignore = "needs a server: integration/run databases"]
async fn a_code_is_redeemed_at_most_once_wherever_the_connection_is_lost() {
    let (site, line) = site().await;
    let http = Client::new();
    let browser = site.signed_in().await;
    let first = browser.allow(&Request::good(), &["read"]).await;
    assert!(answer(&first, "code").is_some());
    let (mut lost, mut won) = (0, 0);
    for messages in 0.. {
        // The consent is remembered.
        let consented = browser.get(&Request::good().path()).await;
        let code = answer(&consented, "code").unwrap();
        let redeem = || {
            http.post(format!("{}/oauth/token", site.base))
                .basic_auth("web", Some("web-secret"))
                .form(&[
                    ("grant_type", "authorization_code"),
                    ("code", code.as_str()),
                    ("redirect_uri", "https://app.example.com/cb"),
                    ("code_verifier", VERIFIER),
                ])
        };
        line.cut_after(messages);
        let first = status(redeem()).await;
        line.open();
        recovers(&site, &http).await;
        let second = status(redeem()).await;
        assert!(matches!(first, 200 | 503), "after {messages}: {first}");
        assert!(matches!(second, 200 | 400), "after {messages}: {second}");
        assert!(first != 200 || second != 200, "twice, after {messages}");
        lost += usize::from(first == 503);
        won += usize::from(first == 200);
        // Behind the last message there is nothing to lose; how many they are is a matter of the database.
        if won > 2 {
            break;
        }
    }
    assert!(lost > 2, "{lost} lost");
    site.stop().await;
}

/// Does something to the server itself: `crash`, `start`.
fn control(what: &str) {
    let control = std::env::var("RF_TEST_DATABASE_CONTROL").unwrap();
    let mut words = control.split(' ');
    let status = Command::new(words.next().unwrap())
        .arg(what)
        .args(words)
        .status();
    assert!(status.unwrap().success(), "{what}");
}

#[actix_web::test]
#[ignore = "needs a server: integration/run databases"]
async fn a_server_that_crashes_under_load_costs_503s_and_no_token_that_was_handed_out() {
    let (site, _line) = site().await;
    let base = site.base.clone();
    let http = Client::new();
    issued(&site, &http).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let load: Vec<_> = (0..8)
        .map(|_| {
            let (http, base, stopped) = (Client::new(), base.clone(), stopped.clone());
            rt::spawn(async move {
                let (mut tokens, mut refused) = (Vec::new(), 0);
                while !*stopped.borrow() {
                    let response = http
                        .post(format!("{base}/oauth/token"))
                        .basic_auth("service", Some("service-secret"))
                        .form(&[("grant_type", "client_credentials")])
                        .timeout(PATIENCE)
                        .send()
                        .await
                        .unwrap();
                    match response.status().as_u16() {
                        200 => {
                            let body: serde_json::Value = response.json().await.unwrap();
                            tokens.push(body["access_token"].as_str().unwrap().to_owned());
                        }
                        503 => refused += 1,
                        other => panic!("{other}"),
                    }
                }
                (tokens, refused)
            })
        })
        .collect();
    // A part of the load before, in and after the crash.
    for _ in 0..20 {
        issued(&site, &http).await;
    }
    web_block(|| control("crash")).await;
    let away = status(token(&site, &http)).await;
    assert_eq!(away, 503);
    web_block(|| control("start")).await;
    recovers(&site, &http).await;
    for _ in 0..20 {
        issued(&site, &http).await;
    }
    stop.send(true).unwrap();
    let (mut kept, mut refused) = (0, 0);
    for task in load {
        let (tokens, lost) = task.await.unwrap();
        refused += lost;
        for token in tokens {
            let response = about_token(&site, &http, "introspect", &token);
            let found: serde_json::Value = response.send().await.unwrap().json().await.unwrap();
            assert_eq!(found["active"], true, "a token that was handed out is gone");
            kept += 1;
        }
    }
    assert!(kept > 0 && refused > 0, "{kept} kept, {refused} refused");
    site.stop().await;
}

async fn web_block(work: impl FnOnce() + Send + 'static) {
    tokio::task::spawn_blocking(work).await.unwrap();
}
