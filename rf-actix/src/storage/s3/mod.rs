//! Files in a bucket of S3, or of what speaks like it.
//!
//! The operations and their types are rusoto's; how they travel, who signs them and with what is ours. No type of
//! rusoto leaves this module.

mod acl;
mod again;
mod beside;
mod condition;
mod config;
mod copy;
mod credentials;
mod endpoint;
mod error;
mod list;
mod metadata;
mod multipart;
mod notes;
mod parts;
mod presign;
mod read;
mod remove;
mod resolved;
mod s3_storage;
#[cfg(test)]
mod script;
mod sigv4;
mod transport;
mod writer;

pub use config::S3Config;
pub(super) use credentials::{Environment, keys_are_told, process_environment};
pub use s3_storage::S3Storage;

use super::secret;
