//! Request bodies, counted as they are read.

use actix_web::{
    dev::Payload,
    error::PayloadError,
    http::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING},
    web::Bytes,
};
use futures_core::Stream;
use std::{
    cell::Cell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

/// What is known of a request's body.
#[derive(Debug, Default)]
pub(super) struct Received {
    /// What was read of it.
    pub(super) bytes: Cell<u64>,
    /// The client went away in the middle of it.
    pub(super) abandoned: Cell<bool>,
}

/// A request body that counts what is read of it.
struct Counted {
    payload: Payload,
    received: Rc<Received>,
    measured: bool,
}

impl Stream for Counted {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.payload).poll_next(cx);
        match &polled {
            Poll::Ready(Some(Ok(chunk))) => {
                let bytes = &self.received.bytes;
                bytes.set(bytes.get() + chunk.len() as u64);
            }
            Poll::Ready(Some(Err(PayloadError::Incomplete(_) | PayloadError::Io(_)))) => {
                self.received.abandoned.set(self.measured);
            }
            Poll::Ready(Some(Err(_)) | None) | Poll::Pending => {}
        }
        polled
    }
}

/// Counts a body, when there is one, in what is returned with it.
pub(super) fn counted(payload: Payload, headers: &HeaderMap) -> (Payload, Option<Rc<Received>>) {
    if let Payload::None = payload {
        return (payload, None);
    }
    let received = Rc::<Received>::default();
    let payload = Box::pin(Counted {
        payload,
        received: Rc::clone(&received),
        measured: is_measured(headers),
    });
    (Payload::Stream { payload }, Some(received))
}

/// Whether only its client can end the body early: of chunks actix-web says the same when one cannot be read, and then
/// the client is still there for the answer.
fn is_measured(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) && !headers.contains_key(TRANSFER_ENCODING)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use actix_web::test::TestRequest;
    use futures_util::{StreamExt as _, stream};
    use std::io;

    #[actix_web::test]
    async fn only_a_measured_body_that_breaks_off_is_abandoned() {
        let length = (CONTENT_LENGTH, "1000");
        let chunked = (TRANSFER_ENCODING, "chunked");
        for (framing, error, abandoned) in [
            (&length, PayloadError::Incomplete(None), true),
            (&length, PayloadError::Io(io::Error::other("reset")), true),
            (&length, PayloadError::EncodingCorrupted, false),
            (&length, PayloadError::Overflow, false),
            (&chunked, PayloadError::Incomplete(None), false),
        ] {
            let told = error.to_string();
            let parts = stream::iter([Ok(Bytes::from_static(b"part")), Err(error)]);
            let payload: Payload = Payload::Stream {
                payload: Box::pin(parts),
            };
            let request = TestRequest::default()
                .insert_header(framing.clone())
                .to_http_request();
            let (payload, received) = counted(payload, request.headers());
            let received = received.unwrap();
            let read: Vec<_> = payload.collect().await;
            assert!(read[0].is_ok() && read[1].is_err());
            assert_eq!(received.bytes.get(), 4);
            assert_eq!(received.abandoned.get(), abandoned, "{told}");
        }
    }
}
