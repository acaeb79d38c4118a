//! The HTTP families: actix-web-prom's two, and those it does not have.

use actix_web_prom::{PrometheusMetrics, PrometheusMetricsBuilder};

use super::{
    Metrics,
    draft::Labelled,
    error::Error,
    handle::{Counter, Gauge, Histogram},
    kind::Kind,
};

pub(super) struct HttpFamilies {
    pub(super) prom: PrometheusMetrics,
    pub(super) in_flight: Gauge,
    pub(super) first_byte: Labelled<Histogram, 2>,
    pub(super) request_bytes: Labelled<Counter, 2>,
    pub(super) response_bytes: Labelled<Counter, 2>,
    pub(super) aborted: Labelled<Counter, 3>,
}

impl HttpFamilies {
    /// Once for a registry, before anything else can take the names.
    pub(super) fn register(metrics: &Metrics) -> Result<Self, Error> {
        let catalogue = metrics.catalogue();
        catalogue.reserve("http_requests_total", Kind::Counter);
        catalogue.reserve("http_requests_duration_seconds", Kind::Histogram);
        let naming = &catalogue.naming;
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
            in_flight: metrics
                .gauge("http_requests_in_flight")
                .help("HTTP requests being served, to the last byte of the response")
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
