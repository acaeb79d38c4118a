//! `ByteStream`: the content of a file on its way.

use super::error::Error;
use bytes::Bytes;
use futures_core::Stream;
use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

/// The bytes of a file, in chunks of at most 256 KiB. An error is its last item.
pub struct ByteStream(Content);

enum Content {
    /// All of it is here; saves the machinery for small files.
    Whole(Option<Bytes>),
    Chunks(Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>),
}

impl ByteStream {
    /// From chunks.
    pub fn new(chunks: impl Stream<Item = Result<Bytes, Error>> + Send + 'static) -> Self {
        Self(Content::Chunks(Box::pin(chunks)))
    }

    /// Gives all bytes if they are in memory already, else the stream back.
    ///
    /// # Errors
    /// The stream itself.
    pub fn try_into_bytes(self) -> Result<Bytes, Self> {
        match self.0 {
            Content::Whole(bytes) => Ok(bytes.unwrap_or_default()),
            chunks => Err(Self(chunks)),
        }
    }
}

impl From<Bytes> for ByteStream {
    fn from(bytes: Bytes) -> Self {
        Self(Content::Whole(Some(bytes)))
    }
}

impl Stream for ByteStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.0 {
            Content::Whole(bytes) => Poll::Ready(bytes.take().filter(|b| !b.is_empty()).map(Ok)),
            Content::Chunks(chunks) => chunks.as_mut().poll_next(cx),
        }
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Content::Whole(_) => f.write_str("ByteStream(whole)"),
            Content::Chunks(_) => f.write_str("ByteStream(chunks)"),
        }
    }
}
