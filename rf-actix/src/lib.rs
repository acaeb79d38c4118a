//! The batteries actix-web lacks: files, OAuth2, structured logs and metrics as one suite.
#![cfg_attr(docsrs, feature(doc_cfg))]
// The macros expand to `::rf::…`, and they are used inside this crate too.
extern crate self as rf;

pub mod config;
mod error;
#[cfg(feature = "logging")]
pub mod logging;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "oauth2")]
pub mod oauth2;
#[cfg(feature = "storage")]
pub mod storage;

pub mod prelude;
#[doc(hidden)]
pub mod private;
#[cfg(any(feature = "oauth2", feature = "logging"))]
mod remote;
mod setting;
#[cfg(all(
    feature = "storage",
    feature = "oauth2",
    feature = "logging",
    feature = "metrics"
))]
pub mod suite;

pub use crate::error::Error;
#[cfg(all(
    feature = "storage",
    feature = "oauth2",
    feature = "logging",
    feature = "metrics"
))]
pub use crate::suite::Suite;

#[cfg(feature = "metrics")]
pub use crate::metrics::configure::metrics;
#[cfg(feature = "oauth2")]
pub use crate::oauth2::configure::oauth2;
#[cfg(feature = "storage")]
pub use crate::storage::configure::storage;

#[cfg(feature = "macros")]
pub use rf_actix_macros::{Disk, ScopeGuard, require_scope};
