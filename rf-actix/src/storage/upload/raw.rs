//! `PUT`: the body is the file.

use super::{condition::weighed, intake::take_in, policy::UploadPolicy};
use crate::storage::{
    disk::Disk, error::Error, ext::IntoKey, key::Key, metadata::Written, options::WriteOptions,
};
use actix_web::{
    HttpRequest,
    error::PayloadError,
    http::header::{self, HeaderMap},
    web::Bytes,
};
use futures_core::Stream;
use futures_util::TryStreamExt;

impl Disk {
    /// Streams the body of a request into a file, with the conditions of the request (`If-Match`,
    /// `If-None-Match: *`, …, RFC 9110 §13), which hold when the file becomes visible.
    ///
    /// The type is told by the first bytes and the name, not by the sender. A client that goes away leaves
    /// nothing behind.
    ///
    /// # Errors
    /// To be answered as they are: [`Error`] is a `ResponseError`.
    pub async fn receive<K, S>(
        &self,
        request: &HttpRequest,
        key: K,
        body: S,
    ) -> Result<Written, Error>
    where
        K: IntoKey,
        S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    {
        self.receive_with(request, key, body, &UploadPolicy::new())
            .await
    }

    /// The same under a policy; its naming means nothing here.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    pub async fn receive_with<K, S>(
        &self,
        request: &HttpRequest,
        key: K,
        body: S,
        policy: &UploadPolicy,
    ) -> Result<Written, Error>
    where
        K: IntoKey,
        S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    {
        let options = WriteOptions::new();
        self.receive_as(request, key.into_key()?, body, policy, options)
            .await
    }

    /// The same with options of the write.
    pub(in crate::storage) async fn receive_as<S>(
        &self,
        request: &HttpRequest,
        key: Key,
        body: S,
        policy: &UploadPolicy,
        options: WriteOptions,
    ) -> Result<Written, Error>
    where
        S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    {
        refuse_early(self, request.headers(), policy)?;
        let options = options
            .condition(weighed(self, request, &key).await?)
            .ask_created(true);
        let body = body.map_err(|_| Error::Interrupted {
            reason: "the body ended early or cannot be read",
        });
        let written = async {
            let intake = take_in(self, &key, key.name(), body, options, policy).await?;
            intake.writer.commit().await
        };
        written.await.map_err(|error| match error {
            // Somebody else was first: to HTTP a condition that failed (§13.1.2).
            Error::AlreadyExists { key } => Error::PreconditionFailed { key },
            error => error,
        })
    }
}

/// What need not wait for the body.
fn refuse_early(disk: &Disk, headers: &HeaderMap, policy: &UploadPolicy) -> Result<(), Error> {
    // §14.5: a server that does not know partial PUT must not store the part as the whole.
    if headers.contains_key(header::CONTENT_RANGE) {
        return Err(Error::Interrupted {
            reason: "parts of a file (Content-Range) are not taken",
        });
    }
    // §8.4: what is stored would not be what the client means.
    if let Some(coding) = headers.get(header::CONTENT_ENCODING)
        && !coding.as_bytes().eq_ignore_ascii_case(b"identity")
    {
        return Err(Error::media_type("encoded", "plain bytes"));
    }
    // The count while streaming decides; this spares an honest client the sending.
    let limit = [disk.max_size(), policy.max_size, policy.length]
        .into_iter()
        .flatten()
        .min();
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match (announced, limit) {
        (Some(announced), Some(limit)) if announced > limit => Err(Error::TooLarge {
            what: "the file",
            limit,
        }),
        _ => Ok(()),
    }
}
