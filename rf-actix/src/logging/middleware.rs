//! What happens to every request: it gets an id and a context, and leaves a line.

use super::{
    LogBody, Logger, RequestContext, RequestId, TraceContext,
    access::Access,
    failure::{WithRequestId, X_REQUEST_ID},
    ids::Seed,
    payload,
};
use crate::remote;
use actix_web::{
    Error, HttpMessage,
    body::{BodySize, MessageBody},
    dev::{Service, ServiceRequest, ServiceResponse, Transform},
    http::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT},
};
use pin_project_lite::pin_project;
use std::{
    future::{Future, Ready, ready},
    net::IpAddr,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready as when_ready},
    time::Duration,
};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Request ids, request context and access lines.
///
/// Wrap it last, so that it is outermost and sees what other middlewares answer:
///
/// ```
/// use actix_web::App;
/// use rf::logging::Logger;
///
/// let logger = Logger::builder().with_request_id().build()?;
/// let app = App::new().wrap(logger.middleware().trusted_proxies(["10.0.0.1".parse()?]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The access line has the target `rf::access` and is written when the last byte of the response was handed to
/// the connection, or when that will not happen any more: `outcome` then says `disconnect`, `panic` or
/// `body_error`. It is an error when the status is 500 or above or something broke, a warning when the request
/// was slow, else info. A client that leaves before there is a status, or before it has sent the
/// `Content-Length` it announced, is logged as 499.
#[derive(Clone, Debug)]
pub struct LogMiddleware {
    logger: Arc<Logger>,
    trusted: Arc<[IpAddr]>,
    slow: Option<Duration>,
}

impl Logger {
    /// The middleware that gives requests their context and writes access lines.
    #[must_use]
    pub fn middleware(&self) -> LogMiddleware {
        LogMiddleware {
            slow: self.options().slow_request,
            logger: Arc::new(self.clone()),
            trusted: Arc::new([]),
        }
    }
}

impl LogMiddleware {
    /// Believes the `X-Forwarded-For` of these addresses, and of no other.
    #[must_use]
    pub fn trusted_proxies(mut self, proxies: impl IntoIterator<Item = IpAddr>) -> Self {
        self.trusted = proxies
            .into_iter()
            .map(|address| address.to_canonical())
            .collect();
        self
    }

    /// Requests whose response takes this long to begin are logged at warn; as the builder said by default.
    #[must_use]
    pub fn slow_request(mut self, threshold: Duration) -> Self {
        self.slow = Some(threshold);
        self
    }

    fn context(&self, headers: &HeaderMap) -> RequestContext {
        let seed = Seed::draw();
        let request_id = self.logger.options().request_id.then(|| {
            headers
                .get(X_REQUEST_ID)
                .and_then(|sent| RequestId::accept(sent.as_bytes()))
                .unwrap_or_else(|| RequestId::fresh(&seed))
        });
        let trace = headers
            .get(TRACEPARENT)
            .and_then(|sent| TraceContext::continued(sent.as_bytes(), &seed))
            .unwrap_or_else(|| TraceContext::fresh(&seed));
        RequestContext::new(Arc::clone(&self.logger), request_id, trace)
    }

    fn access(&self, context: RequestContext, request: &ServiceRequest) -> Box<Access> {
        let mut access = Access::begin(context, request.method().clone(), request.path());
        let headers = request.headers();
        let peer = request.peer_addr().map(|peer| peer.ip());
        access.remote = remote::address(peer, headers, &self.trusted);
        if let Some(agent) = headers.get(USER_AGENT) {
            match std::str::from_utf8(agent.as_bytes()) {
                Ok(agent) => access.sent_by(agent),
                Err(_) => access.sent_by(&String::from_utf8_lossy(agent.as_bytes())),
            }
        }
        access.slow = self.slow;
        access
    }
}

impl<S, B> Transform<S, ServiceRequest> for LogMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<LogBody<B>>;
    type Error = Error;
    type Transform = LogService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(LogService {
            service,
            middleware: Rc::new(self.clone()),
        }))
    }
}

/// The service [`LogMiddleware`] makes.
#[derive(Debug)]
pub struct LogService<S> {
    service: S,
    middleware: Rc<LogMiddleware>,
}

impl<S, B> Service<ServiceRequest> for LogService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<LogBody<B>>;
    type Error = Error;
    type Future = LogFuture<S::Future>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let context = self.middleware.context(request.headers());
        let mut access = self.middleware.access(context.clone(), &request);
        let payload = request.take_payload();
        let (payload, received) = payload::counted(payload, request.headers());
        request.set_payload(payload);
        access.received = received;
        let entered = context.enter();
        request.extensions_mut().insert(context);
        let future = self.service.call(request);
        drop(entered);
        LogFuture {
            future,
            access: Some(access),
        }
    }
}

pin_project! {
    /// The future of [`LogService`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct LogFuture<F> {
        #[pin]
        future: F,
        // After the future: what it logs when it is dropped comes before the line.
        access: Option<Box<Access>>,
    }
}

impl<F, B> Future for LogFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<LogBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let access = this
            .access
            .as_ref()
            .expect("the future is not polled after it has ended");
        let _entered = access.context.enter();
        let result = when_ready!(this.future.poll(cx));
        let mut access = this.access.take().expect("taken here only");
        Poll::Ready(match result {
            Ok(mut response) => {
                // Only now is the route known: the routers inside have matched it.
                access.route = response.request().match_pattern();
                access.error = response.response().error().map(ToString::to_string);
                if let Some(id) = access.context.request_id() {
                    response.headers_mut().insert(X_REQUEST_ID, header(id));
                }
                access.respond(
                    response.status().as_u16(),
                    response.response().body().size(),
                );
                Ok(response.map_body(|_, body| LogBody::new(body, access)))
            }
            Err(error) => Err(refuse(error, access)),
        })
    }
}

/// A middleware inside gave up, and actix-web makes a response of its error when nobody can see it any more.
fn refuse(error: Error, mut access: Box<Access>) -> Error {
    let response = error.error_response();
    access.error = Some(error.to_string());
    access.respond(response.status().as_u16(), response.body().size());
    if let BodySize::Sized(bytes) = response.body().size() {
        access.bytes_out = bytes;
    }
    access.end();
    match access.context.request_id() {
        Some(id) => WithRequestId::new(error, header(id)).into(),
        None => error,
    }
}

fn header(id: &RequestId) -> HeaderValue {
    HeaderValue::from_str(id.as_str()).expect("an id has only characters that headers may have")
}
