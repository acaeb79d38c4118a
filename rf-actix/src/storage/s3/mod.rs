//! Files in a bucket of S3, or of what speaks like it.
//!
//! The operations and their types are rusoto's; how they travel, who signs them and with what is ours. No type of
//! rusoto leaves this module.

mod config;
mod credentials;
mod endpoint;
mod presign;
mod resolved;
#[cfg(test)]
mod script;
mod secret;
mod sigv4;
mod transport;

pub use config::S3Config;
pub use secret::Secret;
