//! Asking the issuer about each token (RFC 7662).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use futures_util::future::Shared;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use hyper::{Request, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::server::Remote;
use super::time::{round_times, whole_seconds};
use crate::oauth2::discovery::DiscoveryError;
use crate::oauth2::error::{AuthError, StoreError};
use crate::oauth2::model::{Claims, Digest, Secret, Timestamp};
use crate::oauth2::token::KnownTokens;

const MAX_LENGTH: usize = 16 * 1024;
/// So many questions are put to the issuer at once: anybody can send a token that nobody knows.
pub(super) const AT_ONCE: usize = 64;
/// So many wait for their turn,
const WAITING: usize = 10_000;
/// and so long.
const PATIENCE: Duration = Duration::from_secs(2);

/// As whom the issuer is asked, and what it said lately.
pub(super) struct Introspected {
    authorization: Secret,
    keep: Duration,
    /// With the time at which it was said.
    active: KnownTokens<(Arc<Claims>, Timestamp)>,
    /// The tokens that are being asked about.
    asking: Mutex<HashMap<Digest, Answered>>,
    turns: Semaphore,
}

type Answered = Shared<oneshot::Receiver<Result<Arc<Claims>, Refusal>>>;

/// An [`AuthError`] for all who ask at a time.
#[derive(Clone)]
enum Refusal {
    Invalid(&'static str),
    Unavailable(StoreError),
}

impl From<Refusal> for AuthError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(reason) => Self::Invalid(reason),
            Refusal::Unavailable(cause) => Self::Unavailable(cause),
        }
    }
}

impl Refusal {
    fn unavailable(cause: &str) -> Self {
        log::warn!(target: "rf::oauth2", "an access token could not be checked: {cause}");
        Self::Unavailable(StoreError::new(cause))
    }
}

/// RFC 7662 §2.2. What is not named here lands in `rest`.
#[derive(Deserialize)]
struct Answer {
    active: bool,
    iss: Option<String>,
    aud: Option<Audience>,
    token_type: Option<String>,
    exp: Option<f64>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Introspected {
    pub(super) fn new(client_id: &str, secret: &Secret, keep: Duration) -> Self {
        // RFC 6749 §2.3.1: both are form-encoded first.
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encoded(client_id), encoded(secret.expose()));
        Self {
            authorization: format!("Basic {}", STANDARD.encode(pair)).into(),
            keep,
            active: KnownTokens::new(),
            asking: Mutex::default(),
            turns: Semaphore::new(AT_ONCE),
        }
    }

    /// The claims of a token that the issuer called active lately.
    pub(super) fn known(&self, token: &[u8], remote: &Remote) -> Option<Arc<Claims>> {
        let (claims, at) = self.active.get(token)?;
        let now = remote.clock.now();
        let counts = now.distance(at) < self.keep && now.as_secs() < claims.exp;
        counts.then_some(claims)
    }

    pub(super) async fn verify(
        self: &Arc<Self>,
        token: &str,
        remote: &Arc<Remote>,
    ) -> Result<Arc<Claims>, AuthError> {
        if token.len() > MAX_LENGTH {
            return Err(AuthError::Invalid("too long"));
        }
        if let Some(claims) = self.known(token.as_bytes(), remote) {
            return Ok(claims);
        }
        let answered = self.asked(token, remote)?.await;
        let broke_off = |_| Err(Refusal::unavailable("the question broke off"));
        Ok(answered.unwrap_or_else(broke_off)?)
    }

    /// The question about this token that is under way, or a new one. It goes on when whoever put it goes away: its
    /// place among those that are put at once is free when the issuer has answered, not before.
    fn asked(self: &Arc<Self>, token: &str, remote: &Arc<Remote>) -> Result<Answered, Refusal> {
        let name = Digest::of(token);
        let mut asking = self.asking();
        // One that broke off was looked at by somebody, and is put again.
        if let Some(answered) = asking.get(&name).filter(|asked| asked.peek().is_none()) {
            return Ok(answered.clone());
        }
        if asking.len() >= WAITING {
            return Err(Refusal::unavailable("too many others wait for the issuer"));
        }
        let (tell, answered) = oneshot::channel();
        let answered = answered.shared();
        asking.insert(name.clone(), answered.clone());
        let (this, at, token) = (Arc::clone(self), Arc::clone(remote), Secret::from(token));
        let work = async move {
            let found = this.find_out(token.expose(), &at).await;
            this.asking().remove(&name);
            // Whoever asked may be gone.
            let _ = tell.send(found);
        };
        remote.http.engine().spawn(work).detach();
        Ok(answered)
    }

    fn asking(&self) -> MutexGuard<'_, HashMap<Digest, Answered>> {
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn find_out(&self, token: &str, remote: &Remote) -> Result<Arc<Claims>, Refusal> {
        let Ok(Ok(_turn)) = timeout(PATIENCE, self.turns.acquire()).await else {
            return Err(Refusal::unavailable("the issuer was busy with others"));
        };
        let now = remote.clock.now();
        let answer = self.ask(token, remote).await;
        let answer = answer.map_err(|error| Refusal::unavailable(&error.to_string()))?;
        let claims = to_claims(answer, remote, now.plus(self.keep)).map_err(Refusal::Invalid)?;
        let claims = Arc::new(claims);
        // Only what counts: a refusal is asked for again.
        self.active.insert(token, (Arc::clone(&claims), now));
        Ok(claims)
    }

    async fn ask(
        &self,
        token: &str,
        remote: &Remote,
    ) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
        let metadata = remote.metadata().await?;
        let told =
            metadata
                .introspection_endpoint
                .as_deref()
                .ok_or_else(|| DiscoveryError::Lacks {
                    issuer: remote.issuer.as_str().to_owned(),
                    what: "introspection_endpoint, check its tokens by its keys",
                })?;
        let url = remote.issuer.endpoint(told)?;
        let body = Serializer::new(String::new())
            .append_pair("token", token)
            .append_pair("token_type_hint", "access_token")
            .finish();
        let request = Request::post(url.as_str())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(AUTHORIZATION, self.authorization.expose())
            .body(body.into_bytes())?;
        let answer = remote.http.send(request).await?;
        match answer.status() {
            StatusCode::OK => serde_json::from_slice(answer.body()).map_err(|error| {
                DiscoveryError::Document {
                    url,
                    cause: error.to_string(),
                }
                .into()
            }),
            StatusCode::UNAUTHORIZED => Err(format!(
                "{url} does not know the client that asks, check its identifier and secret"
            )
            .into()),
            status => Err(DiscoveryError::Status { url, status }.into()),
        }
    }
}

/// The answer in the words of RFC 9068, if it is about an access token for us.
fn to_claims(answer: Answer, remote: &Remote, end: Timestamp) -> Result<Claims, &'static str> {
    if !answer.active {
        return Err("inactive");
    }
    // RFC 7662 §4: what the answer says is checked as what a token says would be.
    if answer
        .iss
        .is_some_and(|issuer| issuer != remote.issuer.as_str())
    {
        return Err("another issuer's");
    }
    let for_us = answer.aud.as_ref().map(|audience| match audience {
        Audience::One(name) => *name == remote.audience,
        Audience::Several(names) => names.contains(&remote.audience),
    });
    let bearer = answer
        .token_type
        .map(|kind| kind.eq_ignore_ascii_case("bearer"));
    // Refresh tokens are active too; they have neither an audience nor a type of use.
    if for_us == Some(false) || bearer == Some(false) || (for_us.is_none() && bearer.is_none()) {
        return Err("no access token for this resource");
    }
    let exp = answer.exp.map_or(end.as_secs(), whole_seconds);
    if remote.earliest().as_secs() >= exp {
        return Err("expired");
    }
    let mut claims = answer.rest;
    for name in ["nbf", "username"] {
        claims.remove(name);
    }
    if !claims.contains_key("sub") {
        let client = claims.get("client_id").cloned().unwrap_or_default();
        claims.insert("sub".to_owned(), client);
        claims.insert("gty".to_owned(), "client_credentials".into());
    }
    for (name, value) in [
        ("iat", remote.clock.now().as_secs().into()),
        // RFC 7662 §2.2 asks for neither.
        ("jti", "".into()),
        ("client_id", "".into()),
    ] {
        claims.entry(name).or_insert(value);
    }
    round_times(&mut claims);
    claims.insert("iss".to_owned(), remote.issuer.as_str().into());
    claims.insert("aud".to_owned(), remote.audience.clone().into());
    claims.insert("exp".to_owned(), exp.into());
    serde_json::from_value(Value::Object(claims))
        .map_err(|_| "the answer says neither who nor which client")
}
