//! An app whose people sign in on its own page, kept by actix-session and actix-identity.

use crate::site::{Browser, Request, answer, hidden, location};
use crate::socket::Socket;
use actix_identity::IdentityMiddleware;
use actix_session::{
    SessionMiddleware, config::CookieContentSecurity, storage::CookieSessionStore,
};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, cookie::Key, get, post, web};
use futures_util::future::LocalBoxFuture;
use reqwest::{Client, redirect::Policy};
use rf::oauth2::{
    ActixIdentity, CurrentLogin, LoginPage, OAuth2Server, OAuth2Settings, TestDatabase, UsersError,
    connect, login_page,
};
use serde_json::json;
use std::{collections::HashMap, time::UNIX_EPOCH};

#[get("/enter")]
async fn enter_page(query: web::Query<HashMap<String, String>>) -> HttpResponse {
    let next = ActixIdentity::return_to(query.get("return_to").map(String::as_str));
    HttpResponse::Ok().body(next.to_owned())
}

#[post("/enter")]
async fn enter(req: HttpRequest, who: String) -> actix_web::Result<HttpResponse> {
    ActixIdentity::sign_in(&req, &who.into())?;
    Ok(HttpResponse::NoContent().finish())
}

#[post("/leave")]
async fn leave(who: actix_identity::Identity) -> HttpResponse {
    who.logout();
    HttpResponse::NoContent().finish()
}

/// A sign-in that keeps who, but not when.
struct Timeless(ActixIdentity);

impl LoginPage for Timeless {
    fn current<'a>(
        &'a self,
        req: &'a HttpRequest,
    ) -> LocalBoxFuture<'a, Result<Option<CurrentLogin>, UsersError>> {
        Box::pin(async move {
            let login = self.0.current(req).await?;
            Ok(login.map(|login| CurrentLogin::new(login.subject, UNIX_EPOCH)))
        })
    }

    fn location(&self, return_to: &str) -> String {
        self.0.location(return_to)
    }
}

struct OwnLogin {
    browser: Browser,
    base: String,
    _database: TestDatabase,
}

impl OwnLogin {
    async fn start() -> Self {
        Self::with(|| ActixIdentity::at("/enter")).await
    }

    async fn with<L: LoginPage>(page: fn() -> L) -> Self {
        let socket = Socket::bind();
        let base = socket.base.clone();
        let settings: OAuth2Settings = serde_json::from_value(json!({
            "issuer": base,
            "scopes": { "read": "Read" },
            "users": [{ "name": "ada", "password": "x" }, { "name": "bob", "password": "x" }],
            "clients": [{ "id": "web", "secret": "web-secret", "grants": ["authorization_code", "refresh_token"],
                "scopes": ["read"], "redirect_uris": ["https://app.example.com/cb"] }],
        }))
        .unwrap();
        let database = TestDatabase::new().await.unwrap();
        let db = connect(database.url(), 4).await.unwrap();
        let server = OAuth2Server::builder(db)
            .settings(settings)
            .build()
            .await
            .unwrap();
        let key = Key::generate();
        let running = HttpServer::new(move || {
            let session = SessionMiddleware::builder(CookieSessionStore::default(), key.clone())
                .cookie_secure(false)
                .cookie_content_security(CookieContentSecurity::Private)
                .build();
            App::new()
                .wrap(IdentityMiddleware::default())
                .wrap(session)
                .configure(server.state())
                .configure(login_page(page()))
                .configure(rf::oauth2)
                .service((enter_page, enter, leave))
        });
        let running = running
            .workers(1)
            .disable_signals()
            .listen(socket.into_listener())
            .unwrap()
            .run();
        actix_web::rt::spawn(running);
        Self {
            browser: browser(&base),
            base,
            _database: database,
        }
    }
}

fn browser(base: &str) -> Browser {
    let http = Client::builder()
        .cookie_store(true)
        .redirect(Policy::none())
        .build()
        .unwrap();
    Browser {
        http,
        base: base.to_owned(),
    }
}

async fn signs_in(browser: &Browser, who: &'static str) {
    let sent = browser
        .http
        .post(format!("{}/enter", browser.base))
        .body(who)
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), 204);
}

#[actix_web::test]
async fn a_person_signs_in_on_the_apps_own_page_and_the_request_goes_on_intact() {
    let app = OwnLogin::start().await;
    let request = Request::good().set("state", "a+b c%20ü&x=//y");
    let sent = location(&app.browser.get(&request.path()).await);
    assert!(sent.starts_with("/enter?return_to="), "{sent}");
    let back = app.browser.get(&sent).await.text().await.unwrap();
    assert!(back.starts_with("/oauth/authorize?"), "{back}");
    signs_in(&app.browser, "ada").await;
    let page = app.browser.get(&back).await.text().await.unwrap();
    assert!(page.contains("Signed in as <strong>ada</strong>"), "{page}");
    let ticket = hidden(&page, "ticket");
    let form = [
        ("ticket", ticket.as_str()),
        ("scope", "read"),
        ("decision", "allow"),
    ];
    let done = app.browser.post("/oauth/authorize", &form).await;
    assert!(answer(&done, "code").is_some());
    assert_eq!(answer(&done, "state").as_deref(), Some("a+b c%20ü&x=//y"));
    assert_eq!(answer(&done, "iss").as_ref(), Some(&app.base));
    assert!(
        app.browser
            .get("/oauth/apps")
            .await
            .text()
            .await
            .unwrap()
            .contains("name=\"client_id\" value=\"web\"")
    );
}

#[actix_web::test]
async fn what_the_app_says_of_who_is_signed_in_counts_at_every_request() {
    let app = OwnLogin::start().await;
    signs_in(&app.browser, "ada").await;
    let page = app
        .browser
        .get(&Request::good().path())
        .await
        .text()
        .await
        .unwrap();
    let ticket = hidden(&page, "ticket");
    let form = [
        ("ticket", ticket.as_str()),
        ("scope", "read"),
        ("decision", "allow"),
    ];
    // Another person at the same browser does not answer the first one's question.
    signs_in(&app.browser, "bob").await;
    let refused = app.browser.post("/oauth/authorize", &form).await;
    assert_eq!(refused.status(), 400);
    let page = app
        .browser
        .get(&Request::good().path())
        .await
        .text()
        .await
        .unwrap();
    assert!(page.contains("<strong>bob</strong>"), "{page}");
    // Nor does nobody.
    app.browser.post("/leave", &[]).await;
    let asked = app.browser.get(&Request::good().path()).await;
    assert!(location(&asked).starts_with("/enter?"));
    let ticket = hidden(&page, "ticket");
    let form = [
        ("ticket", ticket.as_str()),
        ("scope", "read"),
        ("decision", "allow"),
    ];
    assert_eq!(
        app.browser.post("/oauth/authorize", &form).await.status(),
        400
    );
}

#[actix_web::test]
async fn a_consent_page_of_one_browser_is_not_answered_by_another_of_the_same_person() {
    let app = OwnLogin::start().await;
    signs_in(&app.browser, "ada").await;
    let page = app
        .browser
        .get(&Request::good().path())
        .await
        .text()
        .await
        .unwrap();
    let ticket = hidden(&page, "ticket");
    let other = browser(&app.base);
    signs_in(&other, "ada").await;
    let form = [
        ("ticket", ticket.as_str()),
        ("scope", "read"),
        ("decision", "allow"),
    ];
    assert_eq!(other.post("/oauth/authorize", &form).await.status(), 400);
}

#[actix_web::test]
async fn a_client_that_wants_a_new_sign_in_gets_one_and_only_one() {
    let app = OwnLogin::start().await;
    signs_in(&app.browser, "ada").await;
    let request = Request::good().set("prompt", "login");
    let sent = location(&app.browser.get(&request.path()).await);
    assert!(sent.starts_with("/enter?return_to="), "{sent}");
    let back = app.browser.get(&sent).await.text().await.unwrap();
    // The way back without a sign-in leads to it again.
    assert!(location(&app.browser.get(&back).await).starts_with("/enter?"));
    signs_in(&app.browser, "ada").await;
    assert_eq!(app.browser.get(&back).await.status(), 200);
}

#[actix_web::test]
async fn a_new_sign_in_whose_time_nobody_knows_is_refused_to_the_client_and_not_asked_for_for_ever()
{
    let app = OwnLogin::with(|| Timeless(ActixIdentity::at("/enter"))).await;
    signs_in(&app.browser, "ada").await;
    for (name, value) in [("prompt", "login"), ("max_age", "60")] {
        let request = Request::good().set(name, value);
        let sent = location(&app.browser.get(&request.path()).await);
        assert!(sent.starts_with("/enter?return_to="), "{sent}");
        let back = app.browser.get(&sent).await.text().await.unwrap();
        signs_in(&app.browser, "ada").await;
        let refused = app.browser.get(&back).await;
        let error = answer(&refused, "error");
        assert_eq!(error.as_deref(), Some("login_required"), "{name}");
    }
    // Without such a wish nobody asks for the time.
    let page = app.browser.get(&Request::good().path()).await;
    assert_eq!(page.status(), 200);
}

#[actix_web::test]
async fn a_subject_that_no_database_tells_from_another_is_nobody() {
    let app = OwnLogin::start().await;
    for who in ["ada ", "a\0da"] {
        signs_in(&app.browser, who).await;
        let answer = app.browser.get(&Request::good().path()).await;
        assert_eq!(answer.status(), 500, "{who:?}");
        assert_eq!(app.browser.get("/oauth/apps").await.status(), 500);
    }
}

#[actix_web::test]
async fn the_built_in_login_page_leads_to_the_apps_own() {
    let app = OwnLogin::start().await;
    let sent = app.browser.get("/login?return_to=/oauth/apps").await;
    assert_eq!(location(&sent), "/enter?return_to=%2Foauth%2Fapps");
    let sent = app
        .browser
        .post("/login", &[("username", "ada"), ("password", "x")])
        .await;
    assert!(
        location(&sent).starts_with("/enter?"),
        "no password is taken here"
    );
    for evil in [
        "//evil.example.com",
        "https://evil.example.com",
        "/\\evil.example.com",
    ] {
        let answer = app
            .browser
            .http
            .get(format!("{}/enter", app.base))
            .query(&[("return_to", evil)]);
        assert_eq!(
            answer.send().await.unwrap().text().await.unwrap(),
            "/",
            "{evil}"
        );
    }
}
