//! The batteries actix-web lacks: files, OAuth2, structured logs and metrics as one suite.
//!
//! Each part is an [`App::configure`](actix_web::App::configure) module, a middleware to
//! [`wrap`](actix_web::App::wrap) and extractors for handlers; [`Suite`] builds all of them from one `rf.toml` and
//! connects them. Each also works alone.
//!
//! | part | what it gives | switched on by |
//! |---|---|---|
//! | [`storage`](mod@storage) | files on named disks: atomic writes, streaming, Range, signed links | `.configure(rf::storage)` |
//! | [`oauth2`](mod@oauth2) | an authorization server, and guards for routes | `.configure(rf::oauth2)` |
//! | [`logging`](mod@logging) | slog records, request ids, access lines | `.wrap(logger.middleware())` |
//! | [`metrics`](mod@metrics) | Prometheus metrics and health | `.wrap(metrics.middleware())`, `.configure(rf::metrics)` |
//!
//! # Features
//!
//! | feature | default | what |
//! |---|---|---|
//! | `storage` `oauth2` `logging` `metrics` | yes | the four parts |
//! | `database` | yes | `metrics` of SeaORM connections |
//! | `macros` | yes | `#[require_scope]`, `#[derive(ScopeGuard)]`, `#[derive(Disk)]` |
//! | `sqlite` | yes | `oauth2` on SQLite |
//! | `postgres` `mysql` | no | `oauth2` on PostgreSQL, on MySQL and MariaDB |
//! | `s3` | no | `storage` on S3 and what speaks like it |
//! | `identity` | no | the app's own sign-in for `oauth2`, by actix-session and actix-identity |
//! | `syslog` | no | log output to syslog: RFC 5424 over a unix socket, UDP and TCP |
//! | `sentry` | no | errors and panics to Sentry |
//! | `testing` | no | requests that act as somebody, fake disks and captured records with asserts, and the conformance suite for storage backends of your own |
//! | `full` | no | all of them |
//!
//! Each feature builds alone. [`Suite`] needs the four parts; [`config`](mod@config) has the sections of those compiled in.
#![cfg_attr(
    not(all(
        feature = "storage",
        feature = "oauth2",
        feature = "logging",
        feature = "metrics"
    )),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "the table names parts that this build leaves out"
    )
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
// The macros expand to `::rf::…`, and they are used inside this crate too.
extern crate self as rf;

pub mod config;
#[cfg(any(feature = "oauth2", feature = "s3"))]
mod engine;
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
pub use crate::suite::{Suite, SuiteBuilder};

#[cfg(feature = "metrics")]
pub use crate::metrics::configure::metrics;
#[cfg(feature = "oauth2")]
pub use crate::oauth2::configure::oauth2;
#[cfg(feature = "storage")]
pub use crate::storage::configure::storage;

#[cfg(feature = "macros")]
pub use rf_actix_macros::{Disk, ScopeGuard, require_scope};

/// The README's example compiles.
#[cfg(all(doctest, feature = "macros"))]
#[doc = include_str!("../../README.md")]
struct Readme;
