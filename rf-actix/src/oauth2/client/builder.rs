//! Putting a sign-in together.

use std::time::{Duration, SystemTime};

use url::Url;

use super::provider::{Endpoints, Identity, Provider};
use super::sign_in::{Inner, SignIn};
use crate::oauth2::discovery::IssuerUrl;
use crate::oauth2::error::StoreError;
use crate::oauth2::http::Http;
use crate::oauth2::model::{ClientId, Clock, InvalidScope, ScopeSet, Secret};

/// Shorter secrets are guessed.
const SHORTEST_SECRET: usize = 32;

/// Builds a [`SignIn`].
#[derive(Debug)]
#[must_use]
pub struct SignInBuilder {
    issuer: String,
    endpoints: Option<(String, String)>,
    client_id: ClientId,
    client_secret: Option<Secret>,
    at: String,
    scopes: Result<ScopeSet, InvalidScope>,
    params: Vec<(String, String)>,
    cookie_secret: Secret,
    cookie_name: Option<String>,
    session_ttl: Duration,
    identity: Option<(String, String)>,
    clock: Clock,
}

/// Why somebody is not signed in, or a [`SignIn`] cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// A setting cannot be used.
    #[error("sign-in setting {name} {reason}")]
    Setting {
        /// Which.
        name: &'static str,
        /// What is wrong with it, and what to write.
        reason: String,
    },
    /// The provider does not answer, or not as it should.
    #[error("the sign-in provider cannot be used: {0}")]
    Provider(#[source] StoreError),
    /// The provider refused, in the words of RFC 6749.
    #[error("the sign-in provider refuses: {code} {description}")]
    Refused {
        /// The code, such as `access_denied`.
        code: String,
        /// What it adds.
        description: String,
    },
    /// What came back does not belong to what was started here.
    #[error("the answer of the sign-in provider is not accepted: {0}")]
    Answer(&'static str),
    /// The session has ended: its tokens cannot be renewed any more.
    #[error("the session has ended, sign in again")]
    Ended,
}

impl SignInError {
    pub(super) fn provider(cause: impl ToString) -> Self {
        Self::Provider(StoreError::new(cause.to_string()))
    }
}

fn setting(name: &'static str, reason: impl Into<String>) -> SignInError {
    SignInError::Setting {
        name,
        reason: reason.into(),
    }
}

impl SignInBuilder {
    pub(super) fn new(issuer: String) -> Self {
        Self {
            issuer,
            endpoints: None,
            client_id: ClientId::default(),
            client_secret: None,
            at: String::new(),
            scopes: Ok(ScopeSet::new()),
            params: Vec::new(),
            cookie_secret: "".into(),
            cookie_name: None,
            session_ttl: Duration::from_secs(12 * 3600),
            identity: None,
            clock: Clock::default(),
        }
    }

    /// As whom the app is registered with the provider.
    pub fn client(mut self, id: impl Into<ClientId>, secret: impl Into<Secret>) -> Self {
        self.client_id = id.into();
        self.client_secret = Some(secret.into());
        self
    }

    /// The same for an app that has no secret.
    pub fn public_client(mut self, id: impl Into<ClientId>) -> Self {
        self.client_id = id.into();
        self.client_secret = None;
        self
    }

    /// Where people reach the sign-in, as a URL: `/callback` below it is the redirect URI to register with the
    /// provider. Apps with several providers give each an address of its own, and wrap a `web::scope` of its own with
    /// each one's [`middleware`](SignIn::middleware).
    pub fn at(mut self, url: impl Into<String>) -> Self {
        self.at = url.into();
        self
    }

    /// What to ask for, parted by spaces.
    pub fn scopes(mut self, scopes: &str) -> Self {
        self.scopes = scopes.parse();
        self
    }

    /// Another parameter of the authorization request, such as `audience`.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// Encrypts the cookies: at least 32 random bytes, the same on every instance and after a restart.
    pub fn cookie_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.cookie_secret = secret.into();
        self
    }

    /// What the session's cookie is called. Default: `rf_` and the path of [`at`](Self::at), `rf_sign_in` for
    /// `/sign-in`; two providers must not share one.
    pub fn cookie_name(mut self, name: impl Into<String>) -> Self {
        self.cookie_name = Some(name.into());
        self
    }

    /// How long somebody stays signed in. Default: 12 hours.
    ///
    /// The session is all in the cookie, and nothing is kept of it here: signing out ends it in this browser and revokes
    /// its tokens, but a copy of the cookie would say who somebody is until this time is over, and a person who was
    /// removed at the provider stays signed in until then where the app never asks for an access token.
    pub fn session_ttl(mut self, ttl: Duration) -> Self {
        self.session_ttl = ttl;
        self
    }

    /// For a provider without metadata (RFC 8414): its authorization and token endpoints.
    pub fn endpoints(mut self, authorization: impl Into<String>, token: impl Into<String>) -> Self {
        self.endpoints = Some((authorization.into(), token.into()));
        self
    }

    /// Where the provider tells, to whoever brings the access token, who it is: a JSON document, and the name of the
    /// member that identifies the person for good.
    ///
    /// Default: the provider is asked by introspection (RFC 7662), which wants a client with a secret.
    pub fn profile(mut self, url: impl Into<String>, member: impl Into<String>) -> Self {
        self.identity = Some((url.into(), member.into()));
        self
    }

    /// Where the time comes from; for tests.
    pub fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Clock::new(now);
        self
    }

    /// The sign-in. Nothing is asked yet, so the provider may start later.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn build(self) -> Result<SignIn, SignInError> {
        let issuer = IssuerUrl::parse(&self.issuer).map_err(|reason| setting("issuer", reason))?;
        if !self.client_id.is_well_formed() {
            return Err(setting(
                "client",
                "is missing, write the identifier the provider gave the app",
            ));
        }
        if self.cookie_secret.expose().len() < SHORTEST_SECRET {
            return Err(setting(
                "cookie_secret",
                "is too short, write at least 32 random bytes",
            ));
        }
        let scopes = self
            .scopes
            .map_err(|error| setting("scopes", error.to_string()))?;
        let at = address(&self.at).ok_or_else(|| {
            setting(
                "at",
                "is no address of the app, write for example \"https://app.example.com/sign-in\"",
            )
        })?;
        let endpoints = match self.endpoints {
            None => Endpoints::discovered(),
            Some((authorization, token)) => {
                let known = |name, url: &str| {
                    issuer
                        .endpoint(url)
                        .map_err(|error| setting(name, error.to_string()))
                };
                known("endpoints", &authorization)?;
                known("endpoints", &token)?;
                Endpoints::known(&issuer, authorization, token)
            }
        };
        let identity = match self.identity {
            None if self.client_secret.is_none() => {
                return Err(setting(
                    "profile",
                    "is missing: a client without secret cannot ask who somebody is by introspection, name a profile document",
                ));
            }
            None => Identity::Introspection,
            Some((url, member)) => {
                let url = issuer
                    .endpoint(&url)
                    .map_err(|error| setting("profile", error.to_string()))?;
                Identity::Profile { url, member }
            }
        };
        let provider = Provider {
            http: Http::for_url(issuer.url()).map_err(SignInError::provider)?,
            issuer,
            endpoints,
            client_id: self.client_id,
            client_secret: self.client_secret,
            redirect_uri: format!("{}/callback", at.as_str()),
            scopes,
            params: self.params,
            identity,
            clock: self.clock,
        };
        let cookie = self.cookie_name.unwrap_or_else(|| cookie_of(&at));
        Ok(SignIn::new(Inner::new(
            provider,
            at,
            self.cookie_secret.expose(),
            &cookie,
            self.session_ttl,
        )))
    }
}

/// A name for cookies that sign-ins at other addresses of the host do not have.
fn cookie_of(at: &Url) -> String {
    let allowed = |c: char| match c {
        '/' => '-',
        c if c.is_ascii_alphanumeric() => c,
        _ => '_',
    };
    let path = at.path().trim_start_matches('/');
    format!("rf_{}", path.chars().map(allowed).collect::<String>())
}

/// A URL of https, or http on this machine, with a path of its own and nothing behind it.
fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let secure = url.scheme() == "https"
        || (url.scheme() == "http"
            && matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")));
    let bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let path = url.path();
    let plain = path.len() > 1 && !path.ends_with('/') && !path.contains(['{', '}', '%']);
    (secure && bare && plain).then_some(url)
}
