//! What is served: the Prometheus text format 0.0.4, or OpenMetrics 1.0 where that is asked for.

mod accept;
mod openmetrics;
mod text;

pub(super) use accept::Exposition;
pub(super) use openmetrics::openmetrics;
pub(super) use text::text;
