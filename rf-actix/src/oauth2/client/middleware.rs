//! The session, opened before the handlers run and kept after them.

use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::{Error, HttpMessage};
use futures_util::future::LocalBoxFuture;

use super::session::Session;
use super::sign_in::SignIn;

/// What [`SignIn::middleware`] gives.
#[derive(Debug, Clone)]
pub struct SignInMiddleware(SignIn);

/// The session while a request is answered.
#[derive(Clone)]
pub(super) struct Opened {
    pub(super) sign_in: SignIn,
    pub(super) session: Arc<Mutex<Slot>>,
}

#[derive(Default)]
pub(super) struct Slot {
    pub(super) session: Option<Session>,
    /// Whether the cookie says something else by now.
    pub(super) changed: bool,
}

impl Opened {
    pub(super) fn get(&self) -> Option<Session> {
        self.lock().session.clone()
    }

    pub(super) fn set(&self, session: Option<Session>) {
        *self.lock() = Slot {
            session,
            changed: true,
        };
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Slot> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SignInMiddleware {
    pub(super) fn new(sign_in: SignIn) -> Self {
        Self(sign_in)
    }
}

impl<S, B> Transform<S, ServiceRequest> for SignInMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = SignInService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(SignInService {
            service: Rc::new(service),
            sign_in: self.0.clone(),
        }))
    }
}

/// What [`SignInMiddleware`] wraps a service in.
#[derive(Debug)]
pub struct SignInService<S> {
    service: Rc<S>,
    sign_in: SignIn,
}

impl<S, B> Service<ServiceRequest> for SignInService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    forward_ready!(service);

    fn call(&self, req: ServiceRequest) -> Self::Future {
        let session = self.sign_in.0.session(req.request());
        let slot = Slot {
            session,
            changed: false,
        };
        let opened = Opened {
            sign_in: self.sign_in.clone(),
            session: Arc::new(Mutex::new(slot)),
        };
        req.extensions_mut().insert(opened.clone());
        let service = Rc::clone(&self.service);
        Box::pin(async move {
            let mut answer = service.call(req).await?;
            let slot = std::mem::take(&mut *opened.lock());
            if slot.changed {
                let inner = &opened.sign_in.0;
                let cookies = match &slot.session {
                    Some(session) => inner.keep(answer.request(), session),
                    None => Some(inner.forget(answer.request())),
                };
                let Some(cookies) = cookies else {
                    log::error!(target: "rf::oauth2", "the tokens of the sign-in provider are too long for cookies, ask for fewer scopes");
                    return Ok(answer);
                };
                for cookie in cookies {
                    answer.response_mut().add_cookie(&cookie)?;
                }
            }
            Ok(answer)
        })
    }
}
