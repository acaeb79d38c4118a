//! HTTP metrics: actix-web-prom counts and times, and what it would miss is brought to it.
//!
//! - `transform`: the middleware, and the service and the body it puts round the app's own
//! - `worker`: what a worker keeps for all its requests
//! - `exchange`: one request from its arrival to its end, whichever way it ends
//! - `stopwatch`: actix-web-prom, driven by hand
//! - `lag`: how late each worker is
//! - `payload`: request bodies, counted as they are read

mod exchange;
mod lag;
mod payload;
mod stopwatch;
mod transform;
mod worker;

pub use transform::{MetricsMiddleware, Tracked, Tracking, TrackingService};
