//! What a worker keeps for all its requests: of each route that was asked for, its series.

use std::{
    cell::{OnceCell, RefCell},
    collections::HashMap,
    rc::Rc,
    sync::Arc,
};

use actix_web::{
    HttpRequest,
    dev::ResourceMap,
    http::{Method, StatusCode},
};

use super::stopwatch::{Stopwatch, Stopwatches, stand_in};
use crate::metrics::{
    exemplar::Exemplars,
    handle::{Counter, Histogram},
    http_families::HttpFamilies,
    name::OVERFLOW,
};

/// The label of every path no route matches, however many a scanner thinks up.
const UNMATCHED: &str = "unmatched";

/// By endpoint, and then the few methods of each.
type Routes = HashMap<String, Vec<(Method, Rc<Route>)>>;

/// What one worker keeps.
pub(super) struct Worker {
    pub(super) families: Arc<HttpFamilies>,
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

    pub(super) fn start(&self) -> Stopwatch {
        self.stopwatches.start()
    }

    /// Keeps the app's routes, with its first request.
    pub(super) fn keep_map(&self, map: &ResourceMap) {
        self.map.get_or_init(|| map.clone());
    }

    /// The pattern of the route that a path is on its way to.
    pub(super) fn pattern(&self, path: &str) -> Option<String> {
        self.map.get()?.match_pattern(path)
    }

    /// Nothing for a route that is not counted. `method` is one that [`label`] gave.
    pub(super) fn route(&self, pattern: Option<&str>, method: &Method) -> Option<Rc<Route>> {
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
pub(super) struct Route {
    endpoint: String,
    method: Method,
    pub(super) first_byte: Histogram,
    pub(super) request_bytes: Counter,
    pub(super) response_bytes: Counter,
    answers: RefCell<Vec<(StatusCode, Rc<Answer>)>>,
}

/// A status of a route.
pub(super) struct Answer {
    /// The request that actix-web-prom labels its series by.
    pub(super) stand_in: HttpRequest,
    /// Those of its durations.
    pub(super) exemplars: Arc<Exemplars>,
}

impl Route {
    fn new(families: &HttpFamilies, endpoint: &str, method: &Method) -> Self {
        let labels = [endpoint, method.as_str()];
        Self {
            endpoint: endpoint.to_owned(),
            method: method.clone(),
            first_byte: families.first_byte.bind(labels),
            request_bytes: families.request_bytes.bind(labels),
            response_bytes: families.response_bytes.bind(labels),
            answers: RefCell::default(),
        }
    }

    pub(super) fn answer(&self, families: &HttpFamilies, status: StatusCode) -> Rc<Answer> {
        let mut answers = self.answers.borrow_mut();
        if let Some((_, answer)) = answers.iter().find(|(of, _)| *of == status) {
            return Rc::clone(answer);
        }
        let answer = Rc::new(Answer::new(families, &self.endpoint, &self.method, status));
        answers.push((status, Rc::clone(&answer)));
        answer
    }

    /// Counts a request that came to no proper end.
    pub(super) fn aborted(&self, families: &HttpFamilies, error_type: &str) {
        let labels = [self.endpoint.as_str(), self.method.as_str(), error_type];
        families.aborted.bind(labels).inc();
    }
}

impl Answer {
    /// The families of actix-web-prom know no cap of their own: what is over it gets other labels here.
    fn new(families: &HttpFamilies, endpoint: &str, method: &Method, status: StatusCode) -> Self {
        let series = |endpoint, method| families.series([endpoint, method, status.as_str()]);
        let (stand_in, exemplars) = match series(endpoint, method.as_str()) {
            Some(exemplars) => (stand_in(endpoint, method), exemplars),
            None => {
                let method = Method::from_bytes(OVERFLOW.as_bytes()).expect("a token is a method");
                (stand_in(OVERFLOW, &method), families.unlisted())
            }
        };
        Self {
            stand_in,
            exemplars,
        }
    }
}

/// Methods come from the client: those no RFC defines are one label.
pub(super) fn label(method: &Method) -> Method {
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
