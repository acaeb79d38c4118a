//! One request from its arrival to its end, whichever way it ends.

use std::{
    cell::{OnceCell, RefCell},
    collections::HashMap,
    rc::Rc,
    sync::Arc,
    time::Instant,
};

use actix_web::{
    HttpRequest,
    dev::{ResourceMap, ServiceRequest},
    http::{Method, StatusCode, Uri},
};

use super::{
    payload::{self, Received},
    stopwatch::{Stopwatch, Stopwatches, Ticket, stand_in},
};
use crate::metrics::{
    handle::{Counter, Histogram},
    http_families::HttpFamilies,
};

/// The label of every path no route matches, however many a scanner thinks up.
const UNMATCHED: &str = "unmatched";

/// How a request came to no proper end.
#[derive(Clone, Copy, Debug)]
pub(super) enum Abort {
    /// The client went away before the response began, or before it had sent all of its request.
    Cancelled,
    /// The client went away within the body.
    Disconnected,
    /// A handler, a middleware or a body panicked.
    Panic,
    /// The body ended in an error.
    Stream,
}

impl Abort {
    fn error_type(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Disconnected => "disconnected",
            Self::Panic => "panic",
            Self::Stream => "stream",
        }
    }
}

/// By endpoint, and then the few methods of each.
type Routes = HashMap<String, Vec<(Method, Rc<Route>)>>;

/// What one worker keeps for all its requests.
pub(super) struct Worker {
    families: Arc<HttpFamilies>,
    stopwatches: Stopwatches,
    routes: RefCell<Routes>,
    /// The app's routes, to name the one a request was on its way to when it ended before its response.
    map: OnceCell<ResourceMap>,
}

impl Worker {
    pub(super) fn new(families: Arc<HttpFamilies>) -> Self {
        Self {
            stopwatches: Stopwatches::new(&families.prom),
            families,
            routes: RefCell::default(),
            map: OnceCell::new(),
        }
    }

    fn route(&self, endpoint: &str, method: &Method) -> Rc<Route> {
        let mut routes = self.routes.borrow_mut();
        let known = routes.get(endpoint).into_iter().flatten();
        if let Some((_, route)) = known.into_iter().find(|(known, _)| known == method) {
            return Rc::clone(route);
        }
        let route = Rc::new(Route::new(&self.families, endpoint, method));
        let methods = routes.entry(endpoint.to_owned()).or_default();
        methods.push((method.clone(), Rc::clone(&route)));
        route
    }
}

/// An endpoint and a method: the series are looked up once.
struct Route {
    endpoint: String,
    method: Method,
    stand_in: HttpRequest,
    first_byte: Histogram,
    request_bytes: Counter,
    response_bytes: Counter,
}

impl Route {
    fn new(families: &HttpFamilies, endpoint: &str, method: &Method) -> Self {
        let labels = [endpoint, method.as_str()];
        Self {
            endpoint: endpoint.to_owned(),
            method: method.clone(),
            stand_in: stand_in(endpoint, method),
            first_byte: families.first_byte.bind(labels),
            request_bytes: families.request_bytes.bind(labels),
            response_bytes: families.response_bytes.bind(labels),
        }
    }
}

enum Phase {
    /// The app has the request.
    Asked(Stopwatch),
    /// The response is under way; it counts when the ticket is dropped.
    Answering {
        route: Rc<Route>,
        ticket: Option<Ticket>,
        complete: bool,
    },
    Ended,
}

/// A request in flight. Whatever drops it, it is counted exactly once.
pub(super) struct Exchange {
    worker: Rc<Worker>,
    phase: Phase,
    started: Instant,
    method: Method,
    uri: Uri,
    received: Option<Rc<Received>>,
    sent: u64,
}

impl Exchange {
    pub(super) fn begin(worker: &Rc<Worker>, request: &mut ServiceRequest) -> Self {
        worker.map.get_or_init(|| request.resource_map().clone());
        worker.families.in_flight.inc();
        Self {
            worker: Rc::clone(worker),
            phase: Phase::Asked(worker.stopwatches.start()),
            started: Instant::now(),
            method: label(request.method()),
            uri: request.uri().clone(),
            received: payload::count(request),
            sent: 0,
        }
    }

    /// The head of the response is there. `complete`: no body will be sent. `endless`: the response is a stream of
    /// events or another protocol, whose length says nothing about latency: it is counted now.
    pub(super) fn answered(
        &mut self,
        request: &HttpRequest,
        status: StatusCode,
        complete: bool,
        endless: bool,
    ) {
        let abandoned = self.abandoned(status);
        let Phase::Asked(stopwatch) = std::mem::replace(&mut self.phase, Phase::Ended) else {
            return;
        };
        // Only now is the pattern sure: guards and nested scopes have had their say.
        let pattern = request.match_pattern();
        let route = self
            .worker
            .route(pattern.as_deref().unwrap_or(UNMATCHED), &self.method);
        let status = match abandoned {
            Some(why) => {
                aborted(&self.worker.families, &route, why);
                unanswered_status(why)
            }
            None => {
                route.first_byte.observe(self.started.elapsed());
                status
            }
        };
        let ticket = stopwatch.stop(&route.stand_in, status);
        self.phase = Phase::Answering {
            route,
            ticket: ticket.filter(|_| !endless),
            complete: complete || endless || abandoned.is_some(),
        };
    }

    /// A middleware returned an error, which becomes a response further out.
    pub(super) fn failed(&mut self, status: StatusCode) {
        match self.abandoned(status) {
            Some(why) => self.abort(why),
            None => self.end_unanswered(status, None),
        }
    }

    /// Whether the client left while it was sending, so that the response says no more than that and reaches
    /// nobody. A failure of our own stays one.
    fn abandoned(&self, status: StatusCode) -> Option<Abort> {
        let abandoned = self.received.as_ref()?.abandoned.get();
        (abandoned && !status.is_server_error()).then_some(Abort::Cancelled)
    }

    /// A piece of the body was handed over; for HEAD it goes no further (RFC 9110 section 9.3.2).
    pub(super) fn sent(&mut self, bytes: u64) {
        if self.method != Method::HEAD {
            self.sent += bytes;
        }
    }

    /// The whole body was handed over.
    pub(super) fn complete(&mut self) {
        if let Phase::Answering { complete, .. } = &mut self.phase {
            *complete = true;
        }
    }

    /// Something broke; in the body of a response that is counted with the status it began with.
    pub(super) fn abort(&mut self, why: Abort) {
        match &mut self.phase {
            Phase::Asked(_) => self.end_unanswered(unanswered_status(why), Some(why)),
            Phase::Answering {
                route, complete, ..
            } => {
                if !std::mem::replace(complete, true) {
                    aborted(&self.worker.families, route, why);
                }
            }
            Phase::Ended => {}
        }
    }

    fn end_unanswered(&mut self, status: StatusCode, why: Option<Abort>) {
        let Phase::Asked(stopwatch) = std::mem::replace(&mut self.phase, Phase::Ended) else {
            return;
        };
        let map = self.worker.map.get();
        let pattern = map.and_then(|map| map.match_pattern(self.uri.path()));
        let route = self
            .worker
            .route(pattern.as_deref().unwrap_or(UNMATCHED), &self.method);
        let ticket = stopwatch.stop(&route.stand_in, status);
        if let Some(why) = why {
            aborted(&self.worker.families, &route, why);
        }
        self.phase = Phase::Answering {
            route,
            ticket,
            complete: true,
        };
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.abort(match self.phase {
            Phase::Asked(_) => Abort::Cancelled,
            _ => Abort::Disconnected,
        });
        if let Phase::Answering { route, ticket, .. } =
            std::mem::replace(&mut self.phase, Phase::Ended)
        {
            drop(ticket);
            if let Some(received) = &self.received {
                route.request_bytes.inc_by(received.bytes.get());
            }
            route.response_bytes.inc_by(self.sent);
        }
        self.worker.families.in_flight.dec();
    }
}

fn aborted(families: &HttpFamilies, route: &Route, why: Abort) {
    let labels = [
        route.endpoint.as_str(),
        route.method.as_str(),
        why.error_type(),
    ];
    families.aborted.bind(labels).inc();
}

/// Nothing was sent, so the status is ours: 499 is what nginx made customary for a client that went away.
fn unanswered_status(why: Abort) -> StatusCode {
    match why {
        Abort::Panic | Abort::Stream => StatusCode::INTERNAL_SERVER_ERROR,
        Abort::Cancelled | Abort::Disconnected => {
            StatusCode::from_u16(499).expect("three digits are a status")
        }
    }
}

/// Methods come from the client: those no RFC defines are one label.
fn label(method: &Method) -> Method {
    const KNOWN: [Method; 9] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::CONNECT,
        Method::OPTIONS,
        Method::TRACE,
        Method::PATCH,
    ];
    if KNOWN.contains(method) {
        method.clone()
    } else {
        Method::from_bytes(b"_OTHER").expect("a token is a method")
    }
}
