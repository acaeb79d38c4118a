//! The names an app needs: `use rf::prelude::*;`.

#[cfg(feature = "logging")]
pub use crate::logging::{Log, Logger, RequestId};
#[cfg(feature = "metrics")]
pub use crate::metrics::Metrics;
#[cfg(feature = "oauth2")]
pub use crate::oauth2::{AccessToken, BearerToken, OAuth2Server};
#[cfg(feature = "storage")]
pub use crate::storage::{DiskHandle, Disks, StorageExt, UploadForm};
#[cfg(feature = "macros")]
pub use crate::{Disk, ScopeGuard, require_scope};
