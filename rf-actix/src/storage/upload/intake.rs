//! One file on its way in: checked by its first bytes, counted, staged.

use super::policy::{Naming, UploadPolicy};
use crate::storage::{
    detect::{self, Detected},
    disk::Disk,
    error::Error,
    key::Key,
    options::WriteOptions,
    storage::{Storage, Writer},
};
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};

/// A file that is all here and that nobody sees yet.
#[derive(Debug)]
pub(super) struct Intake {
    pub(super) writer: Box<dyn Writer>,
    pub(super) content: Detected,
    /// Of the content; empty unless files are named by it.
    pub(super) digest: Vec<u8>,
}

/// Streams a file into a writer, holding no more of it than its first bytes and a chunk.
pub(super) async fn take_in<S, E>(
    disk: &Disk,
    key: &Key,
    name: &str,
    content: S,
    options: WriteOptions,
    policy: &UploadPolicy,
) -> Result<Intake, Error>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    let disk = match policy.max_size {
        Some(limit) => &disk.clone().limited(limit),
        None => disk,
    };
    // A multipart field must not be asked again after its end.
    let mut content = content.fuse();
    let mut head = BytesMut::new();
    while head.len() < detect::HEAD {
        match next(&mut content).await? {
            Some(bytes) => head.extend_from_slice(&bytes),
            None => break,
        }
    }
    let sample = &head[..head.len().min(detect::HEAD)];
    let detected = detect::by_content(sample, name);
    if !detect::is_accepted(detected.content_type, &policy.accept) {
        let (found, accepted) = (detected.content_type.to_owned(), policy.accept.join(", "));
        return Err(Error::MediaType { found, accepted });
    }
    let mut writer = disk
        .writer(key, options.content_type(detected.content_type))
        .await?;
    let mut digest = (policy.naming == Naming::Hash).then(Sha256::new);
    let mut chunk = Some(head.freeze());
    while let Some(bytes) = chunk {
        if let Some(digest) = &mut digest {
            digest.update(&bytes);
        }
        writer.write(bytes).await?;
        chunk = next(&mut content).await?;
    }
    let digest = digest
        .map(|digest| digest.finalize().to_vec())
        .unwrap_or_default();
    Ok(Intake {
        writer,
        content: detected,
        digest,
    })
}

async fn next<S, E>(content: &mut S) -> Result<Option<Bytes>, Error>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    content.try_next().await.map_err(|_| Error::Interrupted {
        reason: "the body ended early or cannot be read",
    })
}
