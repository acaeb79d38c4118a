//! The thread that sends events.

use super::{SentryError, dsn::Dsn};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Request, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// Events that may wait.
const QUEUE: usize = 256;
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long nothing is sent after 429 without `Retry-After`; what Sentry's own clients do.
const PAUSE: Duration = Duration::from_secs(60);
/// How long nothing is sent at most, whatever `Retry-After` says.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

pub(super) struct Worker {
    orders: mpsc::SyncSender<Order>,
    dropped: Arc<AtomicU64>,
}

enum Order {
    Send(Vec<u8>),
    /// Everything before it is done.
    Flush(mpsc::SyncSender<()>),
}

impl Worker {
    pub(super) fn start(dsn: Dsn) -> Result<Self, SentryError> {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(PATIENCE));
        connector.enforce_http(false);
        let client = if dsn.endpoint.starts_with("https") {
            let tls = HttpsConnectorBuilder::new()
                .with_native_roots()
                .map_err(SentryError::Certificates)?
                .https_only()
                .enable_http1()
                .wrap_connector(connector);
            Wire::Tls(client().build(tls))
        } else {
            // Without certificates, which a container need not have.
            Wire::Plain(client().build(connector))
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(SentryError::Thread)?;
        let (orders, queue) = mpsc::sync_channel(QUEUE);
        let dropped = Arc::new(AtomicU64::new(0));
        let mut sending = Sending {
            dsn,
            client,
            dropped: Arc::clone(&dropped),
            not_before: None,
        };
        thread::Builder::new()
            .name("rf-log-sentry".to_owned())
            .spawn(move || {
                for order in queue {
                    match order {
                        Order::Send(envelope) => runtime.block_on(sending.send(envelope)),
                        Order::Flush(done) => drop(done),
                    }
                }
            })
            .map_err(SentryError::Thread)?;
        Ok(Self { orders, dropped })
    }

    /// Whoever logs an error does not wait.
    pub(super) fn send(&self, envelope: Vec<u8>) {
        if self.orders.try_send(Order::Send(envelope)).is_err() {
            self.dropped.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn flush(&self, deadline: Instant) -> bool {
        let (done, all) = mpsc::sync_channel(0);
        let mut order = Order::Flush(done);
        while let Err(error) = self.orders.try_send(order) {
            match error {
                mpsc::TrySendError::Full(full) if Instant::now() < deadline => order = full,
                mpsc::TrySendError::Full(_) => return false,
                // What it did not send is counted; nothing is left to wait for.
                mpsc::TrySendError::Disconnected(_) => return true,
            }
            thread::sleep(Duration::from_millis(5));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        // Dropped, and so disconnected, when its turn has come.
        all.recv_timeout(left) == Err(mpsc::RecvTimeoutError::Disconnected)
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }
}

fn client() -> hyper_util::client::legacy::Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    // Nobody looks after a kept connection between two errors.
    builder
        .pool_timer(TokioTimer::new())
        .pool_max_idle_per_host(0);
    builder
}

enum Wire {
    Plain(Client<HttpConnector, Full<Bytes>>),
    Tls(Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

struct Sending {
    dsn: Dsn,
    client: Wire,
    dropped: Arc<AtomicU64>,
    not_before: Option<Instant>,
}

impl Sending {
    async fn send(&mut self, envelope: Vec<u8>) {
        let paused = self.not_before.is_some_and(|until| Instant::now() < until);
        if paused || self.post(envelope).await.is_err() {
            // Not logged: that would be one more line for every error.
            self.dropped.fetch_add(1, Relaxed);
        }
    }

    async fn post(&mut self, envelope: Vec<u8>) -> io::Result<()> {
        let auth = format!(
            "Sentry sentry_version=7, sentry_client=rf-actix/{}, sentry_key={}",
            env!("CARGO_PKG_VERSION"),
            self.dsn.key
        );
        let request = Request::post(&self.dsn.endpoint)
            .header("x-sentry-auth", auth)
            .header(CONTENT_TYPE, "application/x-sentry-envelope")
            .body(Full::from(envelope))
            .map_err(io::Error::other)?;
        let answer = match &self.client {
            Wire::Plain(client) => client.request(request),
            Wire::Tls(client) => client.request(request),
        };
        let answer = tokio::time::timeout(PATIENCE, answer)
            .await?
            .map_err(io::Error::other)?;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            self.not_before = Some(Instant::now() + retry_after(answer.headers()));
        }
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(io::Error::other(format!(
                "Sentry answers {}",
                answer.status()
            )))
        }
    }
}

fn retry_after(headers: &HeaderMap) -> Duration {
    headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map_or(PAUSE, Duration::from_secs)
        .min(LONGEST_PAUSE)
}
