//! What handlers ask for: the request's logger, and its id.

use super::{Logger, RequestContext, RequestId, logger};
use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest, dev::Payload, error::ErrorInternalServerError,
    web,
};
use std::{
    future::{Ready, ready},
    ops::Deref,
};

impl Logger {
    /// Hands the logger to the application: `App::new().configure(logger.state())`.
    pub fn state(&self) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
        let data = web::Data::new(self.clone());
        move |config| {
            config.app_data(data);
        }
    }
}

/// The request's logger: every line carries the request's ids, also from other tasks and threads.
///
/// ```
/// use actix_web::{Responder, get};
/// use rf::logging::{Log, slog};
///
/// #[get("/")]
/// async fn index(log: Log) -> impl Responder {
///     slog::info!(log, "greeting"; "to" => "world");
///     "hello"
/// }
/// ```
///
/// Without the middleware it is the application's logger ([`Logger::state`]), or the installed one.
#[derive(Clone, Debug)]
pub struct Log(slog::Logger);

impl Deref for Log {
    type Target = slog::Logger;

    fn deref(&self) -> &slog::Logger {
        &self.0
    }
}

impl FromRequest for Log {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let log = context(request)
            .map(|context| context.slog())
            .or_else(|| {
                request
                    .app_data::<web::Data<Logger>>()
                    .map(|logger| logger.slog().clone())
            })
            .or_else(|| logger::global().map(|logger| logger.slog().clone()));
        ready(log.map(Self).ok_or_else(|| {
            log::error!(
                target: "rf::logging",
                "a handler asks for `Log` and there is no logger: add `.wrap(logger.middleware())` to the App"
            );
            ErrorInternalServerError("")
        }))
    }
}

impl RequestId {
    /// The id of a request, wherever one has it in hand: in guards, middlewares, error handlers.
    ///
    /// `None` without the middleware, or when the logger was built without request ids.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Option<Self> {
        context(request)?.request_id().cloned()
    }
}

impl FromRequest for RequestId {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request).ok_or_else(|| {
            log::error!(
                target: "rf::logging",
                "a handler asks for `RequestId` and requests have none: \
                 add `.with_request_id()` to the logger and `.wrap(logger.middleware())` to the App"
            );
            ErrorInternalServerError("")
        }))
    }
}

fn context(request: &HttpRequest) -> Option<RequestContext> {
    request.extensions().get::<RequestContext>().cloned()
}
