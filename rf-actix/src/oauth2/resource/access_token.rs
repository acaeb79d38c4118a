//! A token that was checked.

use super::{
    bearer::bearer_token,
    checker::{Checker, CheckerId},
    requirement::has_scope,
};
use crate::oauth2::model::{Claims, ClientId, Principal, ScopeSet};
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use futures_util::future::{Either, LocalBoxFuture};
use std::{
    fmt,
    future::{Ready, ready},
    sync::Arc,
};

/// The checked access token of a request: who calls, through which client, allowed what.
///
/// As an extractor it refuses a request without a valid token (401, RFC 6750 §3), whatever its scopes. The token
/// is checked once a request, however many extractors and guards ask for it; again only where a nearer handle checks.
#[derive(Clone)]
pub struct AccessToken {
    claims: Arc<Claims>,
    /// Who found it good; nobody did where a test pretends so.
    by: Option<CheckerId>,
}

impl AccessToken {
    /// Whom the token stands for: a person, or the client itself. Use [`AccessToken::principal`] where these two
    /// must not be mistaken for one another.
    pub fn subject(&self) -> &str {
        &self.claims.sub
    }

    /// The client that was given the token.
    pub fn client_id(&self) -> &ClientId {
        &self.claims.client_id
    }

    /// What the token allows.
    pub fn scopes(&self) -> &ScopeSet {
        &self.claims.scope
    }

    /// Whether the token allows `scope`. `"files:*"` asks for any scope of that family, and a token that was
    /// granted `files:*` has them all.
    pub fn has(&self, scope: &str) -> bool {
        has_scope(&self.claims.scope, scope)
    }

    /// The person or the client behind the token.
    pub fn principal(&self) -> Principal {
        self.claims.principal()
    }

    /// All that the token says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// A token that nobody sent, for tests.
    #[cfg(feature = "testing")]
    pub(crate) fn pretended(claims: Claims) -> Self {
        Self {
            claims: Arc::new(claims),
            by: None,
        }
    }

    /// What was found out about the token of this request before. One that another handle let through, of another
    /// issuer or for another audience, is none here (RFC 9068 §4).
    fn noted(req: &HttpRequest) -> Option<Self> {
        let noted = req.extensions().get::<Self>()?.clone();
        let counts = noted
            .by
            .is_none_or(|by| Checker::find(req).is_some_and(|checker| checker.id() == by));
        counts.then_some(noted)
    }

    fn note(req: &HttpRequest, claims: Arc<Claims>, by: CheckerId) -> Self {
        let by = Some(by);
        let token = Self { claims, by };
        req.extensions_mut().insert(token.clone());
        token
    }

    /// The token of this request, when that takes no waiting.
    pub(super) fn at_once(req: &HttpRequest) -> Option<Self> {
        if let Some(noted) = Self::noted(req) {
            return Some(noted);
        }
        let checker = Checker::find(req)?;
        let claims = checker.known_claims(req)?;
        Some(Self::note(req, claims, checker.id()))
    }

    /// The token of this request; checked when nobody asked before.
    pub(crate) async fn of(req: &HttpRequest) -> Result<Self, actix_web::Error> {
        if let Some(noted) = Self::noted(req) {
            return Ok(noted);
        }
        let checker = Checker::of(req)?;
        let sent = bearer_token(req.headers(), req.query_string())?;
        let claims = checker.verified_claims(sent).await?;
        Ok(Self::note(req, claims, checker.id()))
    }
}

impl FromRequest for AccessToken {
    type Error = actix_web::Error;
    type Future = Either<
        Ready<Result<Self, actix_web::Error>>,
        LocalBoxFuture<'static, Result<Self, actix_web::Error>>,
    >;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        if let Some(token) = Self::at_once(req) {
            return Either::Left(ready(Ok(token)));
        }
        let req = req.clone();
        Either::Right(Box::pin(async move { Self::of(&req).await }))
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("subject", &self.claims.sub)
            .field("client_id", &self.claims.client_id)
            .field("scopes", &self.claims.scope)
            .finish_non_exhaustive()
    }
}
