//! A request of rusoto as it is sent: replayable, addressed to the endpoint, signed for each attempt.

use super::failure::{Failure, Outage};
use crate::storage::s3::{
    credentials::Credentials,
    endpoint::Address,
    resolved::Resolved,
    sigv4::{self, Canonical, Moment},
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use hyper::{
    Request,
    body::{Body, Frame, SizeHint},
};
use rusoto_core::signature::{SignedRequest, SignedRequestPayload};
use std::{
    collections::BTreeMap,
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::SystemTime,
};
use tokio::time::Instant;

/// No request is longer: a part ends there.
const LONGEST: usize = 5 << 30;
/// What is handed to the connection at a time, so that its progress can be seen.
const PIECE: usize = 64 << 10;
/// From here a digest takes longer than a worker should be busy.
const LARGE: usize = 128 << 10;

/// All of a request but its signature.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) method: String,
    address: Address,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    pub(super) body: Bytes,
    digest: String,
}

impl Outgoing {
    /// # Errors
    /// [`Outage::Request`] for what cannot be sent, or not twice.
    pub(super) async fn new(
        request: SignedRequest,
        extra: &[(&'static str, String)],
        resolved: &Resolved,
    ) -> Result<Self, Failure> {
        let mut headers = BTreeMap::new();
        for (name, values) in request.headers {
            headers.insert(name, text(values)?);
        }
        for (name, value) in extra {
            headers.insert(name.to_ascii_lowercase(), sigv4::squeezed(value));
        }
        let body = collect(request.payload, headers.get("content-length")).await?;
        // rusoto completes a request as if it had a body.
        let bodiless = matches!(request.method.as_str(), "GET" | "HEAD" | "DELETE");
        if body.is_empty() && bodiless {
            headers.remove("content-length");
            headers.remove("content-type");
        }
        let address = resolved.address(name_in(&request.path, &resolved.bucket)?);
        headers.insert("host".to_owned(), address.authority.clone());
        let query = request
            .params
            .into_iter()
            .map(|(name, value)| (name, value.unwrap_or_default()))
            .collect();
        Ok(Self {
            method: request.method,
            address,
            query,
            headers,
            digest: digest(body.clone()).await,
            body,
        })
    }

    /// Whether the answer is XML, and not a file: so of all that is done to more than a file, and of a copy.
    pub(super) fn asks_for_document(&self) -> bool {
        self.method != "HEAD"
            && (!self.query.is_empty() || self.headers.contains_key("x-amz-copy-source"))
    }

    /// Whether nothing may be answer enough: parts, lists of access and removals have nothing to say.
    pub(super) fn may_be_unanswered(&self) -> bool {
        matches!(self.method.as_str(), "PUT" | "DELETE")
    }

    /// One attempt.
    pub(super) fn sign(
        &self,
        credentials: &Credentials,
        now: SystemTime,
        region: &str,
    ) -> Result<Request<Replay>, Failure> {
        let moment = Moment::at(now);
        let mut headers = self.headers.clone();
        let length = headers.remove("content-length");
        headers.insert("x-amz-date".to_owned(), moment.stamp.clone());
        headers.insert("x-amz-content-sha256".to_owned(), self.digest.clone());
        if let Some(token) = &credentials.session_token {
            // Exposed to whom it was issued by.
            headers.insert("x-amz-security-token".to_owned(), token.expose().to_owned());
        }
        let canonical = Canonical {
            method: &self.method,
            path: &self.address.path,
            query: &self.query,
            headers: &headers,
            payload: &self.digest,
        };
        let authorization = format!(
            "{} Credential={}/{},SignedHeaders={},Signature={}",
            sigv4::ALGORITHM,
            credentials.access_key.expose(),
            moment.scope(region),
            canonical.signed_headers(),
            canonical.signature(credentials, &moment, region),
        );
        let Address {
            scheme,
            authority,
            path,
        } = &self.address;
        let mut uri = format!("{scheme}://{authority}{path}");
        if !self.query.is_empty() {
            uri.push('?');
            uri.push_str(&sigv4::query(&self.query));
        }
        let mut request = Request::builder()
            .method(self.method.as_str())
            .uri(uri)
            .header(
                "user-agent",
                concat!("rf-actix/", env!("CARGO_PKG_VERSION")),
            )
            .header("authorization", authorization);
        if let Some(length) = length {
            request = request.header("content-length", length);
        }
        for (name, value) in headers {
            request = request.header(name, value.into_bytes());
        }
        request
            .body(Replay::new(self.body.clone()))
            .map_err(|error| Failure::new(Outage::Request, error.to_string()))
    }
}

/// Several values in one line, none with runs of spaces: servers do not agree on what they sign of those.
fn text(values: Vec<Vec<u8>>) -> Result<String, Failure> {
    let mut joined = Vec::with_capacity(values.len());
    for value in values {
        let value = String::from_utf8(value)
            .map_err(|_| Failure::new(Outage::Request, "a header is not UTF-8"))?;
        joined.push(sigv4::squeezed(&value));
    }
    Ok(joined.join(","))
}

/// What follows the bucket in `/bucket/name`.
fn name_in<'a>(path: &'a str, bucket: &str) -> Result<&'a str, Failure> {
    let rest = path
        .strip_prefix('/')
        .and_then(|path| path.strip_prefix(bucket))
        .ok_or_else(|| Failure::new(Outage::Request, "it is for another bucket"))?;
    match rest.strip_prefix('/') {
        Some(name) => Ok(name),
        None if rest.is_empty() => Ok(rest),
        None => Err(Failure::new(Outage::Request, "it is for another bucket")),
    }
}

/// The whole body. rusoto hands over those of files as streams, whose length is in the headers then.
async fn collect(
    payload: Option<SignedRequestPayload>,
    length: Option<&String>,
) -> Result<Bytes, Failure> {
    let mut stream = match payload {
        None => return Ok(Bytes::new()),
        Some(SignedRequestPayload::Buffer(bytes)) => return Ok(bytes),
        Some(SignedRequestPayload::Stream(stream)) => stream,
    };
    let length = length
        .and_then(|length| length.parse::<usize>().ok())
        .filter(|length| *length <= LONGEST)
        .ok_or_else(|| Failure::new(Outage::Request, "the body has no length or over 5 GiB"))?;
    let mut first = Bytes::new();
    let mut joined = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| Failure::new(Outage::Request, error.to_string()))?;
        if first.len() + joined.len() + chunk.len() > length {
            return Err(Failure::new(Outage::Request, "the body is too long"));
        }
        // One chunk, which is all that comes as a rule, is not copied.
        if first.is_empty() && joined.is_empty() {
            first = chunk;
        } else {
            joined.extend_from_slice(&std::mem::take(&mut first));
            joined.extend_from_slice(&chunk);
        }
    }
    let body = if joined.is_empty() {
        first
    } else {
        joined.freeze()
    };
    if body.len() != length {
        return Err(Failure::new(Outage::Request, "the body is too short"));
    }
    Ok(body)
}

async fn digest(body: Bytes) -> String {
    if body.len() < LARGE {
        return sigv4::digest(&body);
    }
    let work = {
        let body = body.clone();
        tokio::task::spawn_blocking(move || sigv4::digest(&body))
    };
    // Only a runtime that is going down does not run it, and then nobody waits either.
    work.await.unwrap_or_else(|_| sigv4::digest(&body))
}

/// A body that can be sent again, in pieces, and that tells when the last one went.
#[derive(Debug)]
pub(super) struct Replay {
    rest: Bytes,
    progress: Progress,
}

/// When something last moved.
#[derive(Debug, Clone)]
pub(super) struct Progress(Arc<Mutex<Instant>>);

impl Progress {
    pub(super) fn last(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Replay {
    pub(super) fn new(body: Bytes) -> Self {
        Self {
            rest: body,
            progress: Progress(Arc::new(Mutex::new(Instant::now()))),
        }
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress.clone()
    }
}

impl Body for Replay {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        *self
            .progress
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Instant::now();
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let piece = PIECE.min(self.rest.len());
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
