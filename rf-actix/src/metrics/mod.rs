//! Counters, gauges and histograms for Prometheus, HTTP metrics, and health probes.
//!
//! ```
//! use actix_web::App;
//! use rf::metrics::Metrics;
//!
//! let metrics = Metrics::new();
//! metrics.counter("orders_total").help("Orders taken").with_label("shop", "oslo").inc();
//! metrics.health().check("disk", || async { Ok::<_, String>(()) });
//!
//! let app = App::new()
//!     .wrap(metrics.middleware())     // http_requests_total, http_requests_duration_seconds …
//!     .configure(metrics.state())     // hands the registry to the app
//!     .configure(rf::metrics);        // /metrics, /health/live, /health/ready
//! # drop(app);
//! ```
//!
#![doc = include_str!("../docs/metrics.md")]

mod auth;
mod builder;
mod catalogue;
mod collector;
pub(crate) mod configure;
#[cfg(feature = "database")]
mod database;
mod draft;
mod encode;
mod error;
mod exemplar;
mod family;
mod handle;
mod health;
mod http_families;
mod info;
mod kind;
mod middleware;
mod name;
mod process;
mod pull;
mod registry;
mod settings;
mod trace;

pub use auth::ScrapeAuth;
pub use builder::MetricsBuilder;
pub use configure::{live, ready, scrape};
pub use draft::{Draft, Labelled};
pub use error::Error;
pub use handle::{Amount, Counter, Gauge, Histogram, Instrument, Timer};
pub use health::{Health, Outcome, Report, Status};
pub use info::FamilyInfo;
pub use kind::Kind;
pub use middleware::{MetricsMiddleware, Tracked, Tracking, TrackingService};
pub use registry::Metrics;
pub use settings::MetricsSettings;
pub use trace::TraceId;
