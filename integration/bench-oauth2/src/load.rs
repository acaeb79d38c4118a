//! Load over connections that stay open: plain sockets, so that the client costs little.

use crate::Fault;
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

/// What is sent.
#[derive(Clone)]
pub(crate) enum Request {
    /// The same over and over, to the last byte.
    Same(Arc<str>),
    /// A refresh token, and then the one that came back for it, for each connection.
    Refresh { path: Arc<str>, tokens: Vec<String> },
    /// So many of the tokens, each once, and then the next so many.
    Each {
        make: fn(&str) -> String,
        tokens: Arc<Vec<String>>,
        from: usize,
        many: usize,
    },
}

impl Request {
    pub(crate) fn form(path: &str, body: &str) -> Self {
        Self::Same(form(path, body).into())
    }

    pub(crate) fn get(path: &str, token: &str) -> Self {
        Self::Same(get(path, token).into())
    }
}

pub(crate) fn get(path: &str, token: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n")
}

pub(crate) fn form(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) fn refresh(token: &str) -> String {
    format!(
        "grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={token}",
        crate::server::CLIENT,
        crate::server::SECRET
    )
}

/// Sends requests, one after the other on every connection, and gives the number of answers and their time. The tokens of
/// a chain of refreshes are left as the last ones.
pub(crate) async fn load(
    server: SocketAddr,
    request: &mut Request,
    time: Duration,
) -> Result<(usize, Duration), Fault> {
    let done = Arc::new(AtomicUsize::new(0));
    let taken = Arc::new(AtomicUsize::new(0));
    let mut connections = JoinSet::new();
    let begin = Instant::now();
    for index in 0..CONNECTIONS {
        let (request, done, taken) = (request.clone(), Arc::clone(&done), Arc::clone(&taken));
        connections.spawn(async move {
            let mut stream = TcpStream::connect(server).await?;
            stream.set_nodelay(true)?;
            let mut buffer = vec![0; 64 * 1024];
            let mut token = match &request {
                Request::Refresh { tokens, .. } => tokens[index % tokens.len()].clone(),
                Request::Same(_) | Request::Each { .. } => String::new(),
            };
            while begin.elapsed() < time {
                let made;
                let text: &str = match &request {
                    Request::Same(text) => text,
                    Request::Refresh { path, .. } => {
                        made = form(path, &refresh(&token));
                        &made
                    }
                    Request::Each {
                        make,
                        tokens,
                        from,
                        many,
                    } => {
                        let at = taken.fetch_add(1, Ordering::Relaxed);
                        let Some(token) = tokens.get(from + at).filter(|_| at < *many) else {
                            break;
                        };
                        made = make(token);
                        &made
                    }
                };
                stream.write_all(text.as_bytes()).await?;
                let body = answer(&mut stream, &mut buffer).await?;
                if let Request::Refresh { .. } = &request
                    && let Some(next) = member(body, "refresh_token")
                {
                    token = next;
                }
                done.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, Fault>((index, token))
        });
    }
    let mut last = vec![String::new(); CONNECTIONS];
    while let Some(ended) = connections.join_next().await {
        let (index, token) = ended??;
        last[index] = token;
    }
    match request {
        Request::Same(_) => {}
        Request::Refresh { tokens, .. } => *tokens = last,
        Request::Each { from, many, .. } => *from += *many,
    }
    // The last answers come after the time is up: the whole time counts.
    Ok((done.load(Ordering::Relaxed), begin.elapsed()))
}

/// One answer, by a connection of its own.
pub(crate) async fn once(server: SocketAddr, path: &str, body: &str) -> Result<String, Fault> {
    let answers = repeat(server, path, body, 1).await?;
    Ok(answers.into_iter().next().unwrap_or_default())
}

/// The same form so many times, over one connection.
pub(crate) async fn repeat(
    server: SocketAddr,
    path: &str,
    body: &str,
    times: usize,
) -> Result<Vec<String>, Fault> {
    let mut stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let request = form(path, body);
    let mut buffer = vec![0; 64 * 1024];
    let mut answers = Vec::with_capacity(times);
    for _ in 0..times {
        stream.write_all(request.as_bytes()).await?;
        answers.push(answer(&mut stream, &mut buffer).await?.to_owned());
    }
    Ok(answers)
}

/// The value of a member that is a plain string.
pub(crate) fn member(json: &str, name: &str) -> Option<String> {
    let (_, rest) = json.split_once(&format!("\"{name}\""))?;
    let rest = rest.split_once('"')?.1;
    Some(rest.split_once('"')?.0.to_owned())
}

/// Reads one answer, which must be a success.
async fn answer<'a>(stream: &mut TcpStream, buffer: &'a mut [u8]) -> Result<&'a str, Fault> {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Err("the server hung up".into());
        }
        filled += read;
        let Some(end) = buffer[..filled].windows(4).position(|w| w == b"\r\n\r\n") else {
            continue;
        };
        let head = std::str::from_utf8(&buffer[..end])?;
        let whole = end + 4 + announced(head).ok_or("an answer without a length")?;
        if filled < whole {
            continue;
        }
        let body = std::str::from_utf8(&buffer[end + 4..whole])?;
        if !head.starts_with("HTTP/1.1 200") || body.contains("\"active\":false") {
            return Err(format!("the server answers {head}\n\n{body}").into());
        }
        return Ok(body);
    }
}

/// The length of the body that a head announces.
fn announced(head: &str) -> Option<usize> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    })
}
