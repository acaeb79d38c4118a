//! [`SignIn`]: the handle.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, time};
use actix_web::web::ServiceConfig;
use url::Url;

use super::builder::SignInBuilder;
use super::cookie::Jar;
use super::middleware::SignInMiddleware;
use super::pending::PendingJar;
use super::provider::Provider;
use super::renewal::Renewals;
use super::routes;
use super::seal::Seal;
use super::session::Session;
use crate::oauth2::model::Timestamp;

/// Signing in with a provider; a cheap clone, shared by all workers.
#[derive(Clone)]
pub struct SignIn(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) provider: Provider,
    pub(super) renewals: Renewals,
    /// Where people reach it.
    pub(super) at: Url,
    pub(super) session_ttl: Duration,
    session_jar: Jar,
    session_seal: Seal,
    pub(super) pending: PendingJar,
}

impl Inner {
    pub(super) fn new(
        provider: Provider,
        at: Url,
        secret: &str,
        cookie: &str,
        session_ttl: Duration,
    ) -> Self {
        let secure = at.scheme() == "https";
        let seal = |what: &str| {
            let purpose = format!("{what} {} {}", provider.client_id, provider.issuer.as_str());
            Seal::new(secret.as_bytes(), purpose)
        };
        Self {
            session_seal: seal("session"),
            session_jar: Jar::new(cookie, secure),
            pending: PendingJar::new(
                Jar::new(&format!("{cookie}_pending"), secure),
                seal("pending"),
            ),
            renewals: Renewals::default(),
            provider,
            at,
            session_ttl,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.provider.clock.now()
    }

    /// The session of the browser, if it has one that counts.
    pub(super) fn session(&self, req: &HttpRequest) -> Option<Session> {
        let session: Session = self.session_seal.open(&self.session_jar.read(req)?)?;
        (session.ends_at > self.now()).then_some(session)
    }

    /// The cookies that keep a session; nothing when its tokens are too long for them.
    pub(super) fn keep(
        &self,
        req: &HttpRequest,
        session: &Session,
    ) -> Option<Vec<Cookie<'static>>> {
        let lifetime = session.ends_at.since(self.now());
        let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        self.session_jar.write(
            req,
            &self.session_seal.close(session),
            time::Duration::seconds(seconds),
        )
    }

    pub(super) fn forget(&self, req: &HttpRequest) -> Vec<Cookie<'static>> {
        self.session_jar.end(req)
    }

    /// The path at which a browser starts, and comes back to `return_to`.
    pub(super) fn start_path(&self, return_to: &str) -> String {
        let encoded: String = url::form_urlencoded::byte_serialize(return_to.as_bytes()).collect();
        format!("{}?return_to={encoded}", self.at.path())
    }
}

impl SignIn {
    /// A sign-in with the provider of this identifier, exactly as its metadata has it.
    pub fn builder(issuer: impl Into<String>) -> SignInBuilder {
        SignInBuilder::new(issuer.into())
    }

    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// The routes below the address the sign-in has:
    ///
    /// | route | what |
    /// |---|---|
    /// | `GET …?return_to=/path` | goes to the provider |
    /// | `GET …/callback` | comes back from it |
    /// | `POST …/out` | takes the tokens back and signs out |
    pub fn routes(&self) -> impl FnOnce(&mut ServiceConfig) + use<> {
        let sign_in = self.clone();
        move |cfg| routes::register(cfg, &sign_in)
    }

    /// Opens the session for [`SignedIn`](super::SignedIn), and keeps it when its tokens were renewed.
    ///
    /// A handler is given the session of the nearest: where an app has several providers, wrap the `web::scope` of each
    /// with its own.
    pub fn middleware(&self) -> SignInMiddleware {
        SignInMiddleware::new(self.clone())
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("provider", &self.0.provider.issuer.as_str())
            .field("at", &self.0.at.as_str())
            .finish_non_exhaustive()
    }
}
