//! An answer as rusoto gets it: without what it would panic on, its body watched.

use super::{failure::Failure, http::broken};
use crate::engine::Engine;
use bytes::Bytes;
use futures_core::Stream;
use hyper::{
    HeaderMap, StatusCode,
    body::{Body, Incoming},
};
use rusoto_core::{ByteStream, request::HttpResponse};
use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// A header of ours in every answer: at which attempt it came. A refusal at a later one may be about what an earlier
/// one did.
pub(in crate::storage::s3) const ATTEMPTS: &str = "x-rf-attempts";

/// What came back, and what of it was read already.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    /// Of a refusal.
    Whole(Bytes),
    Coming(Incoming),
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn into_rusoto(
        self,
        attempts: u32,
        engine: &Engine,
        idle: Duration,
    ) -> Result<HttpResponse, Failure> {
        let unheard = |_| Failure::new(super::Outage::Unreachable, "the status is no status");
        let own = [(ATTEMPTS.to_owned(), attempts.to_string())];
        let headers = self
            .headers
            .iter()
            .filter_map(|(name, value)| {
                let text = harmless(name.as_str(), value.as_bytes())?;
                Some((name.as_str().to_owned(), text))
            })
            .chain(own)
            // Names hyper took are names to the older crate too.
            .filter_map(|(name, value)| Some((name.parse().ok()?, value)))
            .collect();
        let body = match self.body {
            Content::Whole(bytes) => {
                let length = bytes.len();
                ByteStream::new_with_size(
                    futures_util::stream::once(async move { Ok(bytes) }),
                    length,
                )
            }
            Content::Coming(body) => ByteStream::new(Watched::new(body, engine.clone(), idle)),
        };
        Ok(HttpResponse {
            status: self.status.as_u16().try_into().map_err(unheard)?,
            headers,
            body,
        })
    }
}

/// The text of a header, unless generated code would panic on it: that parses some and unwraps.
fn harmless(name: &str, value: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(value).into_owned();
    let parses = match name {
        "content-length"
        | "x-amz-missing-meta"
        | "x-amz-mp-parts-count"
        | "x-amz-tagging-count" => text.parse::<i64>().is_ok(),
        "x-amz-delete-marker" | "x-amz-server-side-encryption-bucket-key-enabled" => {
            text.parse::<bool>().is_ok()
        }
        _ => true,
    };
    parses.then_some(text)
}

/// A body on its way. The clock runs only while somebody waits for it, so a slow reader is no stall.
struct Watched {
    body: Incoming,
    // The runtime its connection lives on must live as long.
    engine: Engine,
    idle: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

impl Watched {
    fn new(body: Incoming, engine: Engine, idle: Duration) -> Self {
        Self {
            body,
            engine,
            idle,
            waiting: None,
            ended: false,
        }
    }

    fn poll_stalled(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let waiting = self.waiting.get_or_insert_with(|| {
            // Whoever reads may have no clock of tokio's.
            let _here = self.engine.handle().enter();
            Box::pin(tokio::time::sleep_until(Instant::now() + self.idle))
        });
        waiting.as_mut().poll(cx)
    }
}

impl Stream for Watched {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        loop {
            let failure = match Pin::new(&mut this.body).poll_frame(cx) {
                Poll::Ready(None) => {
                    this.ended = true;
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(Ok(frame))) => {
                    this.waiting = None;
                    match frame.into_data() {
                        Ok(data) => return Poll::Ready(Some(Ok(data))),
                        // Trailers.
                        Err(_) => continue,
                    }
                }
                Poll::Ready(Some(Err(error))) => broken(&error),
                Poll::Pending => match this.poll_stalled(cx) {
                    Poll::Ready(()) => Failure::timeout("the answer stopped"),
                    Poll::Pending => return Poll::Pending,
                },
            };
            this.ended = true;
            return Poll::Ready(Some(Err(failure.into())));
        }
    }
}
