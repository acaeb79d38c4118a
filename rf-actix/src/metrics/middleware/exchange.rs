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
    http::{Method, StatusCode, Uri, header::HeaderMap},
};

use super::{
    payload::{self, Received},
    stopwatch::{Stopwatch, Stopwatches, Ticket, stand_in},
};
use crate::metrics::{
    exemplar::Exemplars,
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

    /// Nothing for a route that is not counted.
    fn route(&self, pattern: Option<&str>, method: &Method) -> Option<Rc<Route>> {
        let endpoint = pattern.unwrap_or(UNMATCHED);
        if self.families.excluded.contains(endpoint) {
            return None;
        }
        let mut routes = self.routes.borrow_mut();
        let known = routes.get(endpoint).into_iter().flatten();
        if let Some((_, route)) = known.into_iter().find(|(known, _)| known == method) {
            return Some(Rc::clone(route));
        }
        let route = Rc::new(Route::new(&self.families, endpoint, method));
        let methods = routes.entry(endpoint.to_owned()).or_default();
        methods.push((method.clone(), Rc::clone(&route)));
        Some(route)
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
    /// By status.
    exemplars: RefCell<Vec<(StatusCode, Arc<Exemplars>)>>,
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
            exemplars: RefCell::default(),
        }
    }

    /// The exemplars of the durations with this status.
    fn exemplars(&self, families: &HttpFamilies, status: StatusCode) -> Arc<Exemplars> {
        let mut known = self.exemplars.borrow_mut();
        if let Some((_, exemplars)) = known.iter().find(|(of, _)| *of == status) {
            return Arc::clone(exemplars);
        }
        let labels = [&self.endpoint, self.method.as_str(), status.as_str()];
        let exemplars = families.durations.series(labels);
        known.push((status, Arc::clone(&exemplars)));
        exemplars
    }
}

enum Phase {
    /// The app has the request.
    Asked(Stopwatch),
    /// The response is under way; it counts when the ticket is dropped.
    Answering {
        route: Rc<Route>,
        status: StatusCode,
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
    trace: Option<String>,
}

impl Exchange {
    pub(super) fn begin(worker: &Rc<Worker>, request: &mut ServiceRequest) -> Self {
        worker.map.get_or_init(|| request.resource_map().clone());
        worker.families.in_flight.inc();
        let traced = worker.families.tracer.current();
        Self {
            worker: Rc::clone(worker),
            phase: Phase::Asked(worker.stopwatches.start()),
            started: Instant::now(),
            method: label(request.method()),
            uri: request.uri().clone(),
            received: payload::count(request),
            sent: 0,
            trace: traced.or_else(|| continued(request.headers())),
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
        let Some(route) = self.worker.route(pattern.as_deref(), &self.method) else {
            return;
        };
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
        let mut ticket = stopwatch.stop(&route.stand_in, status);
        if endless {
            self.time(&route, status, ticket.take());
        }
        self.phase = Phase::Answering {
            route,
            status,
            ticket,
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
        let Some(route) = self.worker.route(pattern.as_deref(), &self.method) else {
            return;
        };
        let ticket = stopwatch.stop(&route.stand_in, status);
        if let Some(why) = why {
            aborted(&self.worker.families, &route, why);
        }
        self.phase = Phase::Answering {
            route,
            status,
            ticket,
            complete: true,
        };
    }

    /// Lets actix-web-prom count and time the request, and keeps its trace.
    fn time(&self, route: &Route, status: StatusCode, ticket: Option<Ticket>) {
        if ticket.is_none() {
            return;
        }
        drop(ticket);
        if let Some(trace) = &self.trace {
            let exemplars = route.exemplars(&self.worker.families, status);
            exemplars.keep(self.started.elapsed().as_secs_f64(), trace);
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.abort(match self.phase {
            Phase::Asked(_) => Abort::Cancelled,
            _ => Abort::Disconnected,
        });
        let phase = std::mem::replace(&mut self.phase, Phase::Ended);
        if let Phase::Answering {
            route,
            status,
            ticket,
            ..
        } = phase
        {
            self.time(&route, status, ticket);
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

/// The trace that a caller continues: the second field of `traceparent` (W3C Trace Context section 3.2.2).
fn continued(headers: &HeaderMap) -> Option<String> {
    let mut fields = headers.get("traceparent")?.to_str().ok()?.split('-');
    let (version, trace) = (fields.next()?, fields.next()?);
    let hex = |text: &str| {
        text.bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let good = version.len() == 2
        && version != "ff"
        && hex(version)
        && trace.len() == 32
        && hex(trace)
        && trace.bytes().any(|byte| byte != b'0');
    good.then(|| trace.to_owned())
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
