//! What the authorization server tells an operator: every event is counted and is a log line.

use super::{
    app::{App, client},
    numbers::{metrics, value},
    person::{Form, Person, client_of_oauth2, demo_web},
};
use oauth2::TokenResponse;
use rustix::process::Signal;

#[tokio::test]
async fn what_happens_to_tokens_and_people_is_counted_and_logged() {
    let mut app = App::start();
    let (oauth, http) = (demo_web(&app), client_of_oauth2());
    let post = async |path: &str, form: &[(&str, &str)]| {
        let request = client().post(app.url(path)).form(form);
        request.send().await.unwrap().status().as_u16()
    };

    // Issued, refreshed, replayed.
    let first = Person::demo().tokens(&oauth, &["files:read"]).await;
    let second = oauth.exchange_refresh_token(first.refresh_token().unwrap());
    let second = second.request_async(&http).await.unwrap();
    let third = oauth.exchange_refresh_token(second.refresh_token().unwrap());
    third.request_async(&http).await.unwrap();
    let replayed = oauth.exchange_refresh_token(first.refresh_token().unwrap());
    assert!(replayed.request_async(&http).await.is_err());

    // Revoked, refused, a client and a person that are not who they say.
    let token = app.service_token("files:read").await;
    let service = [
        ("client_id", "demo-service"),
        ("client_secret", "demo-secret"),
    ];
    let revocation = [service[0], service[1], ("token", token.as_str())];
    assert_eq!(post("/oauth/revoke", &revocation).await, 200);
    let refused = [
        service[0],
        service[1],
        ("grant_type", "client_credentials"),
        ("scope", "admin"),
    ];
    assert_eq!(post("/oauth/token", &refused).await, 400);
    let impostor = [
        service[0],
        ("client_secret", "guess"),
        ("grant_type", "client_credentials"),
    ];
    assert_eq!(post("/oauth/token", &impostor).await, 401);
    let browser = client();
    let page = browser
        .get(app.url("/login"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let mut form = Form::first(&page).hidden;
    form.extend(
        [("username", "demo"), ("password", "guess")]
            .map(|(name, value)| (name.into(), value.into())),
    );
    let login = browser
        .post(app.url("/login"))
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(login.status(), 403);
    let unknown = client().get(app.url("/oauth/authorize?client_id=nobody"));
    assert_eq!(unknown.send().await.unwrap().status(), 400);

    // What callers make up becomes no label.
    for number in 0..20 {
        let made_up = format!("made-up-{number}");
        let form = [service[0], service[1], ("grant_type", &made_up)];
        assert_eq!(post("/oauth/token", &form).await, 400);
    }

    let text = metrics(&app).await;
    assert!(!text.contains("made-up"), "{text}");
    for (family, label, times) in [
        (
            "oauth2_tokens_refused_total",
            "error=\"unsupported_grant_type\",grant=\"unknown\"",
            20.0,
        ),
        (
            "oauth2_tokens_issued_total",
            "grant=\"authorization_code\"",
            1.0,
        ),
        ("oauth2_tokens_issued_total", "grant=\"refresh_token\"", 2.0),
        (
            "oauth2_tokens_issued_total",
            "grant=\"client_credentials\"",
            1.0,
        ),
        (
            "oauth2_tokens_refused_total",
            "error=\"invalid_scope\"",
            1.0,
        ),
        (
            "oauth2_tokens_refused_total",
            "error=\"invalid_grant\"",
            1.0,
        ),
        ("oauth2_replays_total", "grant=\"refresh_token\"", 1.0),
        ("oauth2_revocations_total", "kind=\"access_token\"", 1.0),
        ("oauth2_logins_total", "outcome=\"succeeded\"", 1.0),
        ("oauth2_logins_total", "outcome=\"failed\"", 1.0),
        ("oauth2_client_failures_total", "outcome=\"failed\"", 1.0),
        ("oauth2_authorizations_total", "outcome=\"code\"", 1.0),
        (
            "oauth2_authorizations_total",
            "outcome=\"invalid_request\"",
            1.0,
        ),
    ] {
        assert_eq!(
            value(&text, family, &[label]),
            times,
            "{family} {label}\n{text}"
        );
    }

    app.signal(Signal::TERM);
    assert_eq!(app.wait().code(), Some(0));
    let log = app.log_text();
    for line in [
        "token issued",
        "replay detected, the family is revoked",
        "token revoked",
        "token refused",
        "client authentication failed",
        "signed in",
        "sign-in failed",
        "authorized",
        "authorization refused",
    ] {
        assert!(log.contains(&format!("\"{line}\"")), "{line}: {log}");
    }
}
