//! The consent page and its answer.

use crate::site::{Browser, Request, Site, VERIFIER, answer, hidden, location};
use reqwest::header::LOCATION;
use rf::oauth2::{Event, TokenParams, TokenResponse};

/// Redeems the code of a redirect to the client `web`.
async fn redeem(site: &Site, response: &reqwest::Response) -> TokenResponse {
    let params = TokenParams {
        grant_type: Some("authorization_code".into()),
        code: answer(response, "code").map(Into::into),
        redirect_uri: Some("https://app.example.com/cb".into()),
        code_verifier: Some(VERIFIER.into()),
        client_id: Some("web".into()),
        client_secret: Some("web-secret".into()),
        ..TokenParams::default()
    };
    site.server.issue_token(params).await.unwrap()
}

async fn is_refused(browser: &Browser, form: &[(&str, &str)]) {
    let response = browser.post("/oauth/authorize", form).await;
    assert!(response.status().is_client_error(), "{form:?}");
    assert!(response.headers().get(LOCATION).is_none(), "{form:?}");
}

#[actix_web::test]
async fn allowing_gives_a_code_with_state_and_iss() {
    let site = Site::start().await;
    let response = site
        .signed_in()
        .await
        .allow(&Request::good(), &["read"])
        .await;
    assert_eq!(response.status(), 303);
    assert!(location(&response).starts_with("https://app.example.com/cb?code=rfc_"));
    assert_eq!(answer(&response, "state").as_deref(), Some("xyz"));
    assert_eq!(answer(&response, "iss").as_ref(), Some(&site.base));
    let tokens = redeem(&site, &response).await;
    let claims = site
        .server
        .validate_token(&tokens.access_token)
        .await
        .unwrap();
    assert_eq!(
        (claims.sub.as_str(), claims.scope.to_string().as_str()),
        ("demo", "read")
    );
    assert!(site.saw(|event| matches!(event, Event::Authorized { .. })));
    site.stop().await;
}

#[actix_web::test]
async fn denying_is_access_denied_with_state_and_iss() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let ticket = browser.ticket(&Request::good()).await;
    let form = [
        ("ticket", ticket.as_str()),
        ("decision", "deny"),
        ("scope", "read"),
    ];
    let response = browser.post("/oauth/authorize", &form).await;
    assert_eq!(response.status(), 303);
    assert_eq!(answer(&response, "error").as_deref(), Some("access_denied"));
    assert_eq!(answer(&response, "state").as_deref(), Some("xyz"));
    assert_eq!(answer(&response, "iss").as_ref(), Some(&site.base));
    // A refusal is not remembered as a consent.
    assert_eq!(browser.get(&Request::good().path()).await.status(), 200);
    site.stop().await;
}

#[actix_web::test]
async fn a_ticket_counts_once() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let ticket = browser.ticket(&Request::good()).await;
    let form = [
        ("ticket", ticket.as_str()),
        ("decision", "allow"),
        ("scope", "read"),
    ];
    assert_eq!(browser.post("/oauth/authorize", &form).await.status(), 303);
    is_refused(&browser, &form).await;
    site.stop().await;
}

#[actix_web::test]
async fn an_answer_needs_its_own_ticket_and_session() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let ticket = browser.ticket(&Request::good()).await;
    let form = [
        ("ticket", ticket.as_str()),
        ("decision", "allow"),
        ("scope", "read"),
    ];
    is_refused(&site.browser(), &form).await;
    is_refused(&site.signed_in().await, &form).await;
    is_refused(
        &browser,
        &[("ticket", "rft_guessed"), ("decision", "allow")],
    )
    .await;
    is_refused(&browser, &[("ticket", &ticket)]).await;
    is_refused(&browser, &[("ticket", &ticket), ("decision", "maybe")]).await;
    is_refused(&browser, &[form[0], form[0], form[1], form[2]]).await;
    // None of that has used it up.
    assert_eq!(browser.post("/oauth/authorize", &form).await.status(), 303);
    site.stop().await;
}

#[actix_web::test]
async fn a_page_that_was_open_too_long_is_refused() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let ticket = browser.ticket(&Request::good()).await;
    site.pass(10 * 60);
    is_refused(
        &browser,
        &[
            ("ticket", &ticket),
            ("decision", "allow"),
            ("scope", "read"),
        ],
    )
    .await;
    site.stop().await;
}

#[actix_web::test]
async fn signing_in_as_somebody_else_in_another_tab_voids_the_page() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let ticket = browser.ticket(&Request::good()).await;
    assert_eq!(browser.sign_in("eve<b>", "eve", "/").await.status(), 303);
    is_refused(
        &browser,
        &[
            ("ticket", &ticket),
            ("decision", "allow"),
            ("scope", "read"),
        ],
    )
    .await;
    site.stop().await;
}

#[actix_web::test]
async fn fields_changed_by_hand_change_nothing() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let ticket = browser.ticket(&Request::good()).await;
    let form = [
        ("ticket", ticket.as_str()),
        ("decision", "allow"),
        ("scope", "read"),
        ("scope", "write"),
        ("scope", "admin"),
        ("client_id", "spa"),
        ("redirect_uri", "https://evil.example.com/"),
        ("state", "other"),
        ("code_challenge", "other"),
    ];
    let response = browser.post("/oauth/authorize", &form).await;
    assert!(location(&response).starts_with("https://app.example.com/cb?code="));
    assert_eq!(answer(&response, "state").as_deref(), Some("xyz"));
    let tokens = redeem(&site, &response).await;
    assert_eq!(tokens.scope.to_string(), "read");
    site.stop().await;
}

#[actix_web::test]
async fn scopes_may_be_taken_away_on_the_page() {
    let site = Site::start().await;
    let request = Request::good().set("scope", "read write");
    let response = site.signed_in().await.allow(&request, &["write"]).await;
    assert_eq!(redeem(&site, &response).await.scope.to_string(), "write");
    site.stop().await;
}

#[actix_web::test]
async fn allowing_nothing_is_denying() {
    let site = Site::start().await;
    for scopes in [&[][..], &["admin"]] {
        let response = site.signed_in().await.allow(&Request::good(), scopes).await;
        assert_eq!(answer(&response, "error").as_deref(), Some("access_denied"));
        assert_eq!(answer(&response, "code"), None);
    }
    site.stop().await;
}

#[actix_web::test]
async fn a_request_without_scope_asks_for_all_that_the_client_may_have() {
    let site = Site::start().await;
    let request = Request::good().without("scope");
    let page = site
        .signed_in()
        .await
        .get(&request.path())
        .await
        .text()
        .await
        .unwrap();
    assert!(
        page.contains("value=\"read\"") && page.contains("value=\"write\""),
        "{page}"
    );
    site.stop().await;
}

#[actix_web::test]
async fn consent_is_remembered_for_the_same_person_client_and_no_more_scopes() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    browser.allow(&Request::good(), &["read"]).await;
    let again = browser.get(&Request::good().path()).await;
    assert_eq!(again.status(), 303);
    assert!(answer(&again, "code").is_some());
    let more = Request::good().set("scope", "read write");
    assert_eq!(browser.get(&more.path()).await.status(), 200);
    let another_client = Request::of("spa", "https://spa.example.com/cb");
    assert_eq!(browser.get(&another_client.path()).await.status(), 200);
    let somebody_else = site.browser();
    somebody_else.sign_in("eve<b>", "eve", "/").await;
    assert_eq!(
        somebody_else.get(&Request::good().path()).await.status(),
        200
    );
    // What is allowed later adds up.
    browser
        .allow(&Request::good().set("scope", "write"), &["write"])
        .await;
    assert_eq!(browser.get(&more.path()).await.status(), 303);
    site.stop().await;
}

#[actix_web::test]
async fn a_native_public_client_always_asks() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let request = Request::of("native", "http://127.0.0.1:51004/done");
    for _ in 0..2 {
        assert!(answer(&browser.allow(&request, &["read"]).await, "code").is_some());
    }
    let first_party = Request::of("first-native", "com.example.first:/done");
    assert_eq!(browser.get(&first_party.path()).await.status(), 200);
    site.stop().await;
}

#[actix_web::test]
async fn a_public_client_on_this_servers_own_origin_is_not_native() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let own = Request::of("own", &format!("{}/app/callback", site.base));
    browser.allow(&own, &["read"]).await;
    assert_eq!(browser.get(&own.path()).await.status(), 303);
    // Another port of the same address is another program.
    let elsewhere = Request::of("own", "http://127.0.0.1:1/app/callback");
    assert_eq!(browser.get(&elsewhere.path()).await.status(), 200);
    site.stop().await;
}

#[actix_web::test]
async fn a_first_party_client_need_not_ask() {
    let site = Site::start().await;
    let request = Request::of("first", "https://first.example.com/cb");
    let response = site.signed_in().await.get(&request.path()).await;
    assert!(answer(&response, "code").is_some());
    site.stop().await;
}

#[actix_web::test]
async fn names_and_texts_are_escaped_on_the_page() {
    let site = Site::start().await;
    let browser = site.browser();
    browser.sign_in("eve<b>", "eve", "/").await;
    let page = browser
        .get(&Request::good().path())
        .await
        .text()
        .await
        .unwrap();
    for raw in ["<i>app", "<everything>", "eve<b>"] {
        assert!(!page.contains(raw), "{page}");
    }
    assert!(
        page.contains("Read &#60;everything&#62; &#38; more"),
        "{page}"
    );
    assert!(
        page.contains("app.example.com"),
        "where the browser goes: {page}"
    );
    site.stop().await;
}

#[actix_web::test]
async fn another_account_can_be_chosen_from_the_page() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let page = browser
        .get(&Request::good().path())
        .await
        .text()
        .await
        .unwrap();
    let link = page
        .split_once("<a href=\"")
        .unwrap()
        .1
        .split_once('"')
        .unwrap()
        .0;
    let login = browser.get(link).await.text().await.unwrap();
    assert_eq!(hidden(&login, "return_to"), Request::good().path());
    site.stop().await;
}
