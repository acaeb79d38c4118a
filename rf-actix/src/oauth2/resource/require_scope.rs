//! A guard for many routes at once.

use super::{AccessToken, requirement::has_scope};
use crate::oauth2::{
    error::AuthError,
    model::{InvalidScope, Scope, ScopeSet},
};
use actix_web::{
    Error,
    body::{BoxBody, EitherBody},
    dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
};
use futures_util::{
    FutureExt,
    future::{Either, LocalBoxFuture, Map},
};
use std::{
    future::{Ready, ready},
    rc::Rc,
};

/// Lets only requests through whose access token has the scopes: a middleware for a whole `web::scope`.
///
/// It answers before anything behind it runs, and before a byte of the body is read; the token is checked once,
/// however many guards and extractors follow. Wildcards (`files:*`) work as in `#[require_scope]`.
///
/// ```
/// use actix_web::{App, web};
/// use rf::oauth2::RequireScope;
///
/// async fn list() -> &'static str { "[]" }
///
/// App::new().service(
///     web::scope("/files")
///         .wrap(RequireScope::all("files:read"))
///         .route("", web::get().to(list))
///         .service(web::scope("/admin").wrap(RequireScope::any("admin files:manage"))),
/// );
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct RequireScope {
    needed: Result<ScopeSet, InvalidScope>,
    each: bool,
}

impl RequireScope {
    /// Every one of these scopes, parted by spaces; at least one, or the app does not start.
    pub fn all(scopes: &str) -> Self {
        Self {
            needed: named(scopes),
            each: true,
        }
    }

    /// One of these scopes, parted by spaces; there must be one, or the app does not start.
    pub fn any(scopes: &str) -> Self {
        Self {
            needed: named(scopes),
            each: false,
        }
    }

    /// A token, whatever its scopes.
    pub fn any_token() -> Self {
        Self {
            needed: Ok(ScopeSet::new()),
            each: true,
        }
    }
}

/// The scopes, of which there is at least one: a setting that is empty by mistake must not open a guard.
fn named(scopes: &str) -> Result<ScopeSet, InvalidScope> {
    let needed: ScopeSet = scopes.parse()?;
    if needed.is_empty() {
        // No scope is written like this: the error says so.
        scopes.parse::<Scope>()?;
    }
    Ok(needed)
}

impl<S, B> Transform<S, ServiceRequest> for RequireScope
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B, BoxBody>>;
    type Error = Error;
    type Transform = RequireScopeService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(match &self.needed {
            Ok(needed) => Ok(RequireScopeService {
                service: Rc::new(service),
                needed: Rc::new(needed.clone()),
                each: self.each,
            }),
            // The app does not start with a guard that guards nothing.
            Err(error) => {
                log::error!(target: "rf::oauth2", "RequireScope: {error}; any_token() takes a token whatever its scopes");
                Err(())
            }
        })
    }
}

/// What [`RequireScope`] wraps a service in.
#[derive(Debug)]
pub struct RequireScopeService<S> {
    service: Rc<S>,
    needed: Rc<ScopeSet>,
    each: bool,
}

impl<S, B> Service<ServiceRequest> for RequireScopeService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B, BoxBody>>;
    type Error = Error;
    type Future = Either<
        Map<S::Future, fn(Result<ServiceResponse<B>, Error>) -> Result<Self::Response, Error>>,
        LocalBoxFuture<'static, Result<Self::Response, Error>>,
    >;

    forward_ready!(service);

    fn call(&self, req: ServiceRequest) -> Self::Future {
        let known = AccessToken::at_once(req.request());
        if known.is_some_and(|token| is_enough(&token, &self.needed, self.each)) {
            return Either::Left(self.service.call(req).map(inside));
        }
        let (service, needed, each) =
            (Rc::clone(&self.service), Rc::clone(&self.needed), self.each);
        Either::Right(Box::pin(async move {
            match admitted(&req, &needed, each).await {
                Ok(()) => inside(service.call(req).await),
                Err(error) => Ok(req.error_response(error).map_into_right_body()),
            }
        }))
    }
}

fn inside<B>(
    answer: Result<ServiceResponse<B>, Error>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    answer.map(ServiceResponse::map_into_left_body)
}

async fn admitted(req: &ServiceRequest, needed: &ScopeSet, each: bool) -> Result<(), Error> {
    let token = AccessToken::of(req.request()).await?;
    if is_enough(&token, needed, each) {
        return Ok(());
    }
    Err(AuthError::InsufficientScope {
        required: needed.clone(),
    }
    .into())
}

fn is_enough(token: &AccessToken, needed: &ScopeSet, each: bool) -> bool {
    let mut wanted = needed.iter();
    let has = |scope: &str| has_scope(token.scopes(), scope);
    if each {
        wanted.all(|scope| has(scope.as_str()))
    } else {
        wanted.any(|scope| has(scope.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::StatusCode;
    use actix_web::test::status_service;

    #[actix_web::test]
    async fn a_guard_that_names_no_scope_lets_no_app_start() {
        for guard in [
            RequireScope::all(""),
            RequireScope::any(""),
            RequireScope::all("  "),
            RequireScope::any("a\"b"),
        ] {
            let started = guard.new_transform(status_service(StatusCode::OK)).await;
            assert!(started.is_err(), "{guard:?}");
        }
        for guard in [RequireScope::any_token(), RequireScope::any("a")] {
            let started = guard.new_transform(status_service(StatusCode::OK)).await;
            assert!(started.is_ok(), "{guard:?}");
        }
    }
}
