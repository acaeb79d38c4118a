//! A multipart upload that cannot be forgotten.
//!
//! Parts of an upload that is neither completed nor aborted are paid for and not seen. So the upload is a value:
//! dropped before it is complete, it is aborted, on the runtime of the transport, whose life does not hang on the
//! caller's.
//!
//! One whose creation was never answered stays: which upload of the key it is nobody can tell from one that another
//! process has just begun. A lifecycle rule of the bucket is for those, and for processes that are killed.

use super::{
    beside::Beside,
    condition,
    error::Failure,
    metadata::tag,
    parts::MAX_PARTS,
    read::{look, look_for},
    transport::{Task, Transport},
};
use crate::storage::{error::Error, key::Key, metadata::ETag, options::Condition};
use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesUnordered};
use rusoto_s3::{
    AbortMultipartUploadRequest, CompleteMultipartUploadRequest, CompletedMultipartUpload,
    CompletedPart, CreateMultipartUploadRequest, S3, UploadPartRequest,
};
use std::{future::Future, mem};
use tokio::sync::oneshot;

#[derive(Debug)]
pub(super) struct Multipart {
    upload: Upload,
    sending: FuturesUnordered<Task<Result<Sent, Failure>>>,
    sent: Vec<CompletedPart>,
    /// Of parts that were sent: as many as were on their way at once, at most.
    spaces: Vec<Vec<u8>>,
    begun: u64,
    over: bool,
    /// See [`Beside`].
    mark: Option<String>,
}

/// A part the service has.
#[derive(Debug)]
pub(super) struct Sent {
    part: CompletedPart,
    /// What it was sent from, empty again.
    space: Option<Vec<u8>>,
}

impl Sent {
    /// # Errors
    /// Without a tag: `200` and `<Error>` is read as success.
    pub(super) fn new(number: i64, e_tag: Option<String>) -> Result<Self, Failure> {
        let part = CompletedPart {
            e_tag: Some(e_tag.ok_or_else(Failure::unreadable)?),
            part_number: Some(number),
        };
        Ok(Self { part, space: None })
    }
}

/// Which upload it is.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) transport: Transport,
    pub(super) key: Key,
    pub(super) id: String,
}

impl Multipart {
    pub(super) async fn create(
        transport: &Transport,
        key: &Key,
        beside: &Beside,
    ) -> Result<Self, Error> {
        let request = CreateMultipartUploadRequest {
            bucket: transport.resolved().bucket.clone(),
            key: key.as_str().to_owned(),
            content_type: Some(beside.content_type(key)),
            metadata: beside.notes(),
            acl: beside.acl(),
            ..Default::default()
        };
        let (tell, told) = oneshot::channel();
        let creating = {
            let (transport, key) = (transport.clone(), key.clone());
            let mark = beside.mark().map(str::to_owned);
            async move {
                let created = transport.client().create_multipart_upload(request).await;
                let created = created.map_err(Failure::from).and_then(|answer| {
                    let id = answer.upload_id.ok_or_else(Failure::unreadable)?;
                    Ok(Self::begin(Upload { transport, key, id }, mark))
                });
                // Should nobody wait any more, the upload comes back and is dropped here.
                drop(tell.send(created));
            }
        };
        transport.spawn(creating).detach();
        let created = told.await.map_err(|_| Error::Interrupted {
            reason: "the transport ended",
        })?;
        created.map_err(|failure| failure.about(key))
    }

    fn begin(upload: Upload, mark: Option<String>) -> Self {
        Self {
            upload,
            sending: FuturesUnordered::new(),
            sent: Vec::new(),
            spaces: Vec::new(),
            begun: 0,
            over: false,
            mark,
        }
    }

    pub(super) fn key(&self) -> &Key {
        &self.upload.key
    }

    /// How many parts were begun.
    pub(super) fn begun(&self) -> u64 {
        self.begun
    }

    /// Space for a next part: that of one that was sent, so that an upload of any length takes the memory of a few.
    pub(super) fn space(&mut self) -> Vec<u8> {
        self.spaces.pop().unwrap_or_default()
    }

    /// Begins to send a part, and waits until at most `concurrency - 1` are on their way.
    pub(super) async fn send(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.add(|upload, number| upload.send_part(number, bytes))
            .await
    }

    /// The same with what makes a part in another way.
    pub(super) async fn add<F>(&mut self, make: impl FnOnce(Upload, i64) -> F) -> Result<(), Error>
    where
        F: Future<Output = Result<Sent, Failure>> + Send + 'static,
    {
        if self.begun == MAX_PARTS {
            return Err(Error::TooLarge {
                what: "the number of parts of the file",
                limit: MAX_PARTS,
            });
        }
        self.begun += 1;
        let number = i64::try_from(self.begun).expect("parts are few");
        let upload = self.upload.clone();
        let transport = upload.transport.clone();
        self.sending.push(transport.spawn(make(upload, number)));
        self.wait_until(transport.resolved().concurrency - 1).await
    }

    async fn wait_until(&mut self, on_their_way: usize) -> Result<(), Error> {
        while self.sending.len() > on_their_way {
            let Some(sent) = self.sending.next().await else {
                break;
            };
            let Sent { part, space } = sent.map_err(|failure| failure.about(&self.upload.key))?;
            self.sent.push(part);
            self.spaces.extend(space);
        }
        Ok(())
    }

    /// Publishes the parts as one file.
    pub(super) async fn complete(
        mut self,
        size: u64,
        condition: &Condition,
    ) -> Result<ETag, Error> {
        self.wait_until(0).await?;
        let mut parts = mem::take(&mut self.sent);
        parts.sort_by_key(|part| part.part_number);
        let Upload { transport, key, id } = &self.upload;
        let request = CompleteMultipartUploadRequest {
            bucket: transport.resolved().bucket.clone(),
            key: key.as_str().to_owned(),
            upload_id: id.clone(),
            multipart_upload: Some(CompletedMultipartUpload { parts: Some(parts) }),
            ..Default::default()
        };
        let client = transport.client_with(condition::headers(condition));
        let completed = match client.complete_multipart_upload(request).await {
            // `200` and `<Error>` is read as success without a tag.
            Ok(answer) => answer.e_tag.ok_or_else(Failure::unreadable),
            Err(error) => Err(error.into()),
        };
        let etag = match completed {
            Ok(etag) => tag(&etag),
            Err(failure)
                if failure.attempts() > 1
                    && (failure.is_no_such_upload() || failure.is_condition()) =>
            {
                match self.published(size).await? {
                    Some(etag) => etag,
                    None => return Err(condition::failed(failure, condition, key)),
                }
            }
            Err(failure) => return Err(condition::failed(failure, condition, key)),
        };
        self.over = true;
        Ok(etag)
    }

    /// When an earlier attempt has completed the upload and only its answer was lost: the tag of the file that is
    /// there, if it bears the mark of this write; without one, if it is one of so many parts and bytes.
    async fn published(&self, size: u64) -> Result<Option<ETag>, Error> {
        if let Some(mark) = &self.mark {
            return look_for(&self.upload.transport, &self.upload.key, mark).await;
        }
        let found = look(&self.upload.transport, &self.upload.key).await?;
        let parts = format!("-{}", self.begun);
        Ok(found
            .filter(|file| file.size == size && file.etag.as_str().ends_with(&parts))
            .map(|file| file.etag))
    }

    /// Discards the parts.
    pub(super) async fn abort(mut self) -> Result<(), Error> {
        self.sending.clear();
        let aborted = self.upload.clone().abort().await;
        // When it failed, the drop tries again.
        self.over = aborted.is_ok();
        aborted.map_err(|failure| failure.about(&self.upload.key))
    }
}

impl Drop for Multipart {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        // Ended before the upload is aborted: a part that came after would stay.
        self.sending.clear();
        let upload = self.upload.clone();
        let transport = upload.transport.clone();
        let work = async move {
            let key = upload.key.clone();
            if let Err(failure) = upload.abort().await {
                let error = failure.about(&key);
                log::warn!(target: "rf::storage", "the parts of an unfinished upload of {key} are left behind: {error}");
            }
        };
        transport.spawn(work).detach();
    }
}

impl Upload {
    async fn send_part(self, number: i64, bytes: Bytes) -> Result<Sent, Failure> {
        let request = UploadPartRequest {
            bucket: self.transport.resolved().bucket.clone(),
            key: self.key.as_str().to_owned(),
            upload_id: self.id,
            part_number: number,
            content_length: i64::try_from(bytes.len()).ok(),
            body: Some(super::writer::body(bytes.clone())),
            ..Default::default()
        };
        let answer = self.transport.client().upload_part(request).await?;
        let mut sent = Sent::new(number, answer.e_tag)?;
        sent.space = emptied(bytes);
        Ok(sent)
    }

    /// One that is gone is aborted already.
    async fn abort(self) -> Result<(), Failure> {
        let request = AbortMultipartUploadRequest {
            bucket: self.transport.resolved().bucket.clone(),
            key: self.key.as_str().to_owned(),
            upload_id: self.id,
            ..Default::default()
        };
        let aborted = self
            .transport
            .client()
            .abort_multipart_upload(request)
            .await;
        match aborted.map_err(Failure::from) {
            Ok(_) => Ok(()),
            Err(failure) if failure.is_no_such_upload() => Ok(()),
            Err(failure) => Err(failure),
        }
    }
}

/// The memory of bytes that nobody else has any more.
fn emptied(bytes: Bytes) -> Option<Vec<u8>> {
    bytes.is_unique().then(|| {
        let mut space = Vec::from(bytes);
        space.clear();
        space
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sent_part_gives_its_memory_back_unless_somebody_still_reads_it() {
        let part = vec![7_u8; 64 * 1024];
        let place = part.as_ptr();
        let bytes = Bytes::from(part);
        let reader = bytes.clone();
        assert_eq!(emptied(bytes.clone()), None);
        drop(reader);
        let space = emptied(bytes).expect("nobody else has it");
        assert!(space.is_empty() && space.capacity() >= 64 * 1024);
        assert_eq!(space.as_ptr(), place, "it is the same memory");
    }
}
