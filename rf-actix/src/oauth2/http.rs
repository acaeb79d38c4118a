//! Asking other servers: one exchange, bounded in time and size, no redirect followed.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use std::{fmt, io, sync::Arc, time::Duration};
use tokio::time::timeout;

use crate::engine::Engine;

/// More than any document of the protocol.
const LONGEST: usize = 1 << 20;
/// For the whole exchange.
const PATIENCE: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(5);
/// Shorter than servers keep a connection that nobody uses.
const KEPT: Duration = Duration::from_secs(15);

/// Why another server could not be asked. Holds nothing that was sent.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum HttpError {
    #[error(
        "no certificates to trust {0} with: install those of the system (ca-certificates): {1}"
    )]
    Certificates(String, Arc<io::Error>),
    #[error("cannot start the thread that asks other servers: {0}")]
    Thread(Arc<io::Error>),
    #[error("{target} cannot be asked: {cause}")]
    Failed { target: String, cause: String },
    #[error("{0} did not answer in time")]
    Late(String),
}

/// Connections to other servers, kept between requests.
#[derive(Clone)]
pub(crate) struct Http {
    engine: Engine,
    wire: Wire,
}

#[derive(Clone)]
enum Wire {
    /// Without certificates, which a container need not have.
    Plain(Client<HttpConnector, Full<Bytes>>),
    Tls(Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

impl Http {
    /// For servers like `url`: TLS when that is https.
    pub(crate) fn for_url(url: &url::Url) -> Result<Self, HttpError> {
        let engine =
            Engine::start("rf-oauth2").map_err(|error| HttpError::Thread(Arc::new(error)))?;
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT));
        connector.set_nodelay(true);
        let mut builder = Client::builder(TokioExecutor::new());
        builder
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEPT);
        let wire = if url.scheme() == "https" {
            connector.enforce_http(false);
            let tls = HttpsConnectorBuilder::new()
                .with_native_roots()
                .map_err(|error| HttpError::Certificates(url.to_string(), Arc::new(error)))?
                .https_only()
                .enable_http1()
                .wrap_connector(connector);
            Wire::Tls(builder.build(tls))
        } else {
            Wire::Plain(builder.build(connector))
        };
        Ok(Self { engine, wire })
    }

    /// Where the asking is done.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The answer, whatever its status. A redirect is an answer too: where a server asks to go next is nowhere that
    /// was configured.
    pub(crate) async fn send(
        &self,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Vec<u8>>, HttpError> {
        let target = target(request.uri());
        let wire = self.wire.clone();
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let work = self.engine.spawn(async move {
            let exchange = async {
                let answer = match &wire {
                    Wire::Plain(client) => client.request(request),
                    Wire::Tls(client) => client.request(request),
                };
                let (head, body) = answer.await.map_err(|error| told(&error))?.into_parts();
                let body = Limited::new(body, LONGEST).collect().await;
                let body = body.map_err(|error| format!("the answer broke off ({error})"))?;
                Ok(Response::from_parts(head, body.to_bytes().to_vec()))
            };
            timeout(PATIENCE, exchange).await
        });
        match work.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(cause)) => Err(HttpError::Failed { target, cause }),
            Err(_) => Err(HttpError::Late(target)),
        }
    }
}

/// Where a request goes, without its query.
fn target(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or_default();
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    format!("{scheme}://{authority}{}", uri.path())
}

/// The innermost cause says most: the outer ones say "client error".
fn told(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}
