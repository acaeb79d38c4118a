//! One open way to syslog.

use super::Address;
use std::{
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs, UdpSocket},
    os::unix::net::UnixDatagram,
    time::Duration,
};

/// How long a connection may take to open, and a write to be taken: a server that hangs fails instead.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) enum Connection {
    Unix(UnixDatagram),
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Connection {
    pub(super) fn open(address: &Address) -> io::Result<Self> {
        match address {
            Address::Unix(path) => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(path)?;
                socket.set_write_timeout(Some(PATIENCE))?;
                Ok(Self::Unix(socket))
            }
            Address::Udp(host) => {
                let socket = first_that_works(host, |to| {
                    let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                    let socket = UdpSocket::bind(any)?;
                    socket.connect(to)?;
                    Ok(socket)
                })?;
                socket.set_write_timeout(Some(PATIENCE))?;
                Ok(Self::Udp(socket))
            }
            Address::Tcp(host) => {
                let stream =
                    first_that_works(host, |to| TcpStream::connect_timeout(&to, PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                // A server that closed is noticed before a write, not by the loss of what was written.
                stream.set_nodelay(true)?;
                Ok(Self::Tcp(stream))
            }
        }
    }

    /// Sends messages, none of which has a line end inside, and returns how many of them were taken, and what ended it.
    pub(super) fn send(&mut self, messages: &[&[u8]]) -> (usize, io::Result<()>) {
        match self {
            Self::Unix(socket) => each(messages, |message| socket.send(message)),
            Self::Udp(socket) => each(messages, |message| socket.send(message)),
            Self::Tcp(stream) => send_counted(stream, messages),
        }
    }
}

fn first_that_works<T>(
    host: &str,
    mut open: impl FnMut(std::net::SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for to in host.to_socket_addrs()? {
        match open(to) {
            Ok(opened) => return Ok(opened),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// One datagram a message (RFC 5426 section 3.1).
fn each(
    messages: &[&[u8]],
    mut send: impl FnMut(&[u8]) -> io::Result<usize>,
) -> (usize, io::Result<()>) {
    for (sent, message) in messages.iter().enumerate() {
        loop {
            match send(message) {
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return (sent, Err(error)),
            }
        }
    }
    (messages.len(), Ok(()))
}

/// Octet counting (RFC 6587 section 3.4.1): the length in decimal, a space, the message. What the connection took of a
/// message that it did not take whole is worth nothing: the next connection gets it from its beginning.
fn send_counted(stream: &mut TcpStream, messages: &[&[u8]]) -> (usize, io::Result<()>) {
    if let Err(error) = still_open(stream) {
        return (0, Err(error));
    }
    let mut frames = Vec::with_capacity(messages.iter().map(|message| message.len() + 6).sum());
    let mut ends = Vec::with_capacity(messages.len());
    for message in messages {
        frames.extend_from_slice(message.len().to_string().as_bytes());
        frames.push(b' ');
        frames.extend_from_slice(message);
        ends.push(frames.len());
    }
    let mut written = 0;
    let done = loop {
        if written == frames.len() {
            break Ok(());
        }
        match stream.write(&frames[written..]) {
            Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
            Ok(bytes) => written += bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    (ends.partition_point(|end| *end <= written), done)
}

/// Syslog never answers: what can be read is the end of the connection.
fn still_open(stream: &mut TcpStream) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    let read = stream.read(&mut [0; 64]);
    stream.set_nonblocking(false)?;
    match read {
        Ok(0) => Err(io::Error::new(
            io::ErrorKind::ConnectionReset,
            "syslog has closed the connection",
        )),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        Err(error) => Err(error),
    }
}
