//! What libraries say through the `log` and `tracing` crates.

mod connect;
mod log;
mod tracing;

#[cfg(feature = "testing")]
pub(super) use self::connect::connect;
pub(super) use self::connect::install;
