//! An authorization server on a port of its own, and a browser in front of it.

use crate::socket::Socket;
use actix_web::{dev::ServerHandle, web};
use reqwest::{
    Client, Response,
    header::{HeaderMap, HeaderName, LOCATION},
    redirect::Policy,
};
use rf::oauth2::{Event, OAuth2Server, OAuth2Settings, TestDatabase, connect};
use serde_json::json;
use std::{
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

/// The challenge and verifier of RFC 7636 Appendix B.
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub(crate) struct Site {
    pub(crate) base: String,
    pub(crate) server: OAuth2Server,
    pub(crate) events: Arc<Mutex<Vec<Event>>>,
    now: Arc<AtomicU64>,
    handle: ServerHandle,
    database: Arc<TestDatabase>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::serve(|_| {}).await
    }

    /// With routes of the test's own beside those of the server.
    pub(crate) async fn serve(routes: fn(&mut web::ServiceConfig)) -> Self {
        let database = TestDatabase::new().await.unwrap();
        let url = database.url().to_owned();
        Self::on(database, &url, routes).await
    }

    /// With other settings.
    pub(crate) async fn with(change: fn(OAuth2Settings) -> OAuth2Settings) -> Self {
        let database = TestDatabase::new().await.unwrap();
        let url = database.url().to_owned();
        Self::built(database, &url, change, |_| {}).await
    }

    /// On a database that is reached by a way of the test's own.
    pub(crate) async fn on(
        database: TestDatabase,
        url: &str,
        routes: fn(&mut web::ServiceConfig),
    ) -> Self {
        Self::built(database, url, |settings| settings, routes).await
    }

    async fn built(
        database: TestDatabase,
        url: &str,
        change: fn(OAuth2Settings) -> OAuth2Settings,
        routes: fn(&mut web::ServiceConfig),
    ) -> Self {
        let socket = Socket::bind();
        let settings = change(settings(&socket.base));
        let now = Arc::new(AtomicU64::new(1_800_000_000));
        let database = Arc::new(database);
        Self::instance(socket, settings, (database, url), now, routes).await
    }

    /// Another instance on the same database, of the same settings and time.
    pub(crate) async fn beside(&self, routes: fn(&mut web::ServiceConfig)) -> Self {
        let database = Arc::clone(&self.database);
        let url = self.database.url();
        let now = Arc::clone(&self.now);
        Self::instance(
            Socket::bind(),
            self.server.settings().clone(),
            (database, url),
            now,
            routes,
        )
        .await
    }

    async fn instance(
        socket: Socket,
        settings: OAuth2Settings,
        (database, url): (Arc<TestDatabase>, &str),
        now: Arc<AtomicU64>,
        routes: fn(&mut web::ServiceConfig),
    ) -> Self {
        let events = Arc::new(Mutex::new(Vec::new()));
        let (clock, observed) = (Arc::clone(&now), Arc::clone(&events));
        let server = OAuth2Server::builder(connect(url, 4).await.unwrap())
            .settings(settings)
            .trusted_proxies([Ipv4Addr::LOCALHOST.into()])
            .clock(move || UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::SeqCst)))
            .observer(move |event| observed.lock().unwrap().push(event.clone()))
            .build()
            .await
            .unwrap();
        let base = socket.base.clone();
        let handle = socket.serve(&server, routes);
        Self {
            base,
            server,
            events,
            now,
            handle,
            database,
        }
    }

    pub(crate) async fn stop(self) {
        self.handle.stop(false).await;
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    /// A browser with an empty cookie jar, which stops at every redirect.
    pub(crate) fn browser(&self) -> Browser {
        self.browser_with(HeaderMap::new())
    }

    /// The same, as a proxy forwards it: whatever connects from loopback is one.
    pub(crate) fn browser_behind_proxy(&self, forwarded_for: &str) -> Browser {
        let value = forwarded_for.parse().unwrap();
        self.browser_with(HeaderMap::from_iter([(
            HeaderName::from_static("x-forwarded-for"),
            value,
        )]))
    }

    fn browser_with(&self, headers: HeaderMap) -> Browser {
        Browser {
            http: Client::builder()
                .cookie_store(true)
                .redirect(Policy::none())
                .default_headers(headers)
                .build()
                .unwrap(),
            base: self.base.clone(),
        }
    }

    /// A browser in which demo is signed in.
    pub(crate) async fn signed_in(&self) -> Browser {
        let browser = self.browser();
        let response = browser.sign_in("demo", "demo", "/").await;
        assert_eq!(response.status(), 303);
        browser
    }

    pub(crate) fn saw(&self, wanted: impl Fn(&Event) -> bool) -> bool {
        self.events.lock().unwrap().iter().any(wanted)
    }
}

fn settings(base: &str) -> OAuth2Settings {
    let code = ["authorization_code", "refresh_token"];
    serde_json::from_value(json!({
        "issuer": base,
        "audience": "test",
        "scopes": { "read": "Read <everything> & more", "write": "Write" },
        "users": [{ "name": "demo", "password": "demo" }, { "name": "eve<b>", "password": "eve" }],
        "clients": [
            { "id": "web", "name": "Web <i>app</i>", "secret": "web-secret", "grants": code, "scopes": ["read", "write"],
              "redirect_uris": ["https://app.example.com/cb", "https://app.example.com/tenant?id=1"] },
            { "id": "spa", "grants": code, "scopes": ["read", "write"], "redirect_uris": ["https://spa.example.com/cb"] },
            { "id": "own", "grants": code, "scopes": ["read"], "redirect_uris": [format!("{base}/app/callback")] },
            { "id": "native", "grants": code, "scopes": ["read"], "redirect_uris": ["http://127.0.0.1/done"] },
            { "id": "first", "secret": "s", "grants": code, "scopes": ["read"], "first_party": true,
              "redirect_uris": ["https://first.example.com/cb"] },
            { "id": "first-native", "grants": code, "scopes": ["read"], "first_party": true,
              "redirect_uris": ["com.example.first:/done"] },
            { "id": "service", "secret": "service-secret", "grants": ["client_credentials"], "scopes": ["read", "write"],
              "redirect_uris": ["https://service.example.com/cb"] },
        ],
    }))
    .unwrap()
}

pub(crate) struct Browser {
    pub(crate) http: Client,
    pub(crate) base: String,
}

impl Browser {
    pub(crate) async fn get(&self, path: &str) -> Response {
        self.http
            .get(format!("{}{path}", self.base))
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        self.http
            .post(format!("{}{path}", self.base))
            .form(form)
            .send()
            .await
            .unwrap()
    }

    /// Opens the login page and sends its form.
    pub(crate) async fn sign_in(&self, name: &str, password: &str, return_to: &str) -> Response {
        let query = Request::empty().set("return_to", return_to).query();
        let page = self.get(&format!("/login?{query}")).await;
        assert_eq!(page.status(), 200);
        self.send_login(&page.text().await.unwrap(), name, password)
            .await
    }

    pub(crate) async fn send_login(&self, page: &str, name: &str, password: &str) -> Response {
        let form = [
            ("username", name),
            ("password", password),
            ("csrf", &hidden(page, "csrf")),
            ("return_to", &hidden(page, "return_to")),
        ];
        self.post("/login", &form).await
    }

    /// The ticket of the consent page that `request` leads to.
    pub(crate) async fn ticket(&self, request: &Request) -> String {
        let page = self.get(&request.path()).await;
        assert_eq!(page.status(), 200);
        hidden(&page.text().await.unwrap(), "ticket")
    }

    /// Allows `scopes` on the consent page that `request` leads to.
    pub(crate) async fn allow(&self, request: &Request, scopes: &[&str]) -> Response {
        let ticket = self.ticket(request).await;
        let mut form = vec![("ticket", ticket.as_str()), ("decision", "allow")];
        form.extend(scopes.iter().map(|scope| ("scope", *scope)));
        self.post("/oauth/authorize", &form).await
    }
}

/// The value of a hidden field, unescaped.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let rest = page
        .split_once(&start)
        .unwrap_or_else(|| panic!("no {name} in {page}"))
        .1;
    let value = rest.split_once('"').unwrap().0;
    value.replace("&#38;", "&").replace("&amp;", "&")
}

pub(crate) fn location(response: &Response) -> String {
    let location = response.headers().get(LOCATION).expect("a redirect");
    location.to_str().unwrap().to_owned()
}

/// The value of a parameter of the redirect.
pub(crate) fn answer(response: &Response, name: &str) -> Option<String> {
    let url = reqwest::Url::parse(&location(response)).unwrap();
    let mut values = url.query_pairs().filter(|(sent, _)| sent == name);
    let value = values.next().map(|(_, value)| value.into_owned());
    assert!(values.next().is_none(), "{name} twice in {url}");
    value
}

/// The parameters of an authorization request.
#[derive(Clone)]
pub(crate) struct Request(Vec<(String, String)>);

impl Request {
    pub(crate) fn empty() -> Self {
        Self(Vec::new())
    }

    /// A good request of the client `web`.
    pub(crate) fn good() -> Self {
        Self::of("web", "https://app.example.com/cb")
    }

    pub(crate) fn of(client_id: &str, redirect_uri: &str) -> Self {
        Self::empty()
            .set("response_type", "code")
            .set("client_id", client_id)
            .set("redirect_uri", redirect_uri)
            .set("scope", "read")
            .set("state", "xyz")
            .set("code_challenge", CHALLENGE)
            .set("code_challenge_method", "S256")
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.add(name, value)
    }

    pub(crate) fn add(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(sent, _)| sent != name);
        self
    }

    pub(crate) fn query(&self) -> String {
        let mut url = reqwest::Url::parse("http://x/").unwrap();
        url.query_pairs_mut().extend_pairs(&self.0);
        url.query().unwrap_or_default().to_owned()
    }

    pub(crate) fn path(&self) -> String {
        format!("/oauth/authorize?{}", self.query())
    }
}
