//! One HTTP exchange, with an end to waiting.

use super::{
    failure::Failure,
    outgoing::{Progress, Replay},
};
use crate::storage::error::Error;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::{Request, Response, body::Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use std::{fmt, time::Duration};
use tokio::time::{Instant, sleep_until, timeout};

/// The most bytes of an answer that a connection reads ahead.
const CONNECTION_BUFFER: usize = 128 * 1024;

/// How much of an error or of credentials is read: all that anybody sends is far shorter.
const SMALL: usize = 256 << 10;
/// How much of a document is read: a thousand keys of three times 1024 bytes, and what stands round them.
const LONGEST: usize = 16 << 20;
/// Shorter than the 20 s after which S3 hangs up, so that we seldom write into a connection that is closing.
const KEPT: Duration = Duration::from_secs(15);

/// Connections to a service, kept between requests.
#[derive(Clone)]
pub(in crate::storage::s3) struct Http {
    client: Wire,
    idle: Duration,
}

#[derive(Clone)]
enum Wire {
    /// Without certificates, which a container need not have.
    Plain(Client<HttpConnector, Replay>),
    Tls(Client<HttpsConnector<HttpConnector>, Replay>),
}

impl Http {
    /// # Errors
    /// [`Error::Config`] when TLS is wanted and the host has no certificates.
    pub(in crate::storage::s3) fn new(
        tls: bool,
        connect: Duration,
        idle: Duration,
    ) -> Result<Self, Error> {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(connect));
        connector.set_nodelay(true);
        let mut builder = Client::builder(TokioExecutor::new());
        builder
            // What a connection holds back counts beside the parts of a file.
            .http1_max_buf_size(CONNECTION_BUFFER)
            .pool_timer(TokioTimer::new())
            // A request that found its kept connection closed goes out on another one, unseen.
            .pool_idle_timeout(KEPT);
        let client = if tls {
            connector.enforce_http(false);
            let tls = HttpsConnectorBuilder::new()
                .with_native_roots()
                .map_err(|error| {
                    Error::Config(format!(
                        "no certificates to trust a storage service with: install those of the system (ca-certificates): {error}"
                    ))
                })?
                .https_or_http()
                .enable_http1()
                .wrap_connector(connector);
            Wire::Tls(builder.build(tls))
        } else {
            Wire::Plain(builder.build(connector))
        };
        Ok(Self { client, idle })
    }

    /// The beginning of an answer. Fails when nothing moves for too long.
    pub(super) async fn exchange(
        &self,
        request: Request<Replay>,
    ) -> Result<Response<Incoming>, Failure> {
        let progress = request.body().progress();
        let answer = match &self.client {
            Wire::Plain(client) => client.request(request),
            Wire::Tls(client) => client.request(request),
        };
        tokio::select! {
            answer = answer => answer.map_err(|error| Failure::of_client(&error)),
            () = stalled(&progress, self.idle) => Err(Failure::timeout("no answer began")),
        }
    }

    /// A whole small answer.
    pub(super) async fn collect(&self, body: Incoming) -> Result<Bytes, Failure> {
        collect(body, self.idle, SMALL).await
    }

    /// A list, or what else is answered in XML.
    pub(super) async fn collect_document(&self, body: Incoming) -> Result<Bytes, Failure> {
        collect(body, self.idle, LONGEST).await
    }

    /// Asks for something small, once: credentials.
    ///
    /// # Errors
    /// Text for people, without what was sent.
    pub(in crate::storage::s3) async fn fetch(
        &self,
        request: Request<Bytes>,
        within: Duration,
    ) -> Result<Response<Bytes>, Failure> {
        let request = request.map(Replay::new);
        let work = async {
            let (head, body) = self.exchange(request).await?.into_parts();
            Ok(Response::from_parts(head, self.collect(body).await?))
        };
        timeout(within, work)
            .await
            .unwrap_or_else(|_| Err(Failure::timeout("no answer came")))
    }
}

/// Comes back once nothing has been sent for so long.
async fn stalled(progress: &Progress, idle: Duration) {
    loop {
        let end = progress.last() + idle;
        if Instant::now() >= end {
            return;
        }
        sleep_until(end).await;
    }
}

async fn collect(mut body: Incoming, idle: Duration, longest: usize) -> Result<Bytes, Failure> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = timeout(idle, body.frame())
        .await
        .map_err(|_| Failure::timeout("the answer stopped"))?
    {
        let frame = frame.map_err(|error| broken(&error))?;
        if let Ok(data) = frame.into_data() {
            if bytes.len() + data.len() > longest {
                return Err(Failure::new(
                    super::Outage::Unreachable,
                    "the answer is far too long",
                ));
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes.freeze())
}

/// A body that ended early: hyper says so when `Content-Length` promised more.
pub(super) fn broken(error: &hyper::Error) -> Failure {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    Failure::new(
        super::Outage::Unreachable,
        format!(
            "the answer broke off: {}",
            cause.unwrap_or_else(|| error.to_string())
        ),
    )
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}
