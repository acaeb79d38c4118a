//! Request bodies, counted as they are read.

use std::{
    cell::Cell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use actix_web::{
    HttpMessage as _,
    dev::{Payload, ServiceRequest},
    error::PayloadError,
    web::Bytes,
};
use futures_core::Stream;

/// How many bytes of a request's body have been read.
pub(super) type Received = Rc<Cell<u64>>;

/// Counts what is read of the request's body, if it has one.
pub(super) fn count(request: &mut ServiceRequest) -> Option<Received> {
    let payload = request.take_payload();
    if matches!(payload, Payload::None) {
        return None;
    }
    let received = Received::default();
    let counted = Counted {
        payload,
        received: Rc::clone(&received),
    };
    request.set_payload(Payload::Stream {
        payload: Box::pin(counted),
    });
    Some(received)
}

struct Counted {
    payload: Payload,
    received: Received,
}

impl Stream for Counted {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = ready!(Pin::new(&mut self.payload).poll_next(cx));
        if let Some(Ok(bytes)) = &chunk {
            self.received.set(self.received.get() + bytes.len() as u64);
        }
        Poll::Ready(chunk)
    }
}
