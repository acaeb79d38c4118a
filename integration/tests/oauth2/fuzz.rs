//! Input that nobody would write, at the real endpoints: never a panic, never a 5xx, never more than is allowed.
//!
//! `cargo test` tries a few hundred of each kind, and every case that once failed (`fuzz/*.regressions`). With
//! `RF_FUZZ_SECONDS=600` each kind is tried for that long; `integration/run fuzz` does so.

mod form;
mod header;
mod jwt;
mod redirect;
mod scope;

use std::env;
use std::fmt::Debug;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

use actix_web::App;
use actix_web::http::StatusCode;
use actix_web::http::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use actix_web::rt::System;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Bytes;
use futures_util::future::LocalBoxFuture;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};
use rf::oauth2::{OAuth2Server, OAuth2Settings, connect};

use crate::api::routes;
use crate::site::hidden;

const SETTINGS: &str = r#"
    issuer = "http://127.0.0.1:8080"
    login_ttl = "3650d"
    password_grant = true
    users = [{ name = "demo", password = "demo" }]

    [scopes]
    "read" = "Read"
    "write" = { text = "Write", implies = ["read"] }
    "files:read" = "See files"

    [[clients]]
    id = "service"
    secret = "s:e c+ret%"
    grants = ["client_credentials", "password", "authorization_code", "refresh_token"]
    redirect_uris = ["https://app.example.com/cb", "https://app.example.com/tenant?id=1"]
    scopes = ["write", "files:*"]

    [[clients]]
    id = "own"
    secret = "own-secret"
    first_party = true
    grants = ["authorization_code", "refresh_token"]
    redirect_uris = ["https://own.example.com/cb"]
    scopes = ["read"]

    [[clients]]
    id = "native"
    grants = ["authorization_code"]
    redirect_uris = ["http://127.0.0.1/done", "http://[::1]/done", "com.example.app:/done"]
    scopes = ["read"]
"#;

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Reply {
    fn location(&self) -> Option<&str> {
        let location = self.headers.get(LOCATION)?;
        Some(location.to_str().expect("a location is ASCII"))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The server in this process, without a socket between.
pub(crate) struct Target {
    ask: Box<dyn Fn(TestRequest) -> LocalBoxFuture<'static, Reply>>,
    server: OAuth2Server,
    /// Of somebody who is signed in.
    cookie: String,
    now: Arc<AtomicU64>,
}

impl Target {
    async fn new() -> Self {
        let settings: OAuth2Settings = toml::from_str(SETTINGS).unwrap();
        let now = Arc::new(AtomicU64::new(1_800_000_000));
        let clock = Arc::clone(&now);
        let server = OAuth2Server::builder(connect("sqlite::memory:", 1).await.unwrap())
            .settings(settings)
            .clock(move || UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::SeqCst)))
            .build()
            .await
            .unwrap();
        let app = App::new()
            .configure(server.state())
            .configure(rf::oauth2)
            .configure(routes);
        let app = Rc::new(init_service(app).await);
        let ask = move |request: TestRequest| -> LocalBoxFuture<'static, Reply> {
            let app = Rc::clone(&app);
            Box::pin(async move {
                let response = call_service(&*app, request.to_request()).await;
                Reply {
                    status: response.status(),
                    headers: response.headers().clone(),
                    body: read_body(response).await,
                }
            })
        };
        let mut target = Self {
            ask: Box::new(ask),
            server,
            cookie: String::new(),
            now,
        };
        target.sign_in().await;
        target
    }

    async fn sign_in(&mut self) {
        let form = (self.ask)(TestRequest::get().uri("/login")).await;
        let (csrf, return_to) = (
            hidden(&form.text(), "csrf"),
            hidden(&form.text(), "return_to"),
        );
        let fields = [
            ("username", "demo"),
            ("password", "demo"),
            ("csrf", &csrf),
            ("return_to", &return_to),
        ];
        let request = TestRequest::post().uri("/login").set_form(fields);
        let signed_in = (self.ask)(request.insert_header((COOKIE, cookie(&form)))).await;
        assert_eq!(signed_in.status, StatusCode::SEE_OTHER);
        self.cookie = cookie(&signed_in);
    }

    /// Asks, as long after the last time as it takes for guesses to be looked at again.
    async fn ask(&self, request: TestRequest) -> Result<Reply, TestCaseError> {
        self.now.fetch_add(61, Ordering::SeqCst);
        let reply = (self.ask)(request).await;
        if reply.status.is_server_error() {
            let what = format!("{}: {}", reply.status, reply.text());
            return Err(TestCaseError::fail(what));
        }
        Ok(reply)
    }
}

fn cookie(reply: &Reply) -> String {
    let set = reply.headers.get(SET_COOKIE).expect("a session");
    let set = set.to_str().expect("a cookie is ASCII");
    set.split(';').next().unwrap_or_default().to_owned()
}

/// Tries inputs of a kind: those of `corpus` first, then those that once failed, then new ones.
fn fuzz<T: Debug>(
    regressions: &'static str,
    corpus: impl IntoIterator<Item = T>,
    inputs: impl Strategy<Value = T>,
    check: impl AsyncFn(&Target, T) -> Result<(), TestCaseError>,
) {
    let system = System::new();
    let target = system.block_on(Target::new());
    for input in corpus {
        let shown = format!("{input:?}");
        system
            .block_on(check(&target, input))
            .unwrap_or_else(|error| panic!("{shown}: {error}"));
    }
    let long = env::var("RF_FUZZ_SECONDS").ok().map(|seconds| {
        let seconds = seconds.parse().expect("RF_FUZZ_SECONDS is a number");
        Instant::now() + Duration::from_secs(seconds)
    });
    let config = Config {
        cases: if long.is_some() { 1000 } else { 300 },
        max_global_rejects: 100_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(regressions))),
        ..Config::default()
    };
    let mut tried: u64 = 0;
    loop {
        // A new runner each time, with a seed of its own.
        let mut runner = TestRunner::new(config.clone());
        let outcome = runner.run(&inputs, |input| system.block_on(check(&target, input)));
        if let Err(error) = outcome {
            panic!("{error}");
        }
        tried += u64::from(config.cases);
        match long {
            Some(end) if Instant::now() < end => {}
            Some(_) => break println!("{regressions}: {tried} inputs"),
            None => break,
        }
    }
}
