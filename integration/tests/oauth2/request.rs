//! Authorization requests, good and bad.

use crate::site::{CHALLENGE, Request, Site, answer, location};
use reqwest::{StatusCode, header};

/// Sends `request` and expects a page, no redirect, and no word of what is registered.
async fn is_a_page(site: &Site, request: &Request) {
    let response = site.signed_in().await.get(&request.path()).await;
    assert_eq!(response.status(), 400, "{}", request.query());
    assert!(response.headers().get(header::LOCATION).is_none());
    let page = response.text().await.unwrap();
    assert!(page.contains("invalid_request"), "{page}");
    assert!(!page.contains("app.example.com"), "{page}");
}

/// Sends `request` and expects the client to be told of `error`, with state and issuer.
async fn is_told(site: &Site, request: &Request, error: &str) {
    let response = site.signed_in().await.get(&request.path()).await;
    assert_eq!(response.status(), 303, "{}", request.query());
    assert!(
        location(&response).starts_with("https://"),
        "{}",
        request.query()
    );
    assert_eq!(
        answer(&response, "error").as_deref(),
        Some(error),
        "{}",
        request.query()
    );
    assert_eq!(answer(&response, "state").as_deref(), Some("xyz"));
    assert_eq!(answer(&response, "iss").as_ref(), Some(&site.base));
    assert_eq!(answer(&response, "code"), None);
}

#[actix_web::test]
async fn a_missing_or_unknown_client_gets_a_page_and_no_redirect() {
    let site = Site::start().await;
    for request in [
        Request::good().without("client_id"),
        Request::good().set("client_id", ""),
        Request::good().set("client_id", "nobody"),
        Request::good().set("client_id", "WEB"),
        Request::good().set("client_id", "web\0"),
        Request::good().set("client_id", &"x".repeat(5000)),
    ] {
        is_a_page(&site, &request).await;
    }
    site.stop().await;
}

#[actix_web::test]
async fn a_redirect_uri_that_is_not_registered_byte_for_byte_gets_a_page() {
    let site = Site::start().await;
    for wrong in [
        "https://evil.example.com/cb",
        "https://app.example.com/cb/",
        "https://app.example.com/CB",
        "https://APP.example.com/cb",
        "https://app.example.com/cb?x=1",
        "https://app.example.com/cb?",
        "https://app.example.com/x/../cb",
        "https://app.example.com:443/cb",
        "https://app.example.com/%63b",
        "https://user@app.example.com/cb",
        "https://app.example.com@evil.example.com/cb",
        "https://app.example.com.evil.example.com/cb",
        "http://app.example.com/cb",
        "https://app.example.com/cb#fragment",
        "https://app.example.com/cb#",
        " https://app.example.com/cb",
        "//app.example.com/cb",
        "https://app.example.com/tenant?id=2",
        "javascript:alert(1)",
    ] {
        let request = Request::good().set("redirect_uri", wrong);
        let response = site.signed_in().await.get(&request.path()).await;
        assert_eq!(response.status(), 400, "{wrong}");
        assert!(
            response.headers().get(header::LOCATION).is_none(),
            "{wrong}"
        );
    }
    site.stop().await;
}

#[actix_web::test]
async fn a_loopback_ip_may_differ_by_its_port_only() {
    let site = Site::start().await;
    let status = async |uri: &str| {
        let request = Request::of("native", uri);
        site.signed_in().await.get(&request.path()).await.status()
    };
    assert_eq!(status("http://127.0.0.1:51004/done").await, 200);
    assert_eq!(status("http://127.0.0.1/done").await, 200);
    for wrong in [
        "http://127.0.0.1:51004/done/",
        "http://127.0.0.1:51004/other",
        "http://localhost:51004/done",
        "http://127.0.0.2:51004/done",
        "http://[::1]:51004/done",
        "https://127.0.0.1:51004/done",
        "http://127.0.0.1:0/done",
        "http://127.0.0.1:99999/done",
        "http://127.0.0.1:1@evil.example.com/done",
    ] {
        assert_eq!(status(wrong).await, 400, "{wrong}");
    }
    site.stop().await;
}

#[actix_web::test]
async fn a_redirect_uri_may_be_left_out_only_when_there_is_one() {
    let site = Site::start().await;
    is_a_page(&site, &Request::good().without("redirect_uri")).await;
    is_a_page(&site, &Request::good().set("redirect_uri", "")).await;
    let only = Request::of("spa", "").set("response_type", "x");
    let response = site.browser().get(&only.path()).await;
    assert!(location(&response).starts_with("https://spa.example.com/cb?"));
    site.stop().await;
}

#[actix_web::test]
async fn a_response_type_is_needed_and_is_code() {
    let site = Site::start().await;
    is_told(
        &site,
        &Request::good().without("response_type"),
        "invalid_request",
    )
    .await;
    for wrong in ["token", "CODE", "code token", "id_token"] {
        let request = Request::good().set("response_type", wrong);
        is_told(&site, &request, "unsupported_response_type").await;
    }
    is_told(
        &site,
        &Request::good().set("response_mode", "fragment"),
        "invalid_request",
    )
    .await;
    site.stop().await;
}

#[actix_web::test]
async fn a_client_without_the_grant_is_told_only_at_its_own_redirect_uri() {
    let site = Site::start().await;
    let request = Request::of("service", "https://service.example.com/cb");
    is_told(&site, &request, "unauthorized_client").await;
    is_a_page(
        &site,
        &Request::of("service", "https://evil.example.com/cb"),
    )
    .await;
    site.stop().await;
}

#[actix_web::test]
async fn an_unknown_or_ill_formed_scope_is_invalid_scope() {
    let site = Site::start().await;
    for wrong in [
        "admin",
        "read admin",
        "READ",
        "read\twrite",
        "re\"ad",
        "re\\ad",
        "é",
    ] {
        is_told(&site, &Request::good().set("scope", wrong), "invalid_scope").await;
    }
    let more_than_its_own =
        Request::of("first", "https://first.example.com/cb").set("scope", "write");
    is_told(&site, &more_than_its_own, "invalid_scope").await;
    site.stop().await;
}

#[actix_web::test]
async fn a_repeated_parameter_is_an_invalid_request() {
    let site = Site::start().await;
    for (name, value) in [
        ("scope", "read"),
        ("response_type", "code"),
        ("code_challenge", CHALLENGE),
        ("foo", ""),
    ] {
        is_told(
            &site,
            &Request::good().add(name, value).add(name, value),
            "invalid_request",
        )
        .await;
    }
    is_a_page(&site, &Request::good().add("client_id", "web")).await;
    is_a_page(
        &site,
        &Request::good().add("redirect_uri", "https://app.example.com/cb"),
    )
    .await;
    let two_states = Request::good().add("state", "abc");
    let response = site.browser().get(&two_states.path()).await;
    assert_eq!(
        answer(&response, "error").as_deref(),
        Some("invalid_request")
    );
    assert_eq!(answer(&response, "state"), None);
    site.stop().await;
}

#[actix_web::test]
async fn an_empty_parameter_counts_as_left_out_and_an_unknown_one_is_ignored() {
    let site = Site::start().await;
    let request = Request::good()
        .set("foo", "bar")
        .set("prompt", "")
        .set("state", "")
        .set("max_age", "");
    let response = site.signed_in().await.allow(&request, &["read"]).await;
    assert!(answer(&response, "code").is_some());
    assert_eq!(answer(&response, "state"), None);
    is_told(
        &site,
        &Request::good().set("response_type", ""),
        "invalid_request",
    )
    .await;
    site.stop().await;
}

#[actix_web::test]
async fn the_redirect_uris_own_query_is_kept() {
    let site = Site::start().await;
    let request = Request::of("web", "https://app.example.com/tenant?id=1");
    let response = site.signed_in().await.allow(&request, &["read"]).await;
    assert!(location(&response).starts_with("https://app.example.com/tenant?id=1&code=rfc_"));
    assert_eq!(answer(&response, "state").as_deref(), Some("xyz"));
    site.stop().await;
}

#[actix_web::test]
async fn pkce_is_needed_and_only_s256_counts() {
    let site = Site::start().await;
    for client in [
        Request::good(),
        Request::of("spa", "https://spa.example.com/cb"),
    ] {
        let without = client.clone().without("code_challenge");
        is_told(&site, &without, "invalid_request").await;
        is_told(
            &site,
            &without.without("code_challenge_method"),
            "invalid_request",
        )
        .await;
        is_told(
            &site,
            &client.clone().without("code_challenge_method"),
            "invalid_request",
        )
        .await;
        is_told(
            &site,
            &client.clone().set("code_challenge_method", "plain"),
            "invalid_request",
        )
        .await;
        let too_long = "a".repeat(129);
        for wrong in [
            "short",
            too_long.as_str(),
            &format!("{CHALLENGE}="),
            &format!("{CHALLENGE} "),
        ] {
            is_told(
                &site,
                &client.clone().set("code_challenge", wrong),
                "invalid_request",
            )
            .await;
        }
    }
    site.stop().await;
}

#[actix_web::test]
async fn pkce_may_be_switched_off_for_confidential_clients_only() {
    let site = Site::with(|mut settings| {
        settings.require_pkce = false;
        settings
    })
    .await;
    let without = |request: Request| {
        request
            .without("code_challenge")
            .without("code_challenge_method")
    };
    let confidential = without(Request::good());
    let browser = site.signed_in().await;
    assert_eq!(browser.get(&confidential.path()).await.status(), 200);
    let public = Request::of("spa", "https://spa.example.com/cb");
    is_told(&site, &without(public), "invalid_request").await;
    // Whoever begins with a challenge is held to it.
    let plain = Request::good().set("code_challenge_method", "plain");
    is_told(&site, &plain, "invalid_request").await;
    let half = Request::good().without("code_challenge");
    is_told(&site, &half, "invalid_request").await;
    site.stop().await;
}

#[actix_web::test]
async fn a_request_that_is_no_form_gets_a_page() {
    let site = Site::start().await;
    for query in ["client_id=%ff", &"a=1&".repeat(100)] {
        let response = site
            .browser()
            .get(&format!("/oauth/authorize?{query}"))
            .await;
        assert_eq!(response.status(), 400);
    }
    site.stop().await;
}

#[actix_web::test]
async fn a_request_by_post_goes_on_as_a_get() {
    let site = Site::start().await;
    let response = site
        .browser()
        .http
        .post(format!("{}/oauth/authorize", site.base))
        .header(
            "content-type",
            "application/x-www-form-urlencoded; charset=UTF-8",
        )
        .body(Request::good().query())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 303);
    let login = site.browser().get(&location(&response)).await;
    assert!(location(&login).starts_with("/login?return_to="));
    let json = site
        .browser()
        .http
        .post(format!("{}/oauth/authorize", site.base))
        .json(&"x")
        .send();
    assert_eq!(json.await.unwrap().status(), 415);
    site.stop().await;
}

#[actix_web::test]
async fn pages_and_redirects_cannot_be_framed_cached_or_read_by_another_origin() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let from = |path: String| {
        let request = browser.http.get(format!("{}{path}", site.base));
        request
            .header(header::ORIGIN, "https://evil.example.com")
            .send()
    };
    let consent = from(Request::good().path()).await.unwrap();
    let login = from("/login".into()).await.unwrap();
    let error = from("/oauth/authorize".into()).await.unwrap();
    let redirect = from(Request::good().set("scope", "x").path())
        .await
        .unwrap();
    for (response, status) in [(consent, 200), (login, 200), (error, 400), (redirect, 303)] {
        assert_eq!(response.status(), StatusCode::from_u16(status).unwrap());
        let header = |name: &str| {
            response
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap())
        };
        assert_eq!(header("cache-control"), Some("no-store"));
        assert_eq!(header("referrer-policy"), Some("no-referrer"));
        assert_eq!(header("access-control-allow-origin"), None);
        if status != 303 {
            assert_eq!(header("x-frame-options"), Some("DENY"));
            let policy = header("content-security-policy").unwrap();
            assert!(
                policy.contains("frame-ancestors 'none'") && !policy.contains("form-action"),
                "{policy}"
            );
        }
    }
    site.stop().await;
}

#[actix_web::test]
async fn no_method_but_get_and_post_is_allowed() {
    let site = Site::start().await;
    let response = site
        .browser()
        .http
        .delete(format!("{}/oauth/authorize", site.base))
        .send();
    assert_eq!(response.await.unwrap().status(), 405);
    site.stop().await;
}
