//! Files on named disks: stored, listed, served and shared.
//!
//! ```
//! use rf::storage::{Disks, LocalStorage, StorageExt};
//! use std::time::Duration;
//!
//! # #[actix_web::main]
//! # async fn main() -> Result<(), rf::storage::Error> {
//! # let folder = tempfile::tempdir().expect("a folder");
//! # let settings = serde_json::json!({ "disks": { "drive": { "driver": "local", "root": folder.path(), "serve": "/files" } } });
//! # let settings = serde_json::from_value(settings).expect("settings");
//! let disks = Disks::from_settings(&settings, b"at least sixteen random bytes")?;
//! let drive = disks.disk("drive")?;
//! drive.put("uploads/document.txt", "hello").await?;
//! let link = drive.signed_url("uploads/document.txt", Duration::from_secs(3600)).await?;
//! assert!(link.url.starts_with("/files/uploads/document.txt?expires="));
//! # Ok(())
//! # }
//! ```
//!
//! - A backend is a [`Storage`]: [`LocalStorage`], [`MemoryStorage`]; [`Scoped`], [`ReadOnly`] and [`Observed`]
//!   wrap another one, [`Fallback`] two of them.
//! - A [`Disk`] is a backend with a name, a limit and signed links; [`Disks`] are those of an application.
//! - What callers do with any of them stands in [`StorageExt`].
//! - In handlers: [`DiskHandle`], [`UploadForm`], [`Disk::receive`], [`Disk::response`], [`request_key`].
#![doc = include_str!("../docs/storage.md")]

mod checked;
pub(crate) mod configure;
#[cfg(any(test, feature = "testing"))]
pub mod conformance;
mod detect;
mod disk;
mod disks;
mod disposition;
mod error;
mod event;
mod ext;
mod extract;
#[cfg(any(test, feature = "testing"))]
mod fake;
mod key;
mod key_file;
mod local;
mod memory;
mod metadata;
mod naming;
mod open;
mod options;
#[cfg(feature = "s3")]
mod s3;
mod secret;
mod serve;
mod settings;
mod signed_url;
#[allow(
    clippy::module_inception,
    reason = "the trait the module is named after has a file of its own"
)]
mod storage;
mod stream;
mod upload;
mod wrap;

pub use disk::Disk;
pub use disks::{Disks, DisksBuilder};
pub use error::Error;
pub use event::{Event, Observer, Op, Outcome};
pub use ext::{IntoKey, StorageExt};
pub use extract::{DiskHandle, StagedFile, TypedDisk, request_key, typed_disk};
#[cfg(any(test, feature = "testing"))]
pub use fake::FakeDisk;
pub use key::{InvalidKey, Key, Prefix};
pub use local::{LocalStorage, LocalStorageBuilder};
pub use memory::MemoryStorage;
pub use metadata::{ETag, Metadata, Page, Written};
pub use naming::Naming;
pub use options::{Capabilities, Condition, Depth, SignedUrlOptions, Visibility, WriteOptions};
#[cfg(feature = "s3")]
pub use s3::{S3Config, S3Storage};
pub use secret::Secret;
pub use serve::ServeOptions;
pub use settings::{DiskSettings, Driver, StorageSettings, UrlKeySetting};
pub use storage::{MAX_PAGE, Object, SignedUrl, Source, Storage, Writer};
pub use stream::ByteStream;
pub use upload::{Inspector, ScanContext, StagedUpload, UploadForm, UploadPolicy};
pub use wrap::{Fallback, FallbackBuilder, FallbackState, Observed, ReadOnly, Scoped};
