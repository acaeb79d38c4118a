//! Who is signed in, for handlers.

use std::fmt;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL, LOCATION};
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use serde_json::{Map, Value, json};

use super::builder::SignInError;
use super::middleware::Opened;
use super::session::Session;
use crate::oauth2::model::{ReturnTo, Secret, Subject};

/// Access tokens are renewed so long before they end, so that they last for what they are wanted for.
const AHEAD: Duration = Duration::from_secs(30);

/// Somebody who is signed in.
///
/// As an extractor it sends a browser that is not signed in to the provider, and answers 401 to everything else; use
/// `Option<SignedIn>` for pages that are for both.
pub struct SignedIn {
    opened: Opened,
    session: Session,
}

impl SignedIn {
    /// Who: what the provider calls the person for good. Another provider may call somebody else the same.
    pub fn subject(&self) -> &Subject {
        &self.session.subject
    }

    /// What else the provider told at the sign-in.
    pub fn profile(&self) -> &Map<String, Value> {
        &self.session.profile
    }

    /// What the person allowed the app, if the provider said so.
    pub fn scope(&self) -> Option<&str> {
        self.session.tokens.scope.as_deref()
    }

    /// The access token for calls on the person's behalf, renewed when it is about to end.
    ///
    /// Requests that come at the same time renew it once.
    ///
    /// # Errors
    /// [`SignInError::Ended`] when the provider renews it no more, or gave nothing to renew it by and it has ended: the
    /// person is signed out by the answer to this request. Otherwise when the provider cannot be asked.
    pub async fn access_token(&self) -> Result<Secret, Arc<SignInError>> {
        let Some(session) = self.opened.get() else {
            return Err(Arc::new(SignInError::Ended));
        };
        let inner = &self.opened.sign_in.0;
        let now = inner.now();
        let ends_by = |time| session.tokens.access_ends_at.is_some_and(|at| at <= time);
        let Some(refresh) = &session.tokens.refresh else {
            if ends_by(now) {
                self.opened.set(None);
                return Err(Arc::new(SignInError::Ended));
            }
            return Ok(session.tokens.access.into());
        };
        if !ends_by(now.plus(AHEAD)) {
            return Ok(session.tokens.access.into());
        }
        match inner.renewals.renew(&self.opened.sign_in, refresh).await {
            Ok(mut tokens) => {
                let access = tokens.access.clone().into();
                // RFC 6749 §5.1: a scope that is not named is the one that was asked for, here the old one (§6).
                tokens.scope = tokens.scope.or(session.tokens.scope);
                self.opened.set(Some(Session { tokens, ..session }));
                Ok(access)
            }
            Err(error) => {
                if matches!(*error, SignInError::Ended) {
                    self.opened.set(None);
                }
                Err(error)
            }
        }
    }
}

impl FromRequest for SignedIn {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(opened) = req.extensions().get::<Opened>().cloned() else {
            log::error!(
                target: "rf::oauth2",
                "{} wants to know who is signed in and the app has no sign-in: add `.wrap(sign_in.middleware())`",
                req.path()
            );
            return ready(Err(InternalError::new(
                "",
                StatusCode::INTERNAL_SERVER_ERROR,
            )
            .into()));
        };
        ready(match opened.get() {
            Some(session) => Ok(Self { opened, session }),
            None => Err(NotSignedIn::here(&opened, req).into()),
        })
    }
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedIn")
            .field("subject", self.subject())
            .finish_non_exhaustive()
    }
}

/// Nobody is signed in: to a browser the way to the provider, to all else 401.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nobody is signed in")]
pub struct NotSignedIn {
    start: Option<String>,
}

impl NotSignedIn {
    fn here(opened: &Opened, req: &HttpRequest) -> Self {
        let html = |accept: &str| accept.contains("text/html");
        let accept = req
            .headers()
            .get(ACCEPT)
            .and_then(|accept| accept.to_str().ok());
        let wanted = req.uri().path_and_query().map_or("/", |path| path.as_str());
        // A form is not sent again by a redirect.
        let start = (req.method() == Method::GET && accept.is_some_and(html))
            .then(|| ReturnTo::parse(wanted))
            .flatten()
            .map(|wanted| opened.sign_in.0.start_path(wanted.as_str()));
        Self { start }
    }
}

impl ResponseError for NotSignedIn {
    fn status_code(&self) -> StatusCode {
        if self.start.is_some() {
            StatusCode::SEE_OTHER
        } else {
            StatusCode::UNAUTHORIZED
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status_code());
        answer.insert_header((CACHE_CONTROL, "no-store"));
        match &self.start {
            Some(start) => answer.insert_header((LOCATION, start.as_str())).finish(),
            None => {
                let body = json!({ "type": "about:blank", "title": "Unauthorized", "status": 401, "detail": "sign in first" });
                answer
                    .content_type("application/problem+json")
                    .body(body.to_string())
            }
        }
    }
}
