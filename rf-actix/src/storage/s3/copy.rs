//! Copies, which the service makes for itself.

use super::{
    acl,
    beside::Beside,
    condition,
    error::Failure,
    metadata::{moment, now, tag},
    multipart::{Multipart, Sent, Upload},
    parts::{self, LARGEST},
    read::{look, stat},
    remove::remove,
    transport::Transport,
};
use crate::storage::{
    error::Error,
    key::Key,
    metadata::{ETag, Metadata},
    options::Condition,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rusoto_s3::{CopyObjectRequest, S3, UploadPartCopyRequest};
use std::{ops::Range, time::SystemTime};

/// How often a copy begins anew because the source changed under it.
const TRIES: usize = 3;
/// All but the unreserved (RFC 3986 §2.3) and the slash.
const SOURCE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The version that is copied.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) key: Key,
    pub(super) size: u64,
    pub(super) etag: ETag,
}

/// Type and notes go along. Onto itself: nothing happens.
pub(super) async fn duplicate(
    transport: &Transport,
    from: &Key,
    to: &Key,
) -> Result<Metadata, Error> {
    let (_, metadata) = duplicate_version(transport, from, to).await?;
    Ok(metadata)
}

/// Which version was copied, and what it is now.
async fn duplicate_version(
    transport: &Transport,
    from: &Key,
    to: &Key,
) -> Result<(ETag, Metadata), Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        let metadata = stat(transport, from).await?;
        if from == to {
            return Ok((metadata.etag.clone(), metadata));
        }
        let source = Source {
            key: from.clone(),
            size: metadata.size,
            etag: metadata.etag.clone(),
        };
        // A copy is made as if nobody had ever said who may read it.
        let visibility = match transport.resolved().visibility {
            Some(_) => Some(acl::visibility(transport, from).await?),
            None => None,
        };
        let beside = Beside::of_copy(&metadata, visibility)?;
        match publish(transport, &source, to, &beside, &Condition::Always).await {
            Err(Error::PreconditionFailed { .. }) if tries < TRIES => {}
            Err(error) => return Err(error),
            Ok((etag, moment)) => {
                let copied = beside.into_metadata(to.clone(), source.size, etag, moment);
                return Ok((source.etag, copied));
            }
        }
    }
}

/// The version that was copied is removed once the target is there. One that was written meanwhile is copied again, as
/// far as the service weighs conditions.
pub(super) async fn rename(transport: &Transport, from: &Key, to: &Key) -> Result<Metadata, Error> {
    let mut tries = 0;
    let mut before = None;
    loop {
        tries += 1;
        let (version, metadata) = match (duplicate_version(transport, from, to).await, before) {
            (Ok(copied), _) => copied,
            // Somebody else removed what was copied before.
            (Err(Error::NotFound { .. }), Some(metadata)) => return Ok(metadata),
            (Err(error), _) => return Err(error),
        };
        if from == to {
            return Ok(metadata);
        }
        match remove_version(transport, from, version).await {
            Err(Error::PreconditionFailed { .. }) if tries < TRIES => before = Some(metadata),
            removed => return removed.map(|()| metadata),
        }
    }
}

async fn remove_version(transport: &Transport, key: &Key, version: ETag) -> Result<(), Error> {
    if transport.resolved().conditions {
        match remove(transport, key, &Condition::IfMatch(version)).await {
            // It weighs the conditions of writes only; that it was this version was looked at.
            Err(Error::Unsupported { .. }) => {}
            removed => return removed,
        }
    }
    remove(transport, key, &Condition::Always).await
}

/// Copies one version under another key, with what is kept beside it.
pub(super) async fn publish(
    transport: &Transport,
    source: &Source,
    to: &Key,
    beside: &Beside,
    condition: &Condition,
) -> Result<(ETag, SystemTime), Error> {
    meets(transport, to, condition).await?;
    if source.size > LARGEST {
        return by_parts(transport, source, to, beside, condition).await;
    }
    let request = CopyObjectRequest {
        bucket: transport.resolved().bucket.clone(),
        key: to.as_str().to_owned(),
        copy_source: address(transport, &source.key),
        copy_source_if_match: Some(source.etag.to_string()),
        metadata_directive: Some("REPLACE".to_owned()),
        content_type: Some(beside.content_type(to)),
        metadata: beside.notes(),
        acl: beside.acl(),
        ..Default::default()
    };
    let client = transport.client_with(condition::headers(condition));
    let copied = match client.copy_object(request).await {
        Ok(answer) => answer.copy_object_result.unwrap_or_default(),
        Err(error) => return Err(failed(error.into(), condition, source, to)),
    };
    // `200` and `<Error>` is read as success without a tag.
    match copied.e_tag {
        Some(etag) => {
            let last_modified = copied.last_modified.as_deref().and_then(moment);
            Ok((tag(&etag), last_modified.unwrap_or_else(now)))
        }
        None => Err(Failure::unreadable().about(to)),
    }
}

/// Services that weigh the condition of a write seldom weigh that of a copy.
async fn meets(transport: &Transport, to: &Key, condition: &Condition) -> Result<(), Error> {
    if *condition == Condition::Always {
        return Ok(());
    }
    let current = look(transport, to).await?.map(|file| file.etag);
    let key = to.clone();
    match condition {
        Condition::IfAbsent if current.is_some() => Err(Error::AlreadyExists { key }),
        Condition::IfMatch(etag) if current.as_ref() != Some(etag) => {
            Err(Error::PreconditionFailed { key })
        }
        _ => Ok(()),
    }
}

/// What is missing is the source, since a copy replaces or makes its target.
fn failed(failure: Failure, condition: &Condition, source: &Source, to: &Key) -> Error {
    if failure.status() == Some(404) {
        return failure.about(&source.key);
    }
    condition::failed(failure, condition, to)
}

/// Larger than what is copied in one request.
async fn by_parts(
    transport: &Transport,
    source: &Source,
    to: &Key,
    beside: &Beside,
    condition: &Condition,
) -> Result<(ETag, SystemTime), Error> {
    let mut upload = Multipart::create(transport, to, beside).await?;
    for range in parts::of_copy(source.size) {
        let source = source.clone();
        upload
            .add(|upload, number| copy_part(upload, number, source, range))
            .await?;
    }
    let etag = upload.complete(source.size, condition).await?;
    Ok((etag, now()))
}

async fn copy_part(
    upload: Upload,
    number: i64,
    source: Source,
    range: Range<u64>,
) -> Result<Sent, Failure> {
    let Upload { transport, key, id } = upload;
    let request = UploadPartCopyRequest {
        bucket: transport.resolved().bucket.clone(),
        key: key.as_str().to_owned(),
        upload_id: id,
        part_number: number,
        copy_source: address(&transport, &source.key),
        copy_source_if_match: Some(source.etag.to_string()),
        copy_source_range: Some(format!("bytes={}-{}", range.start, range.end - 1)),
        ..Default::default()
    };
    let answer = transport.client().upload_part_copy(request).await?;
    let part = answer.copy_part_result.unwrap_or_default();
    Sent::new(number, part.e_tag)
}

fn address(transport: &Transport, key: &Key) -> String {
    let key = utf8_percent_encode(key.as_str(), SOURCE);
    format!("{}/{key}", transport.resolved().bucket)
}
