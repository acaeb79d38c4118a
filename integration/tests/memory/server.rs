//! As much of S3 as a stream needs, kept nowhere: parts are counted and dropped, files are all the same byte.

use std::{
    io::{BufRead, BufReader, Read, Result, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// All that is held of a body at a time.
const BUFFER: usize = 64 * 1024;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    received: Arc<AtomicU64>,
}

impl Server {
    /// Every file has `size` bytes. It runs as long as the program.
    pub(crate) fn start(size: u64) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&received);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counted = Arc::clone(&counted);
                // A client that goes away ends its connection, and that is all.
                std::thread::spawn(move || drop(serve(&stream, size, &counted)));
            }
        });
        Self { address, received }
    }

    /// The bytes of all parts.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }
}

fn serve(stream: &TcpStream, size: u64, received: &AtomicU64) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(BUFFER, stream);
    loop {
        let mut head = String::new();
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
        let request = head.clone();
        while !head.ends_with("\r\n\r\n") {
            reader.read_line(&mut head)?;
        }
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(':'));
            lines.find_map(|(known, value)| known.eq_ignore_ascii_case(name).then(|| value.trim()))
        };
        let length = header("content-length").map_or(0, |value| value.parse().unwrap());
        let mut body = (&mut reader).take(length);
        let is_part = request.contains("partNumber=");
        let taken = std::io::copy(&mut body, &mut std::io::sink())?;
        if is_part {
            received.fetch_add(taken, Ordering::Relaxed);
        }
        if request.starts_with("GET") {
            let range = header("range").and_then(|range| range.strip_prefix("bytes="));
            let (first, last) = range.and_then(|range| range.split_once('-')).unwrap();
            let last = last.parse().unwrap_or(u64::MAX).min(size - 1);
            answer_range(stream, first.parse().unwrap(), last, size)?;
            continue;
        }
        let document = match request.as_str() {
            _ if is_part => "",
            text if text.contains("uploads") => {
                "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
            }
            _ => {
                "<CompleteMultipartUploadResult><ETag>\"1\"</ETag></CompleteMultipartUploadResult>"
            }
        };
        let length = document.len();
        let head = format!("HTTP/1.1 200 OK\r\netag: \"1\"\r\ncontent-length: {length}\r\n\r\n");
        let mut stream = stream;
        stream.write_all((head + document).as_bytes())?;
    }
}

fn answer_range(mut stream: &TcpStream, first: u64, last: u64, size: u64) -> Result<()> {
    let mut rest = last - first + 1;
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\netag: \"1\"\r\ncontent-length: {rest}\r\n\
         content-range: bytes {first}-{last}/{size}\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    let buffer = [b'x'; BUFFER];
    while rest > 0 {
        let piece = rest.min(BUFFER as u64);
        stream.write_all(&buffer[..piece as usize])?;
        rest -= piece;
    }
    Ok(())
}
