//! Writing: a small file in one request, a large one in parts that are sent while the next is filled.

use super::{
    beside::Beside,
    condition, copy,
    error::Failure,
    metadata::{now, tag},
    multipart::Multipart,
    parts,
    read::{look, look_for},
    remove::Stray,
    transport::Transport,
};
use crate::storage::{
    error::Error,
    key::Key,
    metadata::{ETag, Written},
    options::{Condition, WriteOptions},
    storage::Writer,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use rusoto_core::ByteStream as Body;
use rusoto_s3::{PutObjectRequest, S3};
use std::{fmt, mem};

/// The space of the first part grows from here: most files are small.
const FIRST: usize = 64 * 1024;

pub(super) struct S3Writer {
    transport: Transport,
    key: Key,
    beside: Beside,
    condition: Condition,
    ask_created: bool,
    part: Vec<u8>,
    size: u64,
    upload: Option<Multipart>,
    /// A failed write lost bytes: the file must not be published any more.
    broken: bool,
}

impl S3Writer {
    /// # Errors
    /// [`Error::Unsupported`] and [`Error::TooLarge`] for options S3 cannot keep.
    pub(super) fn new(
        transport: &Transport,
        key: &Key,
        options: &WriteOptions,
    ) -> Result<Self, Error> {
        let settings = transport.resolved();
        condition::check(&options.condition, settings.conditions)?;
        Ok(Self {
            transport: transport.clone(),
            key: key.clone(),
            beside: Beside::new(options, settings.visibility)?,
            ask_created: options.ask_created,
            condition: options.condition.clone(),
            part: Vec::new(),
            size: 0,
            upload: None,
            broken: false,
        })
    }

    /// The size of the part that is being filled.
    fn part_size(&self) -> usize {
        let index = self.upload.as_ref().map_or(0, Multipart::begun);
        let size = parts::size(self.transport.resolved().part_size, index);
        usize::try_from(size).unwrap_or(usize::MAX)
    }

    /// Takes what fits into the part, which never has more space than that.
    fn fill(&mut self, bytes: &mut Bytes) {
        let size = self.part_size();
        let taken = bytes.split_to(bytes.len().min(size - self.part.len()));
        let needed = self.part.len() + taken.len();
        if needed > self.part.capacity() {
            // Parts behind the first are whole but for the last: one size, so that freed space fits the next.
            let space = match self.upload {
                Some(_) => size,
                None => needed.max(self.part.capacity() * 2).max(FIRST).min(size),
            };
            self.part.reserve_exact(space - self.part.len());
        }
        self.part.extend_from_slice(&taken);
        self.size += taken.len() as u64;
    }

    async fn send_part(&mut self) -> Result<(), Error> {
        let bytes = mem::take(&mut self.part).into();
        if self.upload.is_none() {
            self.refuse_early().await?;
            let upload = Multipart::create(&self.transport, &self.key, &self.beside).await?;
            self.upload = Some(upload);
        }
        let upload = self.upload.as_mut().expect("it was made above");
        upload.send(bytes).await?;
        self.part = upload.space();
        Ok(())
    }

    /// The service decides in the end; this only spares the sender the rest of a large file.
    async fn refuse_early(&self) -> Result<(), Error> {
        let key = self.key.clone();
        match self.condition {
            Condition::IfAbsent if look(&self.transport, &key).await?.is_some() => {
                Err(Error::AlreadyExists { key })
            }
            _ => Ok(()),
        }
    }

    /// Small enough for one request, or empty.
    async fn put(&mut self) -> Result<ETag, Error> {
        let bytes = Bytes::from(mem::take(&mut self.part));
        let request = PutObjectRequest {
            bucket: self.transport.resolved().bucket.clone(),
            key: self.key.as_str().to_owned(),
            content_length: i64::try_from(bytes.len()).ok(),
            content_type: Some(self.beside.content_type(&self.key)),
            metadata: self.beside.notes(),
            acl: self.beside.acl(),
            body: Some(body(bytes)),
            ..Default::default()
        };
        let headers = condition::headers(&self.condition);
        let put = self
            .transport
            .client_with(headers)
            .put_object(request)
            .await;
        let put = put.map_err(Failure::from);
        match put.and_then(|answer| answer.e_tag.ok_or_else(Failure::unreadable)) {
            Ok(etag) => Ok(tag(&etag)),
            Err(failure) => match self.written_before(&failure).await? {
                Some(etag) => Ok(etag),
                None => Err(condition::failed(failure, &self.condition, &self.key)),
            },
        }
    }

    /// When an earlier attempt has written the file, and only its answer was lost: the tag of the file.
    async fn written_before(&self, failure: &Failure) -> Result<Option<ETag>, Error> {
        match self.beside.mark() {
            Some(mark) if failure.is_condition() && failure.attempts() > 1 => {
                look_for(&self.transport, &self.key, mark).await
            }
            _ => Ok(None),
        }
    }

    /// Under the key the upload began with. One that is provisional is copied on to the last one, since an upload cannot
    /// be renamed.
    async fn complete(&self, upload: Multipart) -> Result<ETag, Error> {
        if *upload.key() == self.key {
            return upload.complete(self.size, &self.condition).await;
        }
        let stray = Stray::new(&self.transport, upload.key());
        let etag = upload.complete(self.size, &Condition::Always).await?;
        let source = copy::Source {
            key: stray.key().clone(),
            size: self.size,
            etag,
        };
        let copied = copy::publish(
            &self.transport,
            &source,
            &self.key,
            &self.beside,
            &self.condition,
        );
        let (etag, _) = copied.await?;
        stray.remove().await?;
        Ok(etag)
    }
}

#[async_trait]
impl Writer for S3Writer {
    async fn write(&mut self, mut bytes: Bytes) -> Result<(), Error> {
        while !bytes.is_empty() {
            if self.part.len() == self.part_size() {
                // Until the part is on its way: a future dropped here loses it.
                if mem::replace(&mut self.broken, true) {
                    return Err(interrupted());
                }
                if let Err(error) = self.send_part().await {
                    // Aborts it now, not once the caller lets go of the writer.
                    self.upload = None;
                    return Err(error);
                }
                self.broken = false;
            }
            self.fill(&mut bytes);
        }
        Ok(())
    }

    fn retarget(&mut self, key: Key) -> Result<(), Error> {
        let begun = self.upload.as_ref().map(Multipart::key);
        if begun.is_some_and(|begun| *begun != key && !begun.is_provisional()) {
            // It is completed under the key it began with: the file there would be replaced, and removed.
            return Err(Error::Unsupported {
                op: "another key for a large file that was not begun under `Key::provisional`",
            });
        }
        self.key = key;
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<Written, Error> {
        if self.broken {
            return Err(interrupted());
        }
        let created = match condition::created(&self.condition) {
            None if self.ask_created => Some(look(&self.transport, &self.key).await?.is_none()),
            known => known,
        };
        if self.upload.is_some() && !self.part.is_empty() {
            self.send_part().await?;
        }
        let etag = match self.upload.take() {
            Some(upload) => self.complete(upload).await?,
            None => self.put().await?,
        };
        let Self {
            key, beside, size, ..
        } = *self;
        let metadata = beside.into_metadata(key, size, etag, now());
        Ok(Written::new(metadata, created))
    }

    async fn abort(mut self: Box<Self>) -> Result<(), Error> {
        match self.upload.take() {
            Some(upload) => upload.abort().await,
            None => Ok(()),
        }
    }
}

impl fmt::Debug for S3Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Writer")
            .field("key", &self.key)
            .field("size", &self.size)
            .field("upload", &self.upload)
            .finish_non_exhaustive()
    }
}

fn interrupted() -> Error {
    Error::Interrupted {
        reason: "an earlier part of it could not be written",
    }
}

/// In one chunk, which the transport does not copy.
pub(super) fn body(bytes: Bytes) -> Body {
    let length = bytes.len();
    Body::new_with_size(stream::iter([Ok(bytes)]), length)
}
