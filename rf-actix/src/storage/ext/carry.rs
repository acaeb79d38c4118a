//! Content on its way from one place to another, a chunk at a time.

use super::ALL;
use crate::storage::{
    error::Error,
    key::Key,
    metadata::{Metadata, Written},
    options::{Condition, WriteOptions},
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
    let object = from.open(key, ALL).await?;
    let mut writer = to.writer(target, like(object.metadata.clone())).await?;
    let mut content = object.into_stream();
    while let Some(bytes) = content.try_next().await? {
        writer.write(bytes).await?;
    }
    writer.commit().await
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
        let (options, content) = match storage.open(key, ALL).await {
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
        let options = match conditions {
            true => options,
            false => options.condition(Condition::Always),
        };
        let written = async {
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
            Err(Error::PreconditionFailed { .. } | Error::AlreadyExists { .. })
                if attempt < ATTEMPTS =>
            {
                attempt += 1;
            }
            done => return done,
        }
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
