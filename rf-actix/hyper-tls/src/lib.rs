//! Stands in for the crate `hyper-tls` in this workspace.
//!
//! `rusoto_core` does not compile without a TLS stack of its own. Ours is another one: `rf` gives rusoto a transport on
//! hyper 1 and rustls, so what rusoto brings would be built, linked and never called, and building it asks for the
//! headers of OpenSSL. This connector has the one name rusoto needs, and refuses to connect.

use hyper::{Uri, client::HttpConnector, service::Service};
use std::{
    future::{Ready, ready},
    io,
    marker::PhantomData,
    task::{Context, Poll},
};

/// Takes the place of a connector, and never connects.
#[derive(Debug, Clone)]
pub struct HttpsConnector<T>(PhantomData<T>);

impl HttpsConnector<HttpConnector> {
    /// A connector that never connects.
    #[must_use]
    #[allow(
        clippy::new_without_default,
        reason = "the surface of the crate it stands in for"
    )]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Service<Uri> for HttpsConnector<T> {
    type Response = <HttpConnector as Service<Uri>>::Response;
    type Error = io::Error;
    type Future = Ready<Result<Self::Response, io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(Err(io::Error::other(
            "the transport of rusoto is not built in",
        )))
    }
}
