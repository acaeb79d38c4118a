//! What libraries say through the `log` and `tracing` crates.

mod log;
mod tracing;

pub(super) use self::{log::LogBridge, tracing::TracingBridge};
