//! `state`: what the client gets back.

use crate::site::{Request, Site, answer, location};

#[actix_web::test]
async fn state_comes_back_byte_for_byte() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let long = "0123456789abcdef".repeat(128);
    for state in [
        "a+b c",
        "100%25",
        "ünï©ödé\u{1f600}",
        "<>\"'&=#?/\\",
        "\u{0}\r\n",
        long.as_str(),
    ] {
        let request = Request::good().set("state", state);
        let response = browser.allow(&request, &["read"]).await;
        assert_eq!(answer(&response, "state").as_deref(), Some(state));
        let denied = Request::good().set("state", state).set("scope", "nope");
        let response = browser.get(&denied.path()).await;
        assert_eq!(answer(&response, "state").as_deref(), Some(state));
        // The consent is remembered from now on; ask again to see the page.
        site.server
            .withdraw_consent(&"demo".into(), &"web".into())
            .await
            .unwrap();
    }
    site.stop().await;
}

#[actix_web::test]
async fn state_survives_the_login_too() {
    let site = Site::start().await;
    let browser = site.browser();
    let request = Request::good().set("state", "a+b%26 \\ü");
    let to_login = location(&browser.get(&request.path()).await);
    let page = browser.get(&to_login).await.text().await.unwrap();
    let back = location(&browser.send_login(&page, "demo", "demo").await);
    let denied = browser.get(&back.replace("scope=read", "scope=nope")).await;
    assert_eq!(answer(&denied, "state").as_deref(), Some("a+b%26 \\ü"));
    site.stop().await;
}

#[actix_web::test]
async fn a_request_that_is_too_long_for_the_login_page_is_refused_to_its_client() {
    let site = Site::start().await;
    let browser = site.browser();
    let fits = Request::good().set("state", &"s".repeat(7000));
    let to_login = location(&browser.get(&fits.path()).await);
    assert!(to_login.starts_with("/login?"), "{to_login}");
    let state = "\u{1}".repeat(8192);
    let response = browser
        .get(&Request::good().set("state", &state).path())
        .await;
    assert_eq!(
        answer(&response, "error").as_deref(),
        Some("invalid_request")
    );
    assert_eq!(answer(&response, "state"), Some(state));
    site.stop().await;
}

#[actix_web::test]
async fn a_state_that_is_too_long_is_refused_and_not_sent_back() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let fits = Request::good().set("state", &"\u{1}".repeat(8192));
    assert_eq!(browser.get(&fits.path()).await.status(), 200);
    let long = Request::good().set("state", &"s".repeat(8193));
    let response = browser.get(&long.path()).await;
    assert_eq!(
        answer(&response, "error").as_deref(),
        Some("invalid_request")
    );
    assert_eq!(answer(&response, "state"), None);
    site.stop().await;
}
