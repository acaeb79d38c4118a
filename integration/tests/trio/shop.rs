//! The way of a person through all three.

use super::process::{Browser, Trio, hidden, location};

/// Goes from the shop's button to its orders, with a new account, and allows `scopes`.
async fn signs_in(trio: &Trio, browser: &Browser, name: &str, scopes: &[&str]) -> String {
    let orders = format!("{}/orders", trio.shop.base);
    let start = location(&browser.get(&orders).await);
    let authorize = location(&browser.get(&start).await);
    let sign_in = location(&browser.get(&authorize).await);
    assert!(
        sign_in.starts_with(&format!("{}/sign-in?", trio.server.base)),
        "{sign_in}"
    );
    let sign_up = sign_in.replace("/sign-in?", "/sign-up?");
    let page = browser.get(&sign_up).await.text().await.unwrap();
    let return_to = hidden(&page, "return_to");
    let form = [
        ("name", name),
        ("password", "lovelace-1843"),
        ("return_to", &return_to),
    ];
    let back = location(
        &browser
            .post(&format!("{}/sign-up", trio.server.base), &form)
            .await,
    );
    let question = browser.get(&back).await;
    assert_eq!(question.status(), 200);
    let question = question.text().await.unwrap();
    assert!(
        question.contains("The corner shop") && question.contains("Order in your name"),
        "{question}"
    );
    let ticket = hidden(&question, "ticket");
    let mut form = vec![("ticket", ticket.as_str()), ("decision", "allow")];
    form.extend(scopes.iter().map(|scope| ("scope", *scope)));
    let callback = location(
        &browser
            .post(&format!("{}/oauth/authorize", trio.server.base), &form)
            .await,
    );
    let arrived = location(&browser.get(&callback).await);
    assert_eq!(arrived, orders);
    browser.get(&arrived).await.text().await.unwrap()
}

#[tokio::test]
async fn somebody_signs_in_at_the_shop_orders_and_takes_it_back() {
    for check in ["jwks", "introspection"] {
        let trio = Trio::start(check);
        let browser = Browser::new();
        let page = signs_in(&trio, &browser, "Ada <b>", &["orders:read", "orders:write"]).await;
        assert!(
            page.contains("Ada &#60;b&#62;") && page.contains("There are none yet"),
            "{page}"
        );
        let orders = format!("{}/orders", trio.shop.base);
        let placed = browser
            .post(&orders, &[("item", "two loaves & <milk>")])
            .await;
        assert_eq!(location(&placed), orders);
        let page = browser.get(&orders).await.text().await.unwrap();
        assert!(page.contains("two loaves &#38; &#60;milk&#62;"), "{page}");

        // The account's page shows the shop, and takes its access back.
        let account = browser
            .get(&format!("{}/", trio.server.base))
            .await
            .text()
            .await
            .unwrap();
        assert!(account.contains("/oauth/apps"), "{account}");
        let apps = browser
            .get(&format!("{}/oauth/apps", trio.server.base))
            .await
            .text()
            .await
            .unwrap();
        assert!(
            apps.contains("Signed in as <strong>Ada &#60;b&#62;</strong>"),
            "{apps}"
        );
        assert!(
            apps.contains("The corner shop") && apps.contains("Order in your name"),
            "{apps}"
        );
        let form = [
            ("csrf", hidden(&apps, "csrf")),
            ("client_id", "shop".to_owned()),
        ];
        let form: Vec<_> = form
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let gone = browser
            .post(&format!("{}/oauth/apps", trio.server.base), &form)
            .await;
        assert_eq!(gone.status(), 303);
        let apps = browser.get(&location(&gone)).await.text().await.unwrap();
        assert!(!apps.contains("The corner shop"), "{apps}");
    }
}

#[tokio::test]
async fn what_was_not_allowed_is_not_done() {
    let trio = Trio::start("jwks");
    let browser = Browser::new();
    let page = signs_in(&trio, &browser, "Bob", &["orders:read"]).await;
    assert!(
        page.contains("You have not allowed the shop to order"),
        "{page}"
    );
    let orders = format!("{}/orders", trio.shop.base);
    let refused = browser.post(&orders, &[("item", "bread")]).await;
    assert_eq!(refused.status(), 502);
    assert!(
        refused
            .text()
            .await
            .unwrap()
            .contains("You have not allowed the shop to do this")
    );
}

#[tokio::test]
async fn signing_out_of_the_shop_ends_its_tokens_and_not_the_account() {
    let trio = Trio::start("introspection");
    let browser = Browser::new();
    signs_in(&trio, &browser, "Cleo", &["orders:read", "orders:write"]).await;
    let out = format!("{}/sign-in/out", trio.shop.base);
    let foreign = browser
        .0
        .post(&out)
        .header("sec-fetch-site", "cross-site")
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), 403);
    assert_eq!(
        location(&browser.post(&out, &[]).await),
        format!("{}/", trio.shop.base)
    );
    let home = browser
        .get(&format!("{}/", trio.shop.base))
        .await
        .text()
        .await
        .unwrap();
    assert!(home.contains("Sign in with Corner accounts"), "{home}");
    // Signing in again asks neither for the password nor for consent.
    let start = format!("{}/sign-in?return_to=/orders", trio.shop.base);
    let authorize = location(&browser.get(&start).await);
    let callback = location(&browser.get(&authorize).await);
    assert!(callback.starts_with(&trio.shop.base), "{callback}");
    assert_eq!(
        location(&browser.get(&callback).await),
        format!("{}/orders", trio.shop.base)
    );
}

#[tokio::test]
async fn the_api_refuses_who_brings_no_token_or_one_for_others() {
    let trio = Trio::start("jwks");
    let http = Browser::new();
    for path in ["/orders", "/me"] {
        let answer = http.get(&format!("{}{path}", trio.api.base)).await;
        assert_eq!(answer.status(), 401, "{path}");
        assert_eq!(answer.headers()["www-authenticate"], "Bearer realm=\"api\"");
    }
    let token = http.0.post(format!("{}/oauth/token", trio.server.base));
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "orders-api"),
        ("client_secret", "orders-secret"),
    ];
    let token: serde_json::Value = token
        .form(&form)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let token = token["access_token"].as_str().unwrap();
    let ask = |method: reqwest::Method| {
        http.0
            .request(method, format!("{}/orders", trio.api.base))
            .bearer_auth(token)
    };
    assert_eq!(
        ask(reqwest::Method::GET).send().await.unwrap().status(),
        200
    );
    let order = serde_json::json!({ "item": "bread" });
    let refused = ask(reqwest::Method::POST)
        .json(&order)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 403);
    assert!(
        refused.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .contains("scope=\"orders:write\"")
    );
}
