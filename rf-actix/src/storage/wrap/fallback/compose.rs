//! Copies and renamings of files that wait, composed of reading, writing and removing.

use super::fallback::Fallback;
use crate::storage::{
    error::Error,
    key::Key,
    metadata::{ETag, Metadata},
    options::{Condition, WriteOptions},
    storage::Storage,
};
use futures_util::TryStreamExt;

/// How often a file may be written while it is renamed, before we give up.
const ATTEMPTS: usize = 8;

/// Copies a file. Which version that was, and what it is now.
pub(super) async fn copy(
    storage: &Fallback,
    from: &Key,
    to: &Key,
) -> Result<(ETag, Metadata), Error> {
    let waiting = storage.shared.journal.latest(from).await?;
    let file = waiting.as_ref().and_then(|waiting| waiting.file.as_ref());
    let visibility = file.and_then(|file| file.0.visibility);
    let source = storage.open(from, 0..u64::MAX).await?;
    let Metadata {
        etag,
        content_type,
        user,
        ..
    } = source.metadata.clone();
    let options = WriteOptions {
        content_type: Some(content_type),
        user,
        visibility,
        ..WriteOptions::new()
    };
    let mut content = source.into_stream();
    let mut writer = storage.writer(to, options).await?;
    while let Some(bytes) = content.try_next().await? {
        writer.write(bytes).await?;
    }
    Ok((etag, writer.commit().await?.metadata))
}

/// Copies a file and removes the version that was copied; a newer one is copied again.
pub(super) async fn rename(storage: &Fallback, from: &Key, to: &Key) -> Result<Metadata, Error> {
    for _ in 0..ATTEMPTS {
        let (etag, metadata) = copy(storage, from, to).await?;
        let version = match storage.capabilities().conditions {
            true => Condition::IfMatch(etag),
            false => Condition::Always,
        };
        match storage.remove(from, &version).await {
            Err(Error::PreconditionFailed { .. }) => {}
            Ok(()) => return Ok(metadata),
            Err(error) => return Err(error),
        }
    }
    Err(Error::PreconditionFailed { key: from.clone() })
}
