//! actix-web-prom, driven by hand.
//!
//! Its middleware counts a request when the body of its response is dropped, if there was a response: not when an
//! inner middleware returned `Err`, not when the client went away first, not when the handler panicked. It takes the
//! pattern from the request, and logs a warning for each one with a regular expression in it. So it is not put
//! round the app but beside it, round a service that answers when it is told to: with a request that
//! stands for the route and with the status that ended the real one. Its clock, counter and histogram do the rest.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use actix_web::{
    Error, HttpRequest, HttpResponse,
    dev::{Service, ServiceRequest, ServiceResponse, Transform},
    http::{Method, StatusCode, Uri, uri::PathAndQuery},
    test::TestRequest,
};
use actix_web_prom::{PrometheusMetrics, PrometheusMetricsMiddleware};

type Prom = PrometheusMetricsMiddleware<Told>;

/// The actix-web-prom of one worker.
pub(super) struct Stopwatches {
    prom: Prom,
    told: Told,
    /// Any request will do to start with: the one that counts is the one in the answer.
    blank: HttpRequest,
}

impl Stopwatches {
    pub(super) fn new(prom: &PrometheusMetrics) -> Self {
        let told = Told::default();
        let prom = prom.new_transform(told.clone()).into_inner();
        Self {
            prom: prom.expect("actix-web-prom has no way to fail here"),
            told,
            blank: TestRequest::default().to_http_request(),
        }
    }

    /// Starts the clock of a request.
    pub(super) fn start(&self) -> Stopwatch {
        let request = ServiceRequest::from_request(self.blank.clone());
        Stopwatch {
            running: self.prom.call(request),
            told: self.told.clone(),
        }
    }
}

/// A running clock. Dropped without [`stop`](Self::stop) it counts nothing.
pub(super) struct Stopwatch {
    running: <Prom as Service<ServiceRequest>>::Future,
    told: Told,
}

impl Stopwatch {
    /// Counts and times the request, as one that ends now.
    pub(super) fn stop(mut self, stand_in: &HttpRequest, status: StatusCode) {
        let answer = HttpResponse::with_body(status, ());
        *self.told.0.borrow_mut() = Some(ServiceResponse::new(stand_in.clone(), answer));
        // actix-web-prom counts when it drops the body.
        let counted = Pin::new(&mut self.running).poll(&mut Context::from_waker(Waker::noop()));
        drop(counted);
    }
}

/// A request that actix-web-prom labels with `endpoint` and `method`.
///
/// It belongs to no app, so it matches no route, and then its path is the label.
pub(super) fn stand_in(endpoint: &str, method: &Method) -> HttpRequest {
    let mut parts = actix_web::http::uri::Parts::default();
    parts.path_and_query = PathAndQuery::try_from(as_path(endpoint)).ok();
    let mut request = TestRequest::default()
        .method(method.clone())
        .to_srv_request();
    request.head_mut().uri = Uri::from_parts(parts).unwrap_or_default();
    request.into_parts().0
}

/// What a path cannot hold (`?` in a regular expression, say) is percent-encoded.
fn as_path(endpoint: &str) -> String {
    let mut path = String::with_capacity(endpoint.len());
    for byte in endpoint.bytes() {
        match byte {
            b'"' | 0x21 | 0x24..=0x3B | 0x3D | 0x40..=0x5F | 0x61..=0x7E => {
                path.push(char::from(byte))
            }
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path
}

/// The service inside actix-web-prom: answers with what it was told.
///
/// One place serves all requests of a worker: it is filled and emptied within [`Stopwatch::stop`].
#[derive(Clone, Default)]
pub(super) struct Told(Rc<RefCell<Option<ServiceResponse<()>>>>);

impl Service<ServiceRequest> for Told {
    type Response = ServiceResponse<()>;
    type Error = Error;
    type Future = Told;

    fn poll_ready(&self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&self, _: ServiceRequest) -> Self::Future {
        self.clone()
    }
}

impl Future for Told {
    type Output = Result<ServiceResponse<()>, Error>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        self.0
            .borrow_mut()
            .take()
            .map_or(Poll::Pending, |answer| Poll::Ready(Ok(answer)))
    }
}
