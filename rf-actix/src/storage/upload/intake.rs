//! One file on its way in: checked by its first bytes, counted, staged.

use super::{
    measure::{self, FAR},
    policy::UploadPolicy,
};
use crate::storage::{
    detect::{self, Detected},
    disk::Disk,
    error::Error,
    key::Key,
    naming::{self, Naming},
    options::WriteOptions,
    storage::{Storage, Writer},
};
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::{
    StreamExt, TryStreamExt,
    stream::{self, Fuse},
};

/// A file that is all here and that nobody sees yet.
#[derive(Debug)]
pub(in crate::storage) struct Intake {
    pub(in crate::storage) writer: Box<dyn Writer>,
    pub(in crate::storage) content: Detected,
    pub(in crate::storage) size: u64,
    /// Of the content; empty unless files are named by it or a hook looks at it.
    digest: Vec<u8>,
}

impl Intake {
    /// The name the policy gives the file.
    pub(in crate::storage) fn name(&self, naming: Naming, sent: &str) -> String {
        naming::name_for(naming, sent, self.content, &self.digest)
    }
}

/// A file of a form. `None` for what browsers send for an input left empty: no name and no content. That is no file, so
/// nobody judges it.
pub(in crate::storage) async fn take_part<S>(
    disk: &Disk,
    key: &Key,
    name: &str,
    content: S,
    options: WriteOptions,
    policy: &UploadPolicy,
) -> Result<Option<Intake>, Error>
where
    S: Stream<Item = Result<Bytes, Error>> + Unpin,
{
    let mut content = content.fuse();
    let mut first = Bytes::new();
    while first.is_empty() {
        match content.try_next().await? {
            Some(bytes) => first = bytes,
            None if name.is_empty() => return Ok(None),
            None => break,
        }
    }
    let content = stream::iter([Ok(first)]).chain(content);
    let taken = take_in(disk, key, name, content, options, policy).await?;
    Ok(Some(taken))
}

/// Streams a file into a writer, holding no more of it than its first bytes and a chunk.
pub(in crate::storage) async fn take_in<S>(
    disk: &Disk,
    key: &Key,
    name: &str,
    content: S,
    options: WriteOptions,
    policy: &UploadPolicy,
) -> Result<Intake, Error>
where
    S: Stream<Item = Result<Bytes, Error>> + Unpin,
{
    let limits = [policy.max_size, policy.length];
    let disk = match limits.into_iter().flatten().min() {
        Some(limit) => &disk.clone().limited(limit),
        None => disk,
    };
    // A multipart field must not be asked again after its end.
    let mut content = content.fuse();
    let mut head = content.try_next().await?.unwrap_or_default();
    fill(&mut head, detect::HEAD, &mut content).await?;
    let sample = &head[..head.len().min(detect::HEAD)];
    let detected = detect::by_content(sample, name);
    let content_type = detected.content_type;
    if !detect::is_accepted(content_type, &policy.accept) {
        return Err(Error::media_type(content_type, policy.accept.join(", ")));
    }
    if policy.dimensions.concern(content_type) {
        judge_dimensions(&mut head, &mut content, content_type, policy).await?;
    }
    let mut writer = disk.writer(key, options.content_type(content_type)).await?;
    let mut watch = policy.hooks.begin(policy.naming == Naming::Hash);
    let (mut size, mut chunk) = (0, Some(head));
    while let Some(bytes) = chunk {
        size += bytes.len() as u64;
        watch.feed(&bytes).await?;
        writer.write(bytes).await?;
        watch.tell();
        chunk = content.try_next().await?;
    }
    if policy.length.is_some_and(|length| length != size) {
        return Err(Error::Interrupted {
            reason: "the file is not as long as it must be",
        });
    }
    let digest = watch.finish(name, content_type).await?;
    Ok(Intake {
        writer,
        content: detected,
        size,
        digest: digest.map(Vec::from).unwrap_or_default(),
    })
}

/// Reads until so many bytes are there, or all. A head that is long enough is not copied.
async fn fill<S>(head: &mut Bytes, bytes: usize, content: &mut Fuse<S>) -> Result<(), Error>
where
    S: Stream<Item = Result<Bytes, Error>> + Unpin,
{
    if head.len() >= bytes {
        return Ok(());
    }
    let mut joined = BytesMut::from(head.as_ref());
    while joined.len() < bytes {
        match content.try_next().await? {
            Some(bytes) => joined.extend_from_slice(&bytes),
            None => break,
        }
    }
    *head = joined.freeze();
    Ok(())
}

/// Reads on, by doubling, until the header tells the dimensions.
async fn judge_dimensions<S>(
    head: &mut Bytes,
    content: &mut Fuse<S>,
    content_type: &str,
    policy: &UploadPolicy,
) -> Result<(), Error>
where
    S: Stream<Item = Result<Bytes, Error>> + Unpin,
{
    loop {
        if let Some(judged) = policy.dimensions.judge(&head[..head.len().min(FAR)]) {
            return judged;
        }
        let had = head.len();
        if had < FAR {
            fill(head, had * 2, content).await?;
        }
        if head.len() == had {
            return Err(measure::unmeasured(content_type));
        }
    }
}
