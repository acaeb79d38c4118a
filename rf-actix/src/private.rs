//! What the macros expand to. Not public API: it changes together with them.

pub use actix_web::{Error, FromRequest, HttpRequest, dev::Payload};
pub use std::future::{Ready, ready};

#[cfg(feature = "oauth2")]
pub use crate::oauth2::declare::{Declaration, checked_scope, scope_texts};
#[cfg(feature = "oauth2")]
pub use guard::{Extraction, scope_guard};

#[cfg(feature = "oauth2")]
mod guard {
    use super::{Error, HttpRequest};
    use crate::oauth2::{AccessToken, ScopeGuard, authorize};
    use futures_util::future::LocalBoxFuture;

    /// The future of an extractor that `#[derive(ScopeGuard)]` makes.
    pub type Extraction<T> = LocalBoxFuture<'static, Result<T, Error>>;

    /// Builds the guard from the token, once that has the scopes.
    pub fn scope_guard<G: ScopeGuard>(
        request: &HttpRequest,
        build: fn(AccessToken) -> G,
    ) -> Extraction<G> {
        let request = request.clone();
        Box::pin(async move { authorize::<G>(&request).await.map(build) })
    }
}
