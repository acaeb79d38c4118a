//! What can be wrong with a metric or its configuration.

use super::kind::Kind;

/// Why a metric, a collector or a configuration was refused.
///
/// The plain calls (`metrics.counter(…).inc()`) never return it: they log it once and count nothing. It comes
/// from the `try_…` calls, from [`labels`](super::Draft::labels) and from building a [`Metrics`](super::Metrics).
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The name is not one of the Prometheus data model.
    #[error(
        "metric name {name:?} is not valid, use letters, digits, `_` and `:`, and no digit in front"
    )]
    Name {
        /// The refused name.
        name: String,
    },
    /// The label name is not one of the Prometheus data model, or is reserved.
    #[error(
        "label {label:?} of metric {name} is not valid, use letters, digits and `_`, no digit or `__` in front, and neither `le` nor `quantile`"
    )]
    Label {
        /// The metric.
        name: String,
        /// The refused label.
        label: String,
    },
    /// A label was given twice, or is already a constant label of the whole registry.
    #[error("label {label:?} of metric {name} is given twice, remove one")]
    RepeatedLabel {
        /// The metric.
        name: String,
        /// The repeated label.
        label: String,
    },
    /// The name is in use with another type.
    #[error("metric {name} is already a {registered}, choose another name for this {wanted}")]
    Kind {
        /// The metric.
        name: String,
        /// What the name stands for.
        registered: Kind,
        /// What was asked for.
        wanted: Kind,
    },
    /// The name is in use with other labels.
    #[error(
        "metric {name} has the labels {registered:?}, not {given:?}, use the same set everywhere"
    )]
    Labels {
        /// The metric.
        name: String,
        /// The labels it was registered with.
        registered: Vec<String>,
        /// The labels that were given.
        given: Vec<String>,
    },
    /// A closure was to be read as something that is not a single number.
    #[error("metric {name} cannot be a {wanted} read by a closure, make it a counter or a gauge")]
    NotRead {
        /// The metric.
        name: String,
        /// What was asked for.
        wanted: Kind,
    },
    /// The name, or one of the series a histogram of that name would have, is taken.
    #[error("metric {name} is already registered as {taken}, choose another name")]
    Taken {
        /// The metric.
        name: String,
        /// The family in the way.
        taken: String,
    },
    /// The buckets are empty, not finite, not rising, or not those of the registered histogram.
    #[error("buckets of {name} are not valid, {reason}")]
    Buckets {
        /// The histogram, or `every histogram` for the configured ones.
        name: String,
        /// What is wrong and what to write.
        reason: &'static str,
    },
    /// The path of `/metrics` cannot be a route.
    #[error("path {path:?} is not valid, write for example \"/metrics\"")]
    Path {
        /// The refused path.
        path: String,
    },
    /// The namespace is not the beginning of a metric name.
    #[error(
        "namespace {namespace:?} is not valid, use letters, digits and `_`, and no digit in front"
    )]
    Namespace {
        /// The refused namespace.
        namespace: String,
    },
}
