//! The HTTP families: actix-web-prom's two, and those it does not have.

use std::{collections::HashSet, sync::Arc};

use actix_web_prom::{PrometheusMetrics, PrometheusMetricsBuilder};

use super::{
    Metrics,
    catalogue::Asked,
    draft::Labelled,
    error::Error,
    exemplar::{Book, Exemplars},
    handle::{Counter, Gauge, Histogram},
    kind::Kind,
    trace::Tracer,
};

const TOTAL: &str = "http_requests_total";

pub(super) struct HttpFamilies {
    pub(super) prom: PrometheusMetrics,
    pub(super) in_flight: Gauge,
    pub(super) first_byte: Labelled<Histogram, 2>,
    pub(super) request_bytes: Labelled<Counter, 2>,
    pub(super) response_bytes: Labelled<Counter, 2>,
    pub(super) aborted: Labelled<Counter, 3>,
    pub(super) worker_lag: Histogram,
    /// Traces of requests, by the buckets of actix-web-prom's durations.
    pub(super) durations: Arc<Book>,
    pub(super) tracer: Tracer,
    /// The patterns of routes that are not counted.
    pub(super) excluded: HashSet<String>,
    /// As they are served.
    total: String,
}

impl HttpFamilies {
    /// Makes room for a series of actix-web-prom, with these values of endpoint, method and status, and gives the
    /// exemplars of its durations; nothing when there are too many already.
    pub(super) fn series(&self, labels: [&str; 3]) -> Option<Arc<Exemplars>> {
        self.durations.series(labels, &self.total)
    }

    /// Exemplars that nobody is shown.
    pub(super) fn unlisted(&self) -> Arc<Exemplars> {
        self.durations.unlisted()
    }

    /// Once for a registry, before anything else can take the names.
    pub(super) fn register(metrics: &Metrics, excluded: HashSet<String>) -> Result<Self, Error> {
        let catalogue = metrics.catalogue();
        let naming = &catalogue.naming;
        let labels = ["endpoint", "method", "status"];
        let durations = Arc::new(Book::new(labels, &naming.buckets, naming.max_series));
        let reserve = |name, help, kind, book| {
            let asked = Asked {
                name,
                help,
                labels: &labels,
                buckets: None,
            };
            catalogue.reserve(&asked, kind, book);
        };
        reserve(TOTAL, "Total number of HTTP requests", Kind::Counter, None);
        reserve(
            "http_requests_duration_seconds",
            "HTTP request duration in seconds for all requests",
            Kind::Histogram,
            Some(Arc::clone(&durations)),
        );
        // No `endpoint`: actix-web-prom would turn any response of that path, a 401 too, into a 200 with the scrape.
        let prom = PrometheusMetricsBuilder::new(&naming.namespace)
            .registry(catalogue.registry.clone())
            .buckets(&naming.buckets)
            .const_labels(naming.constant.clone())
            .build()
            .map_err(|_| Error::Namespace {
                namespace: naming.namespace.clone(),
            })?;
        let counter = |name, help, labels| metrics.counter(name).help(help).labels(labels);
        let route = ["endpoint", "method"];
        Ok(Self {
            prom,
            durations,
            tracer: naming.tracer.clone(),
            total: naming.full(TOTAL),
            excluded,
            in_flight: metrics
                .gauge("http_requests_in_flight")
                .help("HTTP requests being served, to the last byte of the response")
                .try_handle()?,
            worker_lag: metrics
                .histogram("runtime_worker_lag_seconds")
                .help("How late a worker's thread comes round to what is due, looked at every half second")
                .buckets([0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0])
                .try_handle()?,
            first_byte: metrics
                .histogram("http_requests_first_byte_seconds")
                .help("HTTP request duration in seconds until the head of the response")
                .labels(route)?,
            request_bytes: counter("http_request_bytes_total", "Bytes of request bodies read", route)?,
            response_bytes: counter("http_response_bytes_total", "Bytes of response bodies sent, before compression", route)?,
            aborted: metrics
                .counter("http_requests_aborted_total")
                .help("HTTP requests that came to no proper end: cancelled, disconnected, panic, stream")
                .labels(["endpoint", "method", "error_type"])?,
        })
    }
}
