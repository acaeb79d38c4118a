//! One request from its arrival to its end, whichever way it ends.

use std::{rc::Rc, time::Instant};

use actix_web::{
    HttpRequest,
    dev::ServiceRequest,
    http::{
        Method, StatusCode, Uri,
        header::{HeaderMap, HeaderName},
    },
};

use super::{
    payload::{self, Received},
    stopwatch::Stopwatch,
    worker::{Answer, Route, Worker, label},
};
use crate::metrics::trace::TraceId;

/// W3C Trace Context section 3.2.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

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

enum Phase {
    /// The app has the request.
    Asked(Stopwatch),
    /// The response is under way; it counts when the exchange is dropped, unless it has counted already.
    Answering {
        route: Rc<Route>,
        status: StatusCode,
        stopwatch: Option<(Stopwatch, Rc<Answer>)>,
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
    trace: Option<TraceId>,
}

impl Exchange {
    /// In a box, for it is handed from future to response to body.
    pub(super) fn begin(worker: &Rc<Worker>, request: &mut ServiceRequest) -> Box<Self> {
        worker.keep_map(request.resource_map());
        worker.families.in_flight.inc();
        let traced = worker.families.tracer.current();
        Box::new(Self {
            worker: Rc::clone(worker),
            phase: Phase::Asked(worker.start()),
            started: Instant::now(),
            method: label(request.method()),
            uri: request.uri().clone(),
            received: payload::count(request),
            sent: 0,
            trace: traced.or_else(|| continued(request.headers())),
        })
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
        let families = &self.worker.families;
        let status = match abandoned {
            Some(why) => {
                route.aborted(families, why.error_type());
                unanswered_status(why)
            }
            None => {
                let now = Instant::now();
                let elapsed = now.saturating_duration_since(self.started);
                route
                    .first_byte
                    .observe_of(elapsed, self.trace.as_ref(), now);
                status
            }
        };
        let answer = route.answer(families, status);
        let mut stopwatch = Some((stopwatch, answer));
        if endless {
            self.time(status, stopwatch.take());
        }
        self.phase = Phase::Answering {
            route,
            status,
            stopwatch,
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
                    route.aborted(&self.worker.families, why.error_type());
                }
            }
            Phase::Ended => {}
        }
    }

    fn end_unanswered(&mut self, status: StatusCode, why: Option<Abort>) {
        let Phase::Asked(stopwatch) = std::mem::replace(&mut self.phase, Phase::Ended) else {
            return;
        };
        let pattern = self.worker.pattern(self.uri.path());
        let Some(route) = self.worker.route(pattern.as_deref(), &self.method) else {
            return;
        };
        let families = &self.worker.families;
        if let Some(why) = why {
            route.aborted(families, why.error_type());
        }
        let answer = route.answer(families, status);
        self.phase = Phase::Answering {
            route,
            status,
            stopwatch: Some((stopwatch, answer)),
            complete: true,
        };
    }

    /// Lets actix-web-prom count and time the request, and keeps its trace.
    fn time(&self, status: StatusCode, stopwatch: Option<(Stopwatch, Rc<Answer>)>) {
        let Some((stopwatch, answer)) = stopwatch else {
            return;
        };
        stopwatch.stop(&answer.stand_in, status);
        if let Some(trace) = &self.trace {
            let now = Instant::now();
            let elapsed = now.saturating_duration_since(self.started);
            answer.exemplars.keep(elapsed.as_secs_f64(), trace, now);
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
            stopwatch,
            ..
        } = phase
        {
            self.time(status, stopwatch);
            if let Some(received) = &self.received {
                route.request_bytes.inc_by(received.bytes.get());
            }
            route.response_bytes.inc_by(self.sent);
        }
        self.worker.families.in_flight.dec();
    }
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
fn continued(headers: &HeaderMap) -> Option<TraceId> {
    let mut fields = headers.get(&TRACEPARENT)?.to_str().ok()?.split('-');
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
    good.then(|| trace.into())
}
