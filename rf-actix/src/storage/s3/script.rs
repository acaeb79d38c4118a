//! A server for tests that answers what it was told to, in that order, and keeps what it was asked.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, mpsc},
    thread,
};

/// What happens to one request.
pub(super) enum Reply {
    /// An answer; the connection stays.
    Send(Vec<u8>),
    /// An answer or the front of one; then the server hangs up.
    Break(Vec<u8>),
    /// An answer, once somebody says so; the connection stays.
    Wait(mpsc::Receiver<()>, Vec<u8>),
    /// An answer or the front of one; then nothing more comes.
    Hold(Vec<u8>),
}

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// Method, target and version.
    pub(super) line: String,
    /// Names in small letters.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

pub(super) struct Script {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// One message for each held connection that its client closed.
    pub(super) left: mpsc::Receiver<()>,
}

impl Script {
    /// Its threads end with the process of the test.
    pub(super) fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let replies = Arc::new(Mutex::new(VecDeque::from(replies)));
        let (leave, left) = mpsc::channel();
        let kept = seen.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (replies, kept, leave) = (replies.clone(), kept.clone(), leave.clone());
                thread::spawn(move || serve(stream, &replies, &kept, &leave));
            }
        });
        Self {
            address,
            seen,
            left,
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map_or("", |(_, value)| value)
    }
}

/// An answer of a status with headers and a body.
pub(super) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut text = format!(
        "HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    Reply::Send(format!("{text}\r\n{body}").into_bytes())
}

/// A refusal as S3 writes it.
pub(super) fn refusal(status: u16, code: &str) -> Reply {
    answer(
        status,
        &[("content-type", "application/xml")],
        &format!("<Error><Code>{code}</Code><Message>no</Message></Error>"),
    )
}

fn serve(
    stream: TcpStream,
    replies: &Mutex<VecDeque<Reply>>,
    kept: &Mutex<Vec<Seen>>,
    leave: &mpsc::Sender<()>,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some(seen) = read(&mut reader) {
        kept.lock().unwrap().push(seen);
        let reply = replies.lock().unwrap().pop_front();
        match reply {
            Some(Reply::Send(bytes)) => writer.write_all(&bytes).unwrap(),
            Some(Reply::Wait(told, bytes)) => {
                let _ = told.recv();
                writer.write_all(&bytes).unwrap();
            }
            Some(Reply::Break(bytes)) => {
                writer.write_all(&bytes).unwrap();
                return;
            }
            Some(Reply::Hold(bytes)) => {
                writer.write_all(&bytes).unwrap();
                while reader.read(&mut [0; 256]).is_ok_and(|read| read > 0) {}
                let _ = leave.send(());
                return;
            }
            None => return,
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Seen> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let headers: Vec<(String, String)> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let mut seen = Seen {
        line: lines[0].clone(),
        headers,
        body: Vec::new(),
    };
    seen.body = vec![0; seen.header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut seen.body).ok()?;
    Some(seen)
}
