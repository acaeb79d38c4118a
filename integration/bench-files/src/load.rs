//! Load over 32 connections that stay open: plain sockets, so that the client costs little.

use crate::Fault;
use bytes::Bytes;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

pub(crate) const CONNECTIONS: usize = 32;

/// What is sent: a head for each request, so that each can name a file of its own, and the body of all.
pub(crate) struct Request {
    pub(crate) head: Arc<dyn Fn(usize) -> String + Send + Sync>,
    pub(crate) body: Bytes,
}

/// Sends requests, one after the other on every connection, and gives the number of answers and their time. `sent` numbers
/// the requests.
pub(crate) async fn load(
    server: SocketAddr,
    request: &Request,
    sent: &Arc<AtomicUsize>,
    length: usize,
    time: Duration,
) -> Result<(usize, Duration), Fault> {
    let done = Arc::new(AtomicUsize::new(0));
    let mut connections = JoinSet::new();
    let begin = Instant::now();
    for _ in 0..CONNECTIONS {
        let (head, body) = (Arc::clone(&request.head), request.body.clone());
        let (sent, done) = (Arc::clone(sent), Arc::clone(&done));
        connections.spawn(async move {
            let mut stream = TcpStream::connect(server).await?;
            stream.set_nodelay(true)?;
            let mut buffer = vec![0; 256 * 1024];
            while begin.elapsed() < time {
                let head = head(sent.fetch_add(1, Ordering::Relaxed));
                stream.write_all(head.as_bytes()).await?;
                stream.write_all(&body).await?;
                answer(&mut stream, &mut buffer, length).await?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<(), Fault>(())
        });
    }
    while let Some(ended) = connections.join_next().await {
        ended??;
    }
    // The last answers come after the time is up: the whole time counts.
    Ok((done.load(Ordering::Relaxed), begin.elapsed()))
}

/// Reads one answer, which must be a success with that many bytes.
async fn answer(stream: &mut TcpStream, buffer: &mut [u8], length: usize) -> Result<(), Fault> {
    let mut filled = 0;
    let (head, announced) = loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Err("the server hung up".into());
        }
        filled += read;
        if let Some(end) = buffer[..filled].windows(4).position(|w| w == b"\r\n\r\n") {
            break (end + 4, announced(&buffer[..end])?);
        }
    };
    if announced != length {
        return Err(format!("an answer of {announced} bytes instead of {length}").into());
    }
    let mut rest = length - (filled - head);
    while rest > 0 {
        let most = rest.min(buffer.len());
        match stream.read(&mut buffer[..most]).await? {
            0 => return Err("an answer was cut short".into()),
            read => rest -= read,
        }
    }
    Ok(())
}

/// The length of the body that a head announces.
fn announced(head: &[u8]) -> Result<usize, Fault> {
    let head = std::str::from_utf8(head)?;
    if !head.starts_with("HTTP/1.1 20") {
        return Err(format!("the server answers {}", head.lines().next().unwrap_or("")).into());
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    Ok(length.unwrap_or(0))
}
