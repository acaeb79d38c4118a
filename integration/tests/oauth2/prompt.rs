//! `prompt` and `max_age`.

use crate::site::{Browser, Request, Site, answer, location};

async fn error(browser: &Browser, request: Request) -> Option<String> {
    let response = browser.get(&request.path()).await;
    assert_eq!(response.status(), 303, "{}", request.query());
    answer(&response, "error")
}

/// Whether the browser is sent to the login page.
async fn must_sign_in(browser: &Browser, path: &str) -> bool {
    let response = browser.get(path).await;
    response.status() == 303 && location(&response).starts_with("/login?")
}

/// Signs in on the page that `path` leads to, and returns to where that leads.
async fn sign_in_again(browser: &Browser, path: &str) -> String {
    let login = location(&browser.get(path).await);
    let page = browser.get(&login).await.text().await.unwrap();
    location(&browser.send_login(&page, "demo", "demo").await)
}

#[actix_web::test]
async fn prompt_none_shows_no_page() {
    let site = Site::start().await;
    let silent = Request::good().set("prompt", "none");
    assert_eq!(
        error(&site.browser(), silent.clone()).await.as_deref(),
        Some("login_required")
    );
    let browser = site.signed_in().await;
    assert_eq!(
        error(&browser, silent.clone()).await.as_deref(),
        Some("consent_required")
    );
    browser.allow(&Request::good(), &["read"]).await;
    assert_eq!(error(&browser, silent.clone()).await, None);
    site.pass(100);
    let fresh = silent.set("max_age", "99");
    assert_eq!(
        error(&browser, fresh).await.as_deref(),
        Some("login_required")
    );
    site.stop().await;
}

#[actix_web::test]
async fn prompt_none_with_another_value_is_an_invalid_request() {
    let site = Site::start().await;
    for prompt in ["none login", "consent none", "nothing"] {
        let request = Request::good().set("prompt", prompt);
        assert_eq!(
            error(&site.browser(), request).await.as_deref(),
            Some("invalid_request")
        );
    }
    let request = Request::good().set("max_age", "-1");
    assert_eq!(
        error(&site.browser(), request).await.as_deref(),
        Some("invalid_request")
    );
    site.stop().await;
}

#[actix_web::test]
async fn prompt_consent_asks_although_it_is_remembered() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    browser.allow(&Request::good(), &["read"]).await;
    let request = Request::good().set("prompt", "consent");
    assert_eq!(browser.get(&request.path()).await.status(), 200);
    site.stop().await;
}

#[actix_web::test]
async fn prompt_login_asks_for_the_password_once_more_and_only_once() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    for prompt in ["login", "select_account", "login consent"] {
        site.pass(1);
        let path = Request::good().set("prompt", prompt).path();
        assert!(must_sign_in(&browser, &path).await);
        site.pass(1);
        let back = sign_in_again(&browser, &path).await;
        assert_eq!(browser.get(&back).await.status(), 200);
    }
    site.stop().await;
}

#[actix_web::test]
async fn prompt_login_cannot_be_skipped_by_going_straight_back() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    site.pass(1);
    let path = Request::good().set("prompt", "login").path();
    let login = location(&browser.get(&path).await);
    let url = reqwest::Url::parse(&format!("{}{login}", site.base)).unwrap();
    let return_to = url.query_pairs().next().unwrap().1.into_owned();
    assert!(must_sign_in(&browser, &return_to).await);
    // Nor by a note of one's own.
    let forged = format!("{path}&rf_asked_again=0.AAAA");
    assert!(must_sign_in(&browser, &forged).await);
    site.stop().await;
}

#[actix_web::test]
async fn max_age_asks_for_the_password_when_it_is_too_long_ago() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    site.pass(60);
    let young = Request::good().set("max_age", "60").path();
    assert_eq!(browser.get(&young).await.status(), 200);
    site.pass(1);
    assert!(must_sign_in(&browser, &young).await);
    let now = Request::good().set("max_age", "0").path();
    let back = sign_in_again(&browser, &now).await;
    assert_eq!(browser.get(&back).await.status(), 200);
    assert!(must_sign_in(&browser, &now).await);
    site.stop().await;
}

#[actix_web::test]
async fn a_request_that_came_back_from_the_login_is_no_pass_for_later() {
    let site = Site::start().await;
    for again in [("prompt", "login"), ("max_age", "1")] {
        let browser = site.browser();
        let path = Request::good().set(again.0, again.1).path();
        let back = sign_in_again(&browser, &path).await;
        assert!(!must_sign_in(&browser, &back).await, "{again:?}");
        site.pass(61);
        assert!(must_sign_in(&browser, &back).await, "{again:?}");
    }
    site.stop().await;
}
