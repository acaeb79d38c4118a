//! The middleware, and the service and the body it puts round the app's own.

use std::{
    fmt,
    future::{Ready, ready},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready as poll_ready},
};

use actix_web::{
    Error, HttpMessage as _,
    body::{BodySize, MessageBody},
    dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
    http::{Method, StatusCode, header::CONTENT_TYPE},
    web::Bytes,
};
use pin_project_lite::pin_project;

use super::{
    exchange::{Abort, Exchange},
    lag,
    worker::Worker,
};
use crate::metrics::Metrics;

/// Counts and times every request, whichever way it ends.
///
/// Wrap the app with it, and outside of what may answer by itself (`wrap` puts the last one outermost). Wrapped
/// twice, the outer one counts.
///
/// ```
/// use actix_web::App;
/// use rf::metrics::{Metrics, MetricsMiddleware};
///
/// let metrics = Metrics::new();
/// let app = App::new().wrap(MetricsMiddleware::new(metrics.clone())).configure(rf::metrics);
/// # drop(app);
/// ```
#[derive(Clone, Debug)]
pub struct MetricsMiddleware {
    metrics: Metrics,
}

impl Metrics {
    /// The middleware that counts and times every request; give it to `App::wrap`.
    pub fn middleware(&self) -> MetricsMiddleware {
        MetricsMiddleware::new(self.clone())
    }
}

impl MetricsMiddleware {
    /// A middleware that counts in this registry.
    pub fn new(metrics: Metrics) -> Self {
        Self { metrics }
    }
}

impl<S, B> Transform<S, ServiceRequest> for MetricsMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<Tracked<B>>;
    type Error = Error;
    type Transform = TrackingService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let families = self.metrics.http();
        let worker = Rc::new(Worker::new(Arc::clone(&families)));
        lag::watch(families.worker_lag.clone(), Rc::downgrade(&worker));
        ready(Ok(TrackingService { service, worker }))
    }
}

/// The service that [`MetricsMiddleware`] makes.
pub struct TrackingService<S> {
    service: S,
    worker: Rc<Worker>,
}

/// In a request's extensions: it is counted further out.
struct Counted;

impl<S, B> Service<ServiceRequest> for TrackingService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<Tracked<B>>;
    type Error = Error;
    type Future = Tracking<S::Future>;

    forward_ready!(service);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let counted = request.extensions_mut().insert(Counted).is_some();
        let mut exchange = (!counted).then(|| Exchange::begin(&self.worker, &mut request));
        let inner = catch(&mut exchange, || self.service.call(request));
        Tracking { inner, exchange }
    }
}

impl<S> fmt::Debug for TrackingService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrackingService").finish_non_exhaustive()
    }
}

pin_project! {
    /// The response to come of a [`TrackingService`].
    pub struct Tracking<F> {
        #[pin]
        inner: F,
        exchange: Option<Box<Exchange>>,
    }
}

impl<F, B> Future for Tracking<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<Tracked<B>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = poll_ready!(catch(this.exchange, || this.inner.poll(cx)));
        let mut exchange = this.exchange.take();
        match answer {
            Ok(response) => {
                if let Some(exchange) = &mut exchange {
                    let complete = sends_no_body(&response);
                    let (status, endless) = (response.status(), is_endless(&response));
                    exchange.answered(response.request(), status, complete, endless);
                }
                Ok(response.map_body(|_, body| Tracked { body, exchange })).into()
            }
            // It stays an error, as middlewares further out expect; the response made of it has this status.
            Err(error) => {
                if let Some(exchange) = &mut exchange {
                    exchange.failed(error.as_response_error().status_code());
                }
                Err(error).into()
            }
        }
    }
}

impl<F> fmt::Debug for Tracking<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracking").finish_non_exhaustive()
    }
}

fn sends_no_body<B: MessageBody>(response: &ServiceResponse<B>) -> bool {
    matches!(
        response.response().body().size(),
        BodySize::None | BodySize::Sized(0)
    ) || response.request().method() == Method::HEAD
}

/// Server-sent events, and whatever a connection was upgraded to.
fn is_endless<B>(response: &ServiceResponse<B>) -> bool {
    let kind = response.headers().get(CONTENT_TYPE);
    response.status() == StatusCode::SWITCHING_PROTOCOLS
        || kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// Counts a panic before it goes on: what unwinds through here is dropped right after.
fn catch<T>(exchange: &mut Option<Box<Exchange>>, run: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        if let Some(exchange) = exchange {
            exchange.abort(Abort::Panic);
        }
        resume_unwind(panic)
    })
}

pin_project! {
    /// A response body that is counted to its last byte.
    pub struct Tracked<B> {
        #[pin]
        body: B,
        exchange: Option<Box<Exchange>>,
    }
}

impl<B: MessageBody> MessageBody for Tracked<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.project();
        let chunk = poll_ready!(catch(this.exchange, || this.body.poll_next(cx)));
        if let Some(exchange) = this.exchange {
            match &chunk {
                Some(Ok(bytes)) => exchange.sent(bytes.len() as u64),
                Some(Err(_)) => exchange.abort(Abort::Stream),
                None => exchange.complete(),
            }
        }
        Poll::Ready(chunk)
    }
}

impl<B> fmt::Debug for Tracked<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracked").finish_non_exhaustive()
    }
}
