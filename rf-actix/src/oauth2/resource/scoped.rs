//! An extractor behind a guard.

use super::{AccessToken, ScopeGuard};
use crate::oauth2::error::AuthError;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::{
    FutureExt,
    future::{Either, LocalBoxFuture, Map},
};
use std::{fmt, marker::PhantomData, ops::Deref};

/// Extracts `T`, but only after the token was found to have the scopes of the guard `G`.
///
/// actix-web creates all extractors of a handler together and polls them in turn, so an extractor that reads the
/// body may answer before one that checks the token. Here the check comes first, and a request that fails it has
/// no byte of its body read. `T` may be a tuple of extractors; left out, it is the [`AccessToken`].
///
/// ```
/// use rf::oauth2::{ScopeGuard, Scoped};
///
/// #[derive(ScopeGuard)]
/// #[scope("orders:read")]
/// struct ReadOrders;
///
/// async fn orders(token: Scoped<ReadOrders>) -> String {
///     format!("orders of {}", token.subject())
/// }
/// ```
pub struct Scoped<G, T = AccessToken> {
    inner: T,
    guard: PhantomData<fn() -> G>,
}

impl<G, T> Scoped<G, T> {
    /// What was extracted.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<G, T: FromRequest> Scoped<G, T> {
    fn behind(extracted: Result<T, T::Error>) -> Result<Self, actix_web::Error> {
        let inner = extracted.map_err(Into::into)?;
        Ok(Self {
            inner,
            guard: PhantomData,
        })
    }
}

/// The token of the request, if it has what `G` requires.
pub(crate) async fn authorize<G: ScopeGuard>(
    req: &HttpRequest,
) -> Result<AccessToken, actix_web::Error> {
    let token = AccessToken::of(req).await?;
    if G::REQUIRED.is_met_by(token.scopes()) {
        return Ok(token);
    }
    Err(AuthError::InsufficientScope {
        required: G::REQUIRED.scopes(),
    }
    .into())
}

impl<G: ScopeGuard, T: FromRequest + 'static> FromRequest for Scoped<G, T> {
    type Error = actix_web::Error;
    type Future = Either<
        Map<T::Future, fn(Result<T, T::Error>) -> Result<Self, actix_web::Error>>,
        LocalBoxFuture<'static, Result<Self, actix_web::Error>>,
    >;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let known = AccessToken::at_once(req);
        if known.is_some_and(|token| G::REQUIRED.is_met_by(token.scopes())) {
            return Either::Left(T::from_request(req, payload).map(Self::behind));
        }
        let (req, mut payload) = (req.clone(), payload.take());
        Either::Right(Box::pin(async move {
            authorize::<G>(&req).await?;
            Self::behind(T::from_request(&req, &mut payload).await)
        }))
    }
}

impl<G, T> Deref for Scoped<G, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<G, T: fmt::Debug> fmt::Debug for Scoped<G, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scoped").field(&self.inner).finish()
    }
}
