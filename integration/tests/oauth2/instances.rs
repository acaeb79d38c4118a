//! Two instances on one database: what one does, the other knows.

use crate::{
    api::routes,
    site::{Request, Site, VERIFIER, answer, hidden},
};
use reqwest::Client;
use serde_json::Value;

async fn two() -> (Site, Site, Client) {
    let first = Site::serve(routes).await;
    let second = first.beside(routes).await;
    (first, second, Client::new())
}

async fn issued(site: &Site, http: &Client) -> String {
    let request = http
        .post(format!("{}/oauth/token", site.base))
        .basic_auth("service", Some("service-secret"))
        .form(&[("grant_type", "client_credentials"), ("scope", "read")]);
    let body: Value = request.send().await.unwrap().json().await.unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}

async fn guarded(site: &Site, http: &Client, token: &str) -> u16 {
    let request = http
        .get(format!("{}/below", site.base))
        .bearer_auth(token)
        .send();
    request.await.unwrap().status().as_u16()
}

async fn about(site: &Site, http: &Client, endpoint: &str, token: &str) -> Value {
    let request = http
        .post(format!("{}/oauth/{endpoint}", site.base))
        .basic_auth("service", Some("service-secret"))
        .form(&[("token", token)]);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap_or_default()
}

async fn kids(site: &Site, http: &Client) -> Vec<String> {
    let url = format!("{}/oauth/jwks", site.base);
    let set: Value = http.get(url).send().await.unwrap().json().await.unwrap();
    let keys = set["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

#[actix_web::test]
async fn what_one_instance_revokes_the_other_sees_within_three_seconds() {
    let (first, second, http) = two().await;
    let token = issued(&first, &http).await;
    for site in [&first, &second] {
        assert_eq!(guarded(site, &http, &token).await, 200);
    }
    about(&first, &http, "revoke", &token).await;
    assert_eq!(guarded(&first, &http, &token).await, 401, "at once");
    second.pass(3);
    assert_eq!(guarded(&second, &http, &token).await, 401);
    let found = about(&second, &http, "introspect", &token).await;
    assert_eq!(found, serde_json::json!({"active": false}));
    first.stop().await;
    second.stop().await;
}

#[actix_web::test]
async fn a_key_made_by_one_instance_is_shown_by_the_other_and_its_tokens_count_there() {
    let (first, second, http) = two().await;
    let old = issued(&first, &http).await;
    let next = first.server.rotate_keys().await.unwrap();
    second.pass(31);
    assert!(kids(&second, &http).await.contains(&next.kid));
    second.pass(600);
    let new = issued(&first, &http).await;
    for token in [&old, &new] {
        assert_eq!(guarded(&second, &http, token).await, 200);
    }
    let also_new = issued(&second, &http).await;
    assert_eq!(guarded(&first, &http, &also_new).await, 200);
    first.stop().await;
    second.stop().await;
}

#[actix_web::test]
async fn a_consent_begun_on_one_instance_ends_on_the_other_and_its_code_is_redeemed_once_on_either()
{
    let (first, second, http) = two().await;
    // Signed in and asked by one, answered by the other: cookie, ticket and code are known to both.
    let mut browser = first.signed_in().await;
    let page = browser.get(&Request::good().path()).await;
    let ticket = hidden(&page.text().await.unwrap(), "ticket");
    browser.base = second.base.clone();
    let form = [
        ("ticket", ticket.as_str()),
        ("scope", "read"),
        ("decision", "allow"),
    ];
    let allowed = browser.post("/oauth/authorize", &form).await;
    let code = answer(&allowed, "code").unwrap();
    let redeem = async |site: &Site| {
        let request = http
            .post(format!("{}/oauth/token", site.base))
            .basic_auth("web", Some("web-secret"))
            .form(&[
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", "https://app.example.com/cb"),
                ("code_verifier", VERIFIER),
            ]);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(redeem(&first).await, 200);
    assert_eq!(redeem(&second).await, 400);
    assert_eq!(redeem(&first).await, 400);
    first.stop().await;
    second.stop().await;
}
