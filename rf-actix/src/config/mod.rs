//! `rf.toml` and `RF_…` environment variables, as typed sections.
//!
//! A file holds the sections `[server]`, `[database]`, `[oauth2]`, `[storage]`, `[logging]` and `[metrics]`; a variable
//! `RF_<SECTION>__<KEY>` goes on top of it. Nothing is ignored: an unknown key, a value of the wrong kind or a
//! missing secret is one [`ConfigError`] that names the key, where it was written, and what to write instead.
//!
//! ```
//! use rf::config::Sources;
//!
//! let config = Sources::new()
//!     .text("rf.toml", "[server]\nbind = \"127.0.0.1:9000\"")
//!     .variables([("RF_SERVER__DRAIN".into(), "250ms".into())])
//!     .load()?;
//! assert_eq!(config.server.bind, "127.0.0.1:9000");
//! assert_eq!(config.server.drain.as_millis(), 250);
//!
//! let refused = Sources::new().text("rf.toml", "[server]\nbnd = \"127.0.0.1:9000\"").load().unwrap_err();
//! assert!(refused.to_string().starts_with("rf.toml: server.bnd: unknown key, did you mean `bind`?"));
//! # Ok::<(), rf::config::ConfigError>(())
//! ```

#[cfg(feature = "oauth2")]
mod database;
mod error;
mod origins;
mod section;
mod source;

#[cfg(feature = "oauth2")]
pub use database::DatabaseSettings;
pub use error::ConfigError;
pub use section::{Config, ServerSettings};
pub use source::Sources;
