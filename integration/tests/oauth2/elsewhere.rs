//! `rf::oauth2::client` with a provider that is none of ours, and says what a test wants it to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use actix_web::{App, HttpResponse, HttpServer, get, web};
use reqwest::{Client, Response, redirect::Policy};
use rf::oauth2::client::{SignIn, SignedIn};
use serde_json::{Value, json};

use crate::site::location;
use crate::socket::Socket;

/// A provider whose people are who the test says, and whose tokens are what it says for each grant.
#[derive(Clone, Default)]
struct Provider {
    base: String,
    tokens: Arc<Mutex<HashMap<String, Value>>>,
}

impl Provider {
    fn start() -> Self {
        let socket = Socket::bind();
        let provider = Self {
            base: socket.base.clone(),
            ..Self::default()
        };
        let tokens = Arc::clone(&provider.tokens);
        socket.run(move |app| {
            let tokens = Arc::clone(&tokens);
            app.route(
                "/token",
                web::post().to(move |sent: web::Form<HashMap<String, String>>| {
                    let answer = tokens.lock().unwrap()[&sent["grant_type"]].clone();
                    async move { HttpResponse::Ok().json(answer) }
                }),
            )
            .route(
                "/{person}",
                web::get().to(|person: web::Path<String>| async move {
                    HttpResponse::Ok().json(json!({ "id": *person }))
                }),
            );
        });
        provider
    }

    fn says(&self, grant: &str, answer: Value) {
        let mut tokens = self.tokens.lock().unwrap();
        tokens.insert(grant.to_owned(), answer);
    }

    /// The sign-in at a path of an app, as this person.
    fn sign_in(&self, app: &str, path: &str, person: &str) -> SignIn {
        let base = &self.base;
        SignIn::builder(base)
            .client("shop", "shop-secret")
            .at(format!("{app}{path}"))
            .endpoints(format!("{base}/authorize"), format!("{base}/token"))
            .profile(format!("{base}/{person}"), "id")
            .cookie_secret("0123456789abcdef0123456789abcdef")
            .build()
            .unwrap()
    }
}

#[get("/who")]
async fn whose(who: Option<SignedIn>) -> String {
    who.map_or_else(
        || "nobody".to_owned(),
        |who| format!("{} {}", who.subject(), who.scope().unwrap_or_default()),
    )
}

#[get("/token")]
async fn token_of(who: SignedIn) -> Result<String, actix_web::Error> {
    let token = who.access_token().await;
    let token = token.map_err(actix_web::error::ErrorBadGateway)?;
    Ok(token.expose().to_owned())
}

/// An app with a shop and an office, which sign people in apart from one another.
struct Apart {
    base: String,
    http: Client,
}

impl Apart {
    fn start(provider: &Provider) -> Self {
        let socket = Socket::bind();
        let base = socket.base.clone();
        let shop = provider.sign_in(&base, "/shop/sign-in", "ada");
        let office = provider.sign_in(&base, "/office/sign-in", "bob");
        let running = HttpServer::new(move || {
            let part = |path: &str, sign_in: &SignIn| {
                web::scope(path)
                    .wrap(sign_in.middleware())
                    .service((whose, token_of))
            };
            App::new()
                .configure(shop.routes())
                .configure(office.routes())
                .service(part("/shop", &shop))
                .service(part("/office", &office))
        });
        let running = running
            .workers(1)
            .disable_signals()
            .listen(socket.into_listener())
            .unwrap()
            .run();
        actix_web::rt::spawn(running);
        let http = Client::builder()
            .cookie_store(true)
            .redirect(Policy::none())
            .build()
            .unwrap();
        Self { base, http }
    }

    async fn get(&self, path: &str) -> Response {
        let asked = self.http.get(format!("{}{path}", self.base));
        asked.send().await.unwrap()
    }

    async fn text(&self, path: &str) -> String {
        self.get(path).await.text().await.unwrap()
    }

    /// Starts a sign-in, and gives where the provider would lead back to.
    async fn start_at(&self, path: &str) -> String {
        let authorize = location(&self.get(path).await);
        let url = reqwest::Url::parse(&authorize).unwrap();
        let (_, state) = url.query_pairs().find(|(name, _)| name == "state").unwrap();
        let part = path.split('?').next().unwrap();
        format!("{part}/callback?code=c&state={state}")
    }
}

fn bearer(access: &str, more: Value) -> Value {
    let mut answer = json!({ "access_token": access, "token_type": "bearer" });
    for (name, value) in more.as_object().unwrap() {
        answer[name] = value.clone();
    }
    answer
}

#[actix_web::test]
async fn two_tabs_that_sign_in_at_the_same_time_both_get_through() {
    let provider = Provider::start();
    provider.says("authorization_code", bearer("a", json!({})));
    let app = Apart::start(&provider);
    let starts = ["a", "b", "c"].map(|page| format!("/shop/sign-in?return_to=/{page}"));
    let tabs = futures_util::future::join_all(starts.iter().map(|path| app.start_at(path)));
    for (tab, page) in tabs.await.iter().zip(["/a", "/b", "/c"]) {
        let back = app.get(tab).await;
        assert_eq!(back.status(), 303, "{page}");
        assert_eq!(location(&back), page);
    }
}

#[actix_web::test]
async fn somebody_is_one_person_at_one_provider_and_another_at_the_other() {
    let provider = Provider::start();
    provider.says("authorization_code", bearer("a", json!({})));
    let app = Apart::start(&provider);
    let (shop, office) = (
        app.start_at("/shop/sign-in").await,
        app.start_at("/office/sign-in").await,
    );
    assert_eq!(app.get(&shop).await.status(), 303);
    assert_eq!(app.text("/shop/who").await, "ada ");
    assert_eq!(app.text("/office/who").await, "nobody");
    assert_eq!(app.get(&office).await.status(), 303);
    assert_eq!(app.text("/shop/who").await, "ada ");
    assert_eq!(app.text("/office/who").await, "bob ");
}

#[actix_web::test]
async fn a_scope_that_is_not_named_at_a_renewal_is_the_one_of_before() {
    let provider = Provider::start();
    let first = json!({ "refresh_token": "r", "expires_in": 1, "scope": "read write" });
    provider.says("authorization_code", bearer("first", first));
    provider.says(
        "refresh_token",
        bearer("second", json!({ "expires_in": 3600 })),
    );
    let app = Apart::start(&provider);
    let callback = app.start_at("/shop/sign-in").await;
    assert_eq!(app.get(&callback).await.status(), 303);
    assert_eq!(app.text("/shop/token").await, "second");
    assert_eq!(app.text("/shop/who").await, "ada read write");
}

#[actix_web::test]
async fn a_token_that_has_ended_and_cannot_be_renewed_is_not_handed_out() {
    let provider = Provider::start();
    let app = Apart::start(&provider);
    for (lifetime, status, then) in [
        (json!({}), 200, "ada "),
        (json!({ "expires_in": 0 }), 502, "nobody"),
    ] {
        provider.says("authorization_code", bearer("only", lifetime));
        let callback = app.start_at("/shop/sign-in").await;
        assert_eq!(app.get(&callback).await.status(), 303);
        assert_eq!(app.get("/shop/token").await.status(), status);
        assert_eq!(app.text("/shop/who").await, then);
    }
}
