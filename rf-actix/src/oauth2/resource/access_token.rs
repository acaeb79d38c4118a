//! A token that was checked.

use super::{bearer::bearer_token, checker::Checker, requirement::has_scope};
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
/// is checked once a request, however many extractors and guards ask for it.
#[derive(Clone)]
pub struct AccessToken(Arc<Claims>);

impl AccessToken {
    /// Whom the token stands for: a person, or the client itself. Use [`AccessToken::principal`] where these two
    /// must not be mistaken for one another.
    pub fn subject(&self) -> &str {
        &self.0.sub
    }

    /// The client that was given the token.
    pub fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    /// What the token allows.
    pub fn scopes(&self) -> &ScopeSet {
        &self.0.scope
    }

    /// Whether the token allows `scope`. `"files:*"` asks for any scope of that family, and a token that was
    /// granted `files:*` has them all.
    pub fn has(&self, scope: &str) -> bool {
        has_scope(&self.0.scope, scope)
    }

    /// The person or the client behind the token.
    pub fn principal(&self) -> Principal {
        self.0.principal()
    }

    /// All that the token says.
    pub fn claims(&self) -> &Claims {
        &self.0
    }

    /// A token that nobody sent, for tests.
    #[cfg(feature = "testing")]
    pub(crate) fn pretended(claims: Claims) -> Self {
        Self(Arc::new(claims))
    }

    /// The token of this request, when that takes no waiting.
    pub(super) fn at_once(req: &HttpRequest) -> Option<Self> {
        if let Some(checked) = req.extensions().get::<Self>() {
            return Some(checked.clone());
        }
        let token = Self(Checker::known_claims(req)?);
        req.extensions_mut().insert(token.clone());
        Some(token)
    }

    /// The token of this request; checked when nobody asked before.
    pub(crate) async fn of(req: &HttpRequest) -> Result<Self, actix_web::Error> {
        if let Some(checked) = req.extensions().get::<Self>() {
            return Ok(checked.clone());
        }
        let checker = Checker::of(req)?;
        let sent = bearer_token(req.headers(), req.query_string())?;
        let token = Self(checker.verified_claims(sent).await?);
        req.extensions_mut().insert(token.clone());
        Ok(token)
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
            .field("subject", &self.0.sub)
            .field("client_id", &self.0.client_id)
            .field("scopes", &self.0.scope)
            .finish_non_exhaustive()
    }
}
