//! What a person has allowed, as page and JSON, and taking it back.

use crate::site::{Browser, Request, Site, VERIFIER, answer, hidden, location};
use rf::oauth2::{Event, TokenParams, TokenResponse};
use serde_json::Value;

async fn tokens(site: &Site, browser: &Browser, scopes: &[&str]) -> TokenResponse {
    let request = Request::good().set("scope", &scopes.join(" "));
    let shown = browser.get(&request.path()).await;
    let code = match shown.status().as_u16() {
        303 => answer(&shown, "code"),
        _ => answer(&browser.allow(&request, scopes).await, "code"),
    };
    let params = TokenParams {
        grant_type: Some("authorization_code".into()),
        code: code.map(Into::into),
        redirect_uri: Some("https://app.example.com/cb".into()),
        code_verifier: Some(VERIFIER.into()),
        client_id: Some("web".into()),
        client_secret: Some("web-secret".into()),
        ..TokenParams::default()
    };
    site.server.issue_token(params).await.unwrap()
}

async fn page(browser: &Browser) -> String {
    let page = browser.get("/oauth/apps").await;
    assert_eq!(page.status(), 200);
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(page.headers()[name], value);
    }
    assert!(
        page.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("frame-ancestors 'none'")
    );
    page.text().await.unwrap()
}

async fn json(browser: &Browser) -> Value {
    let answer = browser
        .http
        .get(format!("{}/oauth/apps", browser.base))
        .header("accept", "application/json");
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    answer.json().await.unwrap()
}

#[actix_web::test]
async fn a_person_sees_what_they_allowed_and_takes_it_back() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    assert!(page(&browser).await.contains("have not allowed"));
    let tokens = tokens(&site, &browser, &["read", "write"]).await;
    let shown = page(&browser).await;
    // What the client calls itself is text.
    assert!(shown.contains("Web &#60;i&#62;app&#60;/i&#62;"), "{shown}");
    assert!(
        shown.contains("Read &#60;everything&#62; &#38; more"),
        "{shown}"
    );
    assert!(shown.contains("2027-01-15"), "{shown}");
    let listed = json(&browser).await;
    assert_eq!(listed["apps"][0]["client_id"], "web");
    assert_eq!(listed["apps"][0]["scope"], "read write");
    assert_eq!(listed["apps"][0]["since"], 1_800_000_000);

    let form = [
        ("csrf", hidden(&shown, "csrf")),
        ("client_id", "web".to_owned()),
    ];
    let form: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let gone = browser.post("/oauth/apps", &form).await;
    assert_eq!(
        (gone.status().as_u16(), location(&gone).as_str()),
        (303, "/oauth/apps")
    );
    assert!(
        site.server
            .validate_token(&tokens.access_token)
            .await
            .is_err()
    );
    let refresh = TokenParams {
        grant_type: Some("refresh_token".into()),
        refresh_token: tokens.refresh_token.map(Into::into),
        client_id: Some("web".into()),
        client_secret: Some("web-secret".into()),
        ..TokenParams::default()
    };
    assert!(site.server.issue_token(refresh).await.is_err());
    assert_eq!(json(&browser).await["apps"], serde_json::json!([]));
    assert_eq!(taken_back(&site), 1);
    // Next time the person is asked again.
    assert_eq!(browser.get(&Request::good().path()).await.status(), 200);
    site.stop().await;
}

/// How often it was told that something was taken back.
fn taken_back(site: &Site) -> usize {
    let events = site.events.lock().unwrap();
    let told = events.iter().filter(|event| {
        matches!(
            event,
            Event::ConsentWithdrawn { .. } | Event::Revoked { .. }
        )
    });
    told.count()
}

#[actix_web::test]
async fn what_no_client_is_called_is_taken_back_from_nobody_and_told_to_nobody() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    tokens(&site, &browser, &["read"]).await;
    let csrf = hidden(&page(&browser).await, "csrf");
    for client in ["\0", "web\0", "", "nobody", "wéb"] {
        let form = [("csrf", csrf.as_str()), ("client_id", client)];
        let posted = browser.post("/oauth/apps", &form).await.status();
        let expected = if client.is_empty() { 403 } else { 303 };
        assert_eq!(posted, expected, "{client:?}");
    }
    for client in ["%00", "web%00", "nobody"] {
        let url = format!("{}/oauth/apps/{client}", browser.base);
        let request = browser.http.delete(url);
        let answer = request.header("sec-fetch-site", "same-origin").send();
        assert_eq!(answer.await.unwrap().status(), 204, "{client}");
    }
    assert_eq!(taken_back(&site), 0);
    site.stop().await;
}

#[actix_web::test]
async fn nobody_takes_back_what_another_allowed() {
    let site = Site::start().await;
    let demo = site.signed_in().await;
    let tokens = tokens(&site, &demo, &["read"]).await;
    let eve = site.browser();
    eve.sign_in("eve<b>", "eve", "/").await;
    assert_eq!(json(&eve).await["apps"], serde_json::json!([]));
    let shown = page(&demo).await;
    let his = hidden(&shown, "csrf");
    // The form token of her session, as the login page shows it.
    let hers = hidden(&eve.get("/login").await.text().await.unwrap(), "csrf");
    for csrf in ["", "forged", hers.as_str()] {
        let refused = demo
            .post("/oauth/apps", &[("csrf", csrf), ("client_id", "web")])
            .await;
        assert_eq!(refused.status(), 403, "{csrf}");
    }
    // Her session with the token of his page.
    assert_eq!(
        eve.post("/oauth/apps", &[("csrf", &his), ("client_id", "web")])
            .await
            .status(),
        403
    );
    assert!(
        site.server
            .validate_token(&tokens.access_token)
            .await
            .is_ok()
    );
    site.stop().await;
}

#[actix_web::test]
async fn a_script_of_this_origin_takes_back_by_json_and_one_of_another_site_does_not() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let tokens = tokens(&site, &browser, &["read"]).await;
    let delete = |browser: &Browser, origin: &'static str| {
        let request = browser
            .http
            .delete(format!("{}/oauth/apps/web", browser.base));
        request.header("sec-fetch-site", origin).send()
    };
    assert_eq!(delete(&browser, "cross-site").await.unwrap().status(), 403);
    assert_eq!(
        delete(&site.browser(), "same-origin")
            .await
            .unwrap()
            .status(),
        401
    );
    assert!(
        site.server
            .validate_token(&tokens.access_token)
            .await
            .is_ok()
    );
    assert_eq!(delete(&browser, "same-origin").await.unwrap().status(), 204);
    assert_eq!(delete(&browser, "same-origin").await.unwrap().status(), 204);
    assert!(
        site.server
            .validate_token(&tokens.access_token)
            .await
            .is_err()
    );
    site.stop().await;
}

#[actix_web::test]
async fn who_is_not_signed_in_signs_in_first_and_a_script_is_told_so() {
    let site = Site::start().await;
    let browser = site.browser();
    let sent = browser.get("/oauth/apps").await;
    assert_eq!(sent.status(), 303);
    let login = browser.get(&location(&sent)).await.text().await.unwrap();
    assert_eq!(hidden(&login, "return_to"), "/oauth/apps");
    let back = browser.send_login(&login, "demo", "demo").await;
    assert_eq!(location(&back), "/oauth/apps");
    let stranger = site.browser();
    let answer = stranger
        .http
        .get(format!("{}/oauth/apps", site.base))
        .header("accept", "application/json");
    assert_eq!(answer.send().await.unwrap().status(), 401);
    site.stop().await;
}

#[actix_web::test]
async fn a_grant_that_ended_and_a_consent_of_long_ago_are_told_apart() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    tokens(&site, &browser, &["read"]).await;
    // Every token is dead by now; the consent is remembered still, and shown.
    site.pass(400 * 24 * 3600);
    let fresh = site.signed_in().await;
    assert_eq!(json(&fresh).await["apps"][0]["scope"], "read");
    site.stop().await;
}
