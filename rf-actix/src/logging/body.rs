//! Response bodies, whose end is the end of the request.

use super::access::Access;
use actix_web::{
    body::{BodySize, MessageBody},
    web::Bytes,
};
use pin_project_lite::pin_project;
use std::{
    error::Error as StdError,
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// A response body that writes the request's access line when it ends or is dropped, and whose own lines
    /// belong to the request.
    #[derive(Debug)]
    pub struct LogBody<B> {
        #[pin]
        body: B,
        // After the body: what the body logs when it is dropped comes before the line.
        access: Option<Box<Access>>,
    }
}

impl<B: MessageBody> LogBody<B> {
    pub(super) fn new(body: B, access: Box<Access>) -> Self {
        Self {
            body,
            access: Some(access),
        }
    }
}

impl<B: MessageBody> MessageBody for LogBody<B> {
    type Error = Box<dyn StdError>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.project();
        let _entered = this.access.as_ref().map(|access| access.context.enter());
        Poll::Ready(match ready!(this.body.poll_next(cx)) {
            Some(Ok(bytes)) => {
                if let Some(access) = this.access {
                    access.bytes_out += bytes.len() as u64;
                }
                Some(Ok(bytes))
            }
            Some(Err(error)) => {
                let error = error.into();
                if let Some(mut access) = this.access.take() {
                    access.fail(chain(&*error));
                }
                Some(Err(error))
            }
            None => {
                if let Some(mut access) = this.access.take() {
                    access.end();
                }
                None
            }
        })
    }
}

/// An error with its causes.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
