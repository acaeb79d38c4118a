//! How a record becomes one line.

mod compact;
mod escape;
mod json;
mod logfmt;
mod look;
mod pretty;
#[cfg(feature = "syslog")]
mod syslog;
mod timestamp;

pub use look::Format;
pub(crate) use look::Look;
#[cfg(feature = "syslog")]
pub(crate) use syslog::Header;
pub(crate) use timestamp::Clock;
