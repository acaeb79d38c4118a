//! How a record becomes one line.

mod compact;
mod escape;
mod json;
mod logfmt;
mod look;
mod pretty;
mod timestamp;

pub use look::Format;
pub(crate) use look::Look;
pub(crate) use timestamp::Timestamp;
