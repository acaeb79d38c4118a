//! Signing in and out.

use crate::site::{Browser, Request, Site, hidden, location};
use reqwest::{
    Response,
    header::{ORIGIN, SET_COOKIE},
};
use rf::oauth2::Event;

fn cookie(response: &Response) -> &str {
    response.headers()[SET_COOKIE].to_str().unwrap()
}

async fn is_signed_in(browser: &Browser) -> bool {
    browser.get(&Request::good().path()).await.status() == 200
}

#[actix_web::test]
async fn a_request_goes_on_intact_after_the_login() {
    let site = Site::start().await;
    let browser = site.browser();
    let to_login = browser.get(&Request::good().path()).await;
    assert_eq!(to_login.status(), 303);
    let page = browser
        .get(&location(&to_login))
        .await
        .text()
        .await
        .unwrap();
    let response = browser.send_login(&page, "demo", "demo").await;
    assert_eq!(response.status(), 303);
    assert!(location(&response).starts_with(&Request::good().path()));
    assert_eq!(browser.get(&location(&response)).await.status(), 200);
    assert!(site.saw(|event| matches!(event, Event::LoginSucceeded { .. })));
    site.stop().await;
}

#[actix_web::test]
async fn the_session_cookie_is_for_this_server_and_no_script() {
    let site = Site::start().await;
    let response = site.browser().sign_in("demo", "demo", "/").await;
    let cookie = cookie(&response);
    assert!(cookie.starts_with("rf_session="), "{cookie}");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    site.stop().await;
}

#[actix_web::test]
async fn signing_in_starts_a_new_session() {
    let site = Site::start().await;
    let browser = site.browser();
    let page = browser.get("/login").await;
    let before = cookie(&page).split(';').next().unwrap().to_owned();
    let page = page.text().await.unwrap();
    assert_eq!(
        browser.send_login(&page, "demo", "demo").await.status(),
        303
    );
    assert!(is_signed_in(&browser).await);
    // Whoever planted the first cookie holds nothing.
    let attacker = site.browser();
    let request = attacker
        .http
        .get(format!("{}{}", site.base, Request::good().path()));
    let response = request.header("cookie", before).send().await.unwrap();
    assert_eq!(response.status(), 303);
    // Nor does the form of the old session count in the new one.
    assert_eq!(
        browser.send_login(&page, "demo", "demo").await.status(),
        403
    );
    site.stop().await;
}

#[actix_web::test]
async fn a_login_ends_with_its_lifetime() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    site.pass(12 * 60 * 60 - 1);
    assert!(is_signed_in(&browser).await);
    site.pass(1);
    assert!(!is_signed_in(&browser).await);
    site.stop().await;
}

#[actix_web::test]
async fn wrong_name_and_wrong_password_are_answered_alike() {
    let site = Site::start().await;
    let answer = async |name: &str, password: &str| {
        let browser = site.browser();
        let response = browser.sign_in(name, password, "/").await;
        assert_eq!(response.status(), 403);
        let page = response.text().await.unwrap();
        let csrf = hidden(&page, "csrf");
        page.replace(&csrf, "")
            .replace(&format!("value=\"{name}\""), "")
    };
    assert_eq!(
        answer("demo", "wrong").await,
        answer("nobody", "demo").await
    );
    assert!(site.saw(|event| matches!(event, Event::LoginFailed { throttled: false })));
    site.stop().await;
}

#[actix_web::test]
async fn return_to_is_a_path_of_this_server_only() {
    let site = Site::start().await;
    let browser = site.browser();
    let page = browser.get("/login").await.text().await.unwrap();
    let csrf = hidden(&page, "csrf");
    for wrong in [
        "//evil.example.com",
        "/\\evil.example.com",
        "\\\\evil.example.com",
        "https://evil.example.com",
        "https:evil.example.com",
        "javascript:alert(1)",
        "/\t/evil.example.com",
        "/\r\nSet-Cookie: a=b",
        "evil",
        "http:/evil.example.com",
    ] {
        let query = Request::empty().set("return_to", wrong).query();
        assert_eq!(
            browser.get(&format!("/login?{query}")).await.status(),
            400,
            "{wrong}"
        );
        let form = [
            ("username", "demo"),
            ("password", "demo"),
            ("csrf", &csrf),
            ("return_to", wrong),
        ];
        let response = browser.post("/login", &form).await;
        assert_eq!(response.status(), 400, "{wrong}");
        assert!(response.headers().get(SET_COOKIE).is_none(), "{wrong}");
    }
    site.stop().await;
}

#[actix_web::test]
async fn a_form_of_another_session_signs_nobody_in() {
    let site = Site::start().await;
    let theirs = site.browser().get("/login").await.text().await.unwrap();
    let browser = site.browser();
    browser.get("/login").await;
    for csrf in [hidden(&theirs, "csrf"), String::new(), "x".into()] {
        let form = [("username", "demo"), ("password", "demo"), ("csrf", &csrf)];
        let response = browser.post("/login", &form).await;
        assert_eq!(response.status(), 403, "{csrf}");
        assert!(!is_signed_in(&browser).await);
    }
    // Without any cookie at all.
    let form = [
        ("username", "demo"),
        ("password", "demo"),
        ("csrf", &*hidden(&theirs, "csrf")),
    ];
    let response = site.browser().post("/login", &form).await;
    assert!(location(&response).starts_with("/login?return_to="));
    assert!(!response.headers().contains_key(SET_COOKIE));
    site.stop().await;
}

#[actix_web::test]
async fn too_many_attempts_wait_and_the_right_password_waits_with_them() {
    let site = Site::start().await;
    let browser = site.browser();
    for _ in 0..10 {
        assert_eq!(browser.sign_in("demo", "guess", "/").await.status(), 403);
    }
    let response = browser.sign_in("demo", "demo", "/").await;
    assert_eq!(response.status(), 429);
    let wait: u64 = response.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=300).contains(&wait), "{wait}");
    assert!(site.saw(|event| matches!(event, Event::LoginFailed { throttled: true })));
    site.pass(wait);
    assert_eq!(browser.sign_in("demo", "demo", "/").await.status(), 303);
    site.stop().await;
}

#[actix_web::test]
async fn a_guesser_behind_the_same_proxy_does_not_lock_the_owner_out() {
    let site = Site::start().await;
    let guesser = site.browser_behind_proxy("192.0.2.1");
    for _ in 0..10 {
        assert_eq!(guesser.sign_in("demo", "guess", "/").await.status(), 403);
    }
    assert_eq!(guesser.sign_in("demo", "demo", "/").await.status(), 429);
    // What the guesser writes itself stands before what the proxy adds, and is not believed.
    let liar = site.browser_behind_proxy("192.0.2.9, 192.0.2.1");
    assert_eq!(liar.sign_in("demo", "demo", "/").await.status(), 429);
    let owner = site.browser_behind_proxy("192.0.2.2");
    assert_eq!(owner.sign_in("demo", "demo", "/").await.status(), 303);
    site.stop().await;
}

#[actix_web::test]
async fn what_was_typed_and_who_asks_is_escaped() {
    let site = Site::start().await;
    let browser = site.browser();
    let name = "\"><script>alert(1)</script>";
    let return_to = format!("{}&x=\"><script>", Request::good().path()).replace('"', "%22");
    let response = browser.sign_in(name, "wrong", &return_to).await;
    let page = response.text().await.unwrap();
    assert!(!page.contains("<script"), "{page}");
    assert!(!page.contains("<i>app"), "{page}");
    assert!(page.contains("Web &#60;i&#62;app"), "{page}");
    site.stop().await;
}

#[actix_web::test]
async fn a_form_that_is_too_large_or_no_form_is_refused() {
    let site = Site::start().await;
    let browser = site.browser();
    let large = "x".repeat(100_000);
    assert_eq!(
        browser
            .post("/login", &[("username", &large)])
            .await
            .status(),
        413
    );
    let json = browser
        .http
        .post(format!("{}/login", site.base))
        .json(&"x")
        .send()
        .await
        .unwrap();
    assert_eq!(json.status(), 415);
    site.stop().await;
}

#[actix_web::test]
async fn signing_out_needs_the_same_origin() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let logout = |name: &str, value: &str| {
        let request = browser.http.post(format!("{}/logout", site.base));
        request.header(name, value).send()
    };
    assert_eq!(
        logout("origin", "https://evil.example.com")
            .await
            .unwrap()
            .status(),
        403
    );
    assert_eq!(logout("origin", "null").await.unwrap().status(), 403);
    assert_eq!(
        logout("sec-fetch-site", "cross-site")
            .await
            .unwrap()
            .status(),
        403
    );
    assert_eq!(
        logout("sec-fetch-site", "same-site")
            .await
            .unwrap()
            .status(),
        403
    );
    assert_eq!(logout("x-nothing", "at-all").await.unwrap().status(), 403);
    assert!(is_signed_in(&browser).await);
    let response = logout("sec-fetch-site", "same-origin").await.unwrap();
    assert_eq!(
        (response.status().as_u16(), location(&response).as_str()),
        (303, "/")
    );
    assert!(!is_signed_in(&browser).await);
    assert!(site.saw(|event| matches!(event, Event::LoggedOut { .. })));
    site.stop().await;
}

#[actix_web::test]
async fn a_script_signs_out_and_gets_no_page() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let request = browser.http.post(format!("{}/logout", site.base));
    let request = request
        .header(ORIGIN, &site.base)
        .header("accept", "application/json");
    assert_eq!(request.send().await.unwrap().status(), 204);
    assert!(!is_signed_in(&browser).await);
    site.stop().await;
}

#[actix_web::test]
async fn a_form_token_is_as_good_as_the_origin() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let page = browser.get("/login").await.text().await.unwrap();
    let csrf = hidden(&page, "csrf");
    assert_eq!(
        browser.post("/logout", &[("csrf", &csrf)]).await.status(),
        303
    );
    assert!(!is_signed_in(&browser).await);
    site.stop().await;
}

#[actix_web::test]
async fn a_form_of_another_site_replaces_no_session() {
    let site = Site::start().await;
    // Browsers leave the Lax cookie out of such a form, and take what its answer sets.
    for (path, form) in [("/logout", ""), ("/login", "username=eve&password=eve")] {
        let request = site.browser().http.post(format!("{}{path}", site.base));
        let request = request
            .header(ORIGIN, "http://evil.example.com")
            .header("sec-fetch-site", "cross-site")
            .header("content-type", "application/x-www-form-urlencoded");
        let response = request.body(form).send().await.unwrap();
        assert_eq!(response.status(), 303, "{path}");
        assert!(!response.headers().contains_key(SET_COOKIE), "{path}");
    }
    site.stop().await;
}
