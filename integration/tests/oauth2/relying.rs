//! `rf::oauth2::client`: an app that signs people in with an authorization server of ours.

use crate::site::{Browser, Site, hidden, location};
use crate::socket::Socket;
use actix_web::{App, HttpServer, get};
use reqwest::{Client, Response, redirect::Policy};
use rf::oauth2::{
    Client as Registered, GrantType,
    client::{SignIn, SignInBuilder, SignedIn},
};
use std::time::{Duration, UNIX_EPOCH};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[get("/")]
async fn home(who: Option<SignedIn>) -> String {
    who.map_or_else(
        || "nobody".to_owned(),
        |who| format!("{} {}", who.subject(), who.scope().unwrap_or_default()),
    )
}

#[get("/private")]
async fn private(who: SignedIn) -> String {
    who.profile()
        .get("username")
        .map(ToString::to_string)
        .unwrap_or_default()
}

#[get("/token")]
async fn token(who: SignedIn) -> Result<String, actix_web::Error> {
    let token = who
        .access_token()
        .await
        .map_err(actix_web::error::ErrorBadGateway)?;
    Ok(token.expose().to_owned())
}

pub(crate) struct Relying {
    pub(crate) provider: Site,
    pub(crate) base: String,
}

impl Relying {
    pub(crate) async fn start() -> Self {
        Self::start_with(|builder| builder).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(SignInBuilder) -> SignInBuilder) -> Self {
        let provider = Site::start().await;
        let socket = Socket::bind();
        let base = socket.base.clone();
        let client = Registered {
            id: "shop".into(),
            name: "Shop".into(),
            secret: Some("shop-secret".into()),
            grants: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            redirect_uris: vec![format!("{base}/sign-in/callback").parse().unwrap()],
            scopes: "read".parse().unwrap(),
            ..Registered::default()
        };
        provider.server.register_client(client).await.unwrap();
        let clock = provider.server.clock().clone();
        let builder = SignIn::builder(&provider.base)
            .client("shop", "shop-secret")
            .at(format!("{base}/sign-in"))
            .scopes("read")
            .cookie_secret(SECRET)
            .clock(move || {
                UNIX_EPOCH + Duration::from_millis(clock.now().as_millis().unsigned_abs())
            });
        let sign_in = change(builder).build().unwrap();
        let running = HttpServer::new(move || {
            App::new()
                .wrap(sign_in.middleware())
                .configure(sign_in.routes())
                .service((home, private, token))
        });
        let running = running
            .workers(2)
            .disable_signals()
            .listen(socket.into_listener())
            .unwrap()
            .run();
        actix_web::rt::spawn(running);
        Self { provider, base }
    }

    fn browser(&self) -> Browser {
        let http = Client::builder()
            .cookie_store(true)
            .redirect(Policy::none())
            .build()
            .unwrap();
        Browser {
            http,
            base: self.base.clone(),
        }
    }

    /// Starts, signs in and consents at the provider, and gives where that leads back to.
    async fn to_callback(&self, browser: &Browser, who: (&str, &str), return_to: &str) -> String {
        let started = browser
            .http
            .get(format!("{}/sign-in", self.base))
            .query(&[("return_to", return_to)]);
        let authorize = location(&started.send().await.unwrap());
        let at_provider = self.provider.browser();
        let path = authorize
            .strip_prefix(&self.provider.base)
            .unwrap()
            .to_owned();
        let login = location(&at_provider.get(&path).await);
        let page = at_provider.get(&login).await.text().await.unwrap();
        let back = location(&at_provider.send_login(&page, who.0, who.1).await);
        let shown = at_provider.get(&back).await;
        if shown.status() == 303 {
            return location(&shown);
        }
        let ticket = hidden(&shown.text().await.unwrap(), "ticket");
        let form = [
            ("ticket", ticket.as_str()),
            ("scope", "read"),
            ("decision", "allow"),
        ];
        location(&at_provider.post("/oauth/authorize", &form).await)
    }

    pub(crate) async fn signed_in(&self) -> Browser {
        let browser = self.browser();
        let callback = self.to_callback(&browser, ("demo", "demo"), "/").await;
        assert_eq!(location(&follow(&browser, &callback).await), "/");
        browser
    }
}

async fn follow(browser: &Browser, url: &str) -> Response {
    browser.http.get(url).send().await.unwrap()
}

pub(crate) async fn text(browser: &Browser, path: &str) -> String {
    browser.get(path).await.text().await.unwrap()
}

#[actix_web::test]
async fn somebody_signs_in_with_the_provider_and_comes_back_to_the_page_they_wanted() {
    let app = Relying::start().await;
    let browser = app.browser();
    assert_eq!(text(&browser, "/").await, "nobody");
    let wanted = browser
        .http
        .get(format!("{}/private?a=1", app.base))
        .header("accept", "text/html")
        .send()
        .await
        .unwrap();
    assert_eq!(location(&wanted), "/sign-in?return_to=%2Fprivate%3Fa%3D1");
    let callback = app
        .to_callback(&browser, ("demo", "demo"), "/private?a=1")
        .await;
    assert!(
        callback.starts_with(&format!("{}/sign-in/callback?", app.base)),
        "{callback}"
    );
    let back = follow(&browser, &callback).await;
    assert_eq!(location(&back), "/private?a=1");
    assert_eq!(text(&browser, "/").await, "demo read");
    assert_eq!(text(&browser, "/private").await, "\"demo\"");
    // Nothing that the browser keeps can be read or used by whoever reads it.
    let cookies: Vec<_> = back
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect();
    assert!(!cookies.is_empty());
    for cookie in cookies {
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
            "{cookie}"
        );
        assert!(
            !cookie.contains("rfr_") && !cookie.contains("eyJ"),
            "{cookie}"
        );
    }
}

#[actix_web::test]
async fn a_script_that_is_not_signed_in_is_told_so() {
    let app = Relying::start().await;
    let answer = app.browser().get("/private").await;
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
}

#[actix_web::test]
async fn an_answer_that_another_browser_asked_for_signs_nobody_in() {
    let app = Relying::start().await;
    let (attacker, victim) = (app.browser(), app.browser());
    let callback = app.to_callback(&attacker, ("eve<b>", "eve"), "/").await;
    // Login CSRF: the victim is sent to the attacker's answer, before and after a start of their own.
    assert_eq!(follow(&victim, &callback).await.status(), 400);
    app.to_callback(&victim, ("demo", "demo"), "/").await;
    assert_eq!(follow(&victim, &callback).await.status(), 400);
    assert_eq!(text(&victim, "/").await, "nobody");
    assert_eq!(follow(&attacker, &callback).await.status(), 303);
}

#[actix_web::test]
async fn an_answer_counts_once_and_only_with_its_state_once() {
    let app = Relying::start().await;
    let browser = app.browser();
    let callback = app.to_callback(&browser, ("demo", "demo"), "/").await;
    assert_eq!(
        follow(&browser, &format!("{callback}&state=x"))
            .await
            .status(),
        400
    );
    let (path, query) = callback.split_once('?').unwrap();
    let without: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with("state="))
        .collect();
    assert_eq!(
        follow(&browser, &format!("{path}?{}", without.join("&")))
            .await
            .status(),
        400
    );
    assert_eq!(follow(&browser, &callback).await.status(), 303);
    assert_eq!(follow(&browser, &callback).await.status(), 400);
}

#[actix_web::test]
async fn an_answer_of_another_issuer_or_of_none_is_refused() {
    let app = Relying::start().await;
    let issuer = format!(
        "iss={}",
        app.provider.base.replace(':', "%3A").replace('/', "%2F")
    );
    for other in ["iss=https%3A%2F%2Fevil.example.com", "iss="] {
        let browser = app.browser();
        let callback = app.to_callback(&browser, ("demo", "demo"), "/").await;
        assert!(callback.contains(&issuer), "{callback}");
        let mixed_up = follow(&browser, &callback.replace(&issuer, other)).await;
        assert_eq!(mixed_up.status(), 400, "{other}");
        assert_eq!(text(&browser, "/").await, "nobody");
        // The code was not taken anywhere, and the state is spent.
        assert_eq!(follow(&browser, &callback).await.status(), 400);
    }
}

#[actix_web::test]
async fn a_refusal_signs_nobody_in_and_shows_no_text_of_the_query() {
    let app = Relying::start().await;
    let browser = app.browser();
    let callback = app.to_callback(&browser, ("demo", "demo"), "/").await;
    let url = reqwest::Url::parse(&callback).unwrap();
    let (_, state) = url.query_pairs().find(|(name, _)| name == "state").unwrap();
    let iss = format!("iss={}", app.provider.base);
    let denied = format!(
        "{}/sign-in/callback?error=access_denied&error_description=<script>&state={state}&{iss}",
        app.base
    );
    let page = follow(&browser, &denied).await;
    assert_eq!(page.status(), 403);
    assert!(!page.text().await.unwrap().contains("<script"));
    assert_eq!(text(&browser, "/").await, "nobody");
}

#[actix_web::test]
async fn nothing_leads_to_another_site() {
    let app = Relying::start().await;
    let browser = app.browser();
    for evil in [
        "https://evil.example.com",
        "//evil.example.com",
        "/\\evil.example.com",
        "/\t/evil.example.com",
        "evil",
    ] {
        let answer = browser
            .http
            .get(format!("{}/sign-in", app.base))
            .query(&[("return_to", evil)]);
        assert_eq!(answer.send().await.unwrap().status(), 400, "{evil}");
    }
}

#[actix_web::test]
async fn the_session_is_not_the_one_that_was_planted_before() {
    let app = Relying::start().await;
    let mine = app.signed_in().await;
    let taken = mine.http.get(format!("{}/", app.base));
    assert_eq!(
        taken.send().await.unwrap().text().await.unwrap(),
        "demo read"
    );
    for forged in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let cookie = format!("rf_sign_in={forged}; rf_sign_in_pending={forged}");
        let answer = Client::new()
            .get(format!("{}/", app.base))
            .header("cookie", cookie)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.text().await.unwrap(), "nobody", "{forged}");
    }
}

#[actix_web::test]
async fn a_provider_without_metadata_and_a_person_told_by_a_document_work_too() {
    let app = Relying::start_with(|builder| builder).await;
    // The document: the metadata of the provider itself, whose `issuer` stands for a person here.
    let base = app.provider.base.clone();
    let app = Relying::start_with(move |builder| {
        builder.profile(
            format!("{base}/.well-known/oauth-authorization-server"),
            "issuer",
        )
    })
    .await;
    let browser = app.signed_in().await;
    assert!(text(&browser, "/").await.starts_with("http://127.0.0.1:"));
}

#[test]
fn a_wrong_setting_says_what_to_write() {
    let good = || {
        SignIn::builder("https://id.example.com")
            .client("shop", "s")
            .at("https://shop.example.com/sign-in")
            .cookie_secret(SECRET)
    };
    assert!(good().build().is_ok());
    let wrong = [
        (good().cookie_secret("short"), "32 random bytes"),
        (
            good().at("https://shop.example.com/"),
            "https://app.example.com/sign-in",
        ),
        (
            good().at("http://shop.example.com/sign-in"),
            "https://app.example.com/sign-in",
        ),
        (good().at("/sign-in"), "https://app.example.com/sign-in"),
        (good().client("", "s"), "identifier"),
        (good().public_client("shop"), "profile"),
        (good().scopes("a\"b"), "scope"),
        (
            good().endpoints("http://id.example.com/a", "https://id.example.com/t"),
            "https",
        ),
    ];
    for (builder, advice) in wrong {
        let said = builder.build().unwrap_err().to_string();
        assert!(said.contains(advice), "{said}");
    }
    assert!(!format!("{:?}{:?}", good(), good().build()).contains(SECRET));
}
