//! Content on its way from one place to another, a chunk at a time.

use super::ALL;
use crate::storage::{
    error::Error,
    key::Key,
    metadata::{Metadata, Written},
    options::{Condition, Visibility, WriteOptions},
    storage::Storage,
};
use bytes::Bytes;
use futures_util::TryStreamExt;
use std::{fs::File, io::Read, path::PathBuf};

/// How often others may write a file while we add to it, before we give up.
const ATTEMPTS: usize = 16;
/// The bytes read from a file of the host in one hop.
const CHUNK: usize = 256 * 1024;

/// Type and notes of a file, for another one with its content.
fn like(file: Metadata) -> WriteOptions {
    let options = WriteOptions::new().content_type(file.content_type);
    let notes = file.user.into_iter();
    notes.fold(options, |options, (name, value)| options.note(name, value))
}

pub(super) async fn across(
    from: &(impl Storage + ?Sized),
    key: &Key,
    to: &(impl Storage + ?Sized),
    target: &Key,
) -> Result<Written, Error> {
    if is_one(from, key, to, target) {
        return untouched(from, key, target).await;
    }
    let object = from.open(key, ALL).await?;
    let mut writer = to.writer(target, like(object.metadata.clone())).await?;
    let mut content = object.into_stream();
    while let Some(bytes) = content.try_next().await? {
        writer.write(bytes).await?;
    }
    writer.commit().await
}

pub(super) async fn moved(
    from: &(impl Storage + ?Sized),
    key: &Key,
    to: &(impl Storage + ?Sized),
    target: &Key,
) -> Result<Written, Error> {
    // Where a tag is made of the content, the file just written would be taken for the one to remove.
    if is_one(from, key, to, target) {
        return untouched(from, key, target).await;
    }
    let before = from.stat(key).await?;
    let written = across(from, key, to, target).await?;
    let condition = match from.capabilities().conditions {
        true => Condition::IfMatch(before.etag),
        false => Condition::Always,
    };
    from.remove(key, &condition).await?;
    Ok(written)
}

/// Whether the keys of two storages are the same file.
fn is_one(
    from: &(impl Storage + ?Sized),
    key: &Key,
    to: &(impl Storage + ?Sized),
    target: &Key,
) -> bool {
    let place = from.place(key);
    place.is_some() && place == to.place(target)
}

/// What is told of a file that was to be carried to where it is.
async fn untouched(
    from: &(impl Storage + ?Sized),
    key: &Key,
    target: &Key,
) -> Result<Written, Error> {
    let mut metadata = from.stat(key).await?;
    metadata.key = target.clone();
    Ok(Written::new(metadata, false))
}

/// The file with bytes before and behind it; whole again when somebody else writes it meanwhile.
pub(super) async fn joined(
    storage: &(impl Storage + ?Sized),
    key: &Key,
    before: Bytes,
    behind: Bytes,
) -> Result<Written, Error> {
    let conditions = storage.capabilities().conditions;
    let mut attempt = 1;
    loop {
        let (mut options, content) = match storage.open(key, ALL).await {
            Ok(object) => {
                let condition = Condition::IfMatch(object.metadata.etag.clone());
                let options = like(object.metadata.clone()).condition(condition);
                (options, Some(object.into_stream()))
            }
            Err(Error::NotFound { .. }) => {
                (WriteOptions::new().condition(Condition::IfAbsent), None)
            }
            Err(error) => return Err(error),
        };
        if !conditions {
            options = options.condition(Condition::Always);
        }
        let written = async {
            if content.is_some() {
                options.visibility = seen(storage, key).await?;
            }
            let mut writer = storage.writer(key, options).await?;
            writer.write(before.clone()).await?;
            if let Some(mut content) = content {
                while let Some(bytes) = content.try_next().await? {
                    writer.write(bytes).await?;
                }
            }
            writer.write(behind.clone()).await?;
            writer.commit().await
        };
        match written.await {
            Err(
                Error::PreconditionFailed { .. }
                | Error::AlreadyExists { .. }
                | Error::NotFound { .. },
            ) if attempt < ATTEMPTS => {
                attempt += 1;
            }
            done => return done,
        }
    }
}

/// Who may read a file, so that it stays so; `None` where the storage cannot say, or nobody said yet.
async fn seen(storage: &(impl Storage + ?Sized), key: &Key) -> Result<Option<Visibility>, Error> {
    match storage.visibility(key).await {
        Ok(visibility) => Ok(Some(visibility)),
        Err(Error::Unsupported { .. }) => Ok(None),
        Err(error) if error.is_on_its_way() => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) async fn file(
    storage: &(impl Storage + ?Sized),
    key: &Key,
    path: PathBuf,
) -> Result<Written, Error> {
    let reading = |source| Error::Io {
        op: "reading a file of the host",
        source,
    };
    let gone = |error| reading(std::io::Error::other(error));
    let opened = tokio::task::spawn_blocking(move || File::open(path)).await;
    let mut file = opened.map_err(gone)?.map_err(reading)?;
    let mut writer = storage.writer(key, WriteOptions::new()).await?;
    loop {
        let hop = tokio::task::spawn_blocking(move || {
            let mut chunk = Vec::with_capacity(CHUNK);
            (&file).take(CHUNK as u64).read_to_end(&mut chunk)?;
            Ok((file, chunk))
        });
        let (back, chunk) = hop.await.map_err(gone)?.map_err(reading)?;
        if chunk.is_empty() {
            return writer.commit().await;
        }
        file = back;
        writer.write(chunk.into()).await?;
    }
}
