//! Asking the issuer about each token (RFC 7662).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use hyper::{Request, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::form_urlencoded::{Serializer, byte_serialize};

use super::server::Remote;
use crate::oauth2::discovery::DiscoveryError;
use crate::oauth2::error::{AuthError, StoreError};
use crate::oauth2::model::{Claims, Secret, Timestamp};
use crate::oauth2::token::KnownTokens;

const MAX_LENGTH: usize = 16 * 1024;

/// As whom the issuer is asked, and what it said lately.
pub(super) struct Introspected {
    authorization: Secret,
    keep: Duration,
    active: KnownTokens<(Arc<Claims>, Timestamp)>,
}

/// RFC 7662 §2.2. What is not named here lands in `rest`.
#[derive(Deserialize)]
struct Answer {
    active: bool,
    iss: Option<String>,
    aud: Option<Audience>,
    token_type: Option<String>,
    exp: Option<i64>,
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
        }
    }

    /// The claims of a token that the issuer called active lately.
    pub(super) fn known(&self, token: &[u8], remote: &Remote) -> Option<Arc<Claims>> {
        let (claims, until) = self.active.get(token)?;
        (remote.clock.now() < until).then_some(claims)
    }

    pub(super) async fn verify(
        &self,
        token: &str,
        remote: &Remote,
    ) -> Result<Arc<Claims>, AuthError> {
        if token.len() > MAX_LENGTH {
            return Err(AuthError::Invalid("too long"));
        }
        if let Some(claims) = self.known(token.as_bytes(), remote) {
            return Ok(claims);
        }
        let now = remote.clock.now();
        let answer = self.ask(token, remote).await.map_err(|error| {
            log::warn!(target: "rf::oauth2", "an access token could not be checked: {error}");
            AuthError::Unavailable(StoreError::new(error.to_string()))
        })?;
        let claims = Arc::new(to_claims(answer, remote, now.plus(self.keep))?);
        // Never past its end, and only what counts: a refusal is asked for again.
        let until = now
            .plus(self.keep)
            .min(Timestamp::from_millis(claims.exp.saturating_mul(1000)));
        self.active.insert(token, (Arc::clone(&claims), until));
        Ok(claims)
    }

    async fn ask(
        &self,
        token: &str,
        remote: &Remote,
    ) -> Result<Answer, Box<dyn std::error::Error>> {
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
fn to_claims(answer: Answer, remote: &Remote, end: Timestamp) -> Result<Claims, AuthError> {
    if !answer.active {
        return Err(AuthError::Invalid("inactive"));
    }
    // RFC 7662 §4: what the answer says is checked as what a token says would be.
    if answer
        .iss
        .is_some_and(|issuer| issuer != remote.issuer.as_str())
    {
        return Err(AuthError::Invalid("another issuer's"));
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
        return Err(AuthError::Invalid("no access token for this resource"));
    }
    let exp = answer.exp.unwrap_or(end.as_secs());
    if remote.earliest().as_secs() >= exp {
        return Err(AuthError::Invalid("expired"));
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
    claims
        .entry("iat")
        .or_insert_with(|| remote.clock.now().as_secs().into());
    claims.entry("jti").or_insert_with(|| "".into());
    claims.insert("iss".to_owned(), remote.issuer.as_str().into());
    claims.insert("aud".to_owned(), remote.audience.clone().into());
    claims.insert("exp".to_owned(), exp.into());
    serde_json::from_value(Value::Object(claims))
        .map_err(|_| AuthError::Invalid("the answer lacks client_id"))
}
