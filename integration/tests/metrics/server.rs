//! A real server with metrics, a client that does as it is told, and a reader of scrapes.

use std::{net::SocketAddr, time::Duration};

use actix_web::{App, HttpServer, dev::ServerHandle, web::ServiceConfig};
use rf::metrics::Metrics;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Longer than any of these tests may take; nothing waits for it unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Server {
    pub(crate) metrics: Metrics,
    pub(crate) address: SocketAddr,
    handle: ServerHandle,
}

impl Server {
    /// Serves the routes with the middleware round them, beside `/metrics` and the probes.
    pub(crate) fn start(metrics: Metrics, routes: fn(&mut ServiceConfig)) -> Self {
        let shared = metrics.clone();
        let server = HttpServer::new(move || {
            App::new()
                .wrap(shared.middleware())
                .configure(shared.state())
                .configure(rf::metrics)
                .configure(routes)
        })
        .workers(1)
        // Otherwise actix-web serves a client to the end that closed its side cleanly.
        .h1_allow_half_closed(false)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self {
            metrics,
            address,
            handle,
        }
    }

    /// Asks at another address from now on.
    pub(crate) fn at(self, address: SocketAddr) -> Self {
        Self { address, ..self }
    }

    pub(crate) async fn stop(self) {
        self.end().await;
    }

    /// Stops at once, whatever is in flight; the metrics can still be read.
    pub(crate) async fn end(&self) {
        self.handle.stop(false).await;
    }

    /// Opens a connection and sends this request head; `\n` stands for the line ending.
    pub(crate) async fn open(&self, head: &str, body: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!("{head}\nhost: localhost\n\n").replace('\n', "\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        stream
    }

    /// Sends a request on a connection of its own and reads until the server closes it.
    pub(crate) async fn send(&self, head: &str, body: &[u8]) -> String {
        String::from_utf8_lossy(&self.exchange(head, body).await).into_owned()
    }

    /// The same, as the bytes that came.
    pub(crate) async fn exchange(&self, head: &str, body: &[u8]) -> Vec<u8> {
        let mut stream = self.open(&format!("{head}\nconnection: close"), body).await;
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        // A reset is an end as well.
        let _ = tokio::time::timeout(PATIENCE, read).await.unwrap();
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> String {
        self.send(&format!("GET {path} HTTP/1.1"), b"").await
    }

    /// The value of a series, written as it is served.
    pub(crate) fn sample(&self, series: &str) -> Option<f64> {
        sample(&self.metrics.encode(), series)
    }

    /// Waits for what the server does after a client went away, which nothing tells the client.
    pub(crate) async fn until(&self, series: &str, value: f64) {
        let seen = async {
            while self.sample(series) != Some(value) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, seen).await.is_err() {
            panic!("{series} never was {value} in\n{}", self.metrics.encode());
        }
    }
}

/// Reads until `wanted` has arrived.
pub(crate) async fn read_until(stream: &mut TcpStream, wanted: &str) {
    let mut seen = Vec::new();
    let read = async {
        while !String::from_utf8_lossy(&seen).contains(wanted) {
            let mut buffer = [0; 1024];
            let count = stream.read(&mut buffer).await.unwrap();
            assert_ne!(
                count,
                0,
                "closed before {wanted:?} but {}",
                String::from_utf8_lossy(&seen)
            );
            seen.extend_from_slice(&buffer[..count]);
        }
    };
    tokio::time::timeout(PATIENCE, read).await.unwrap();
}

/// The value of a series in a scrape.
pub(crate) fn sample(text: &str, series: &str) -> Option<f64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
    line.parse().ok()
}

/// The sum of all series of a family that carry all these labels.
pub(crate) fn sum(text: &str, family: &str, labels: &[&str]) -> f64 {
    text.lines()
        .filter(|line| line.starts_with(&format!("{family}{{")))
        .filter(|line| labels.iter().all(|label| line.contains(label)))
        .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
        .sum()
}
