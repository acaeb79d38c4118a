#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use crate::logging::Sink;
use std::{
    io::{BufRead, BufReader, Read},
    net::{TcpListener, TcpStream, UdpSocket},
    os::unix::net::UnixDatagram,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

fn tcp(listener: &TcpListener) -> Address {
    format!("tcp://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap()
}

/// The next message with its length before it.
fn counted(from: &mut impl BufRead) -> String {
    let mut length = Vec::new();
    from.read_until(b' ', &mut length).unwrap();
    let length: usize = String::from_utf8(length).unwrap().trim().parse().unwrap();
    let mut message = vec![0; length];
    from.read_exact(&mut message).unwrap();
    String::from_utf8(message).unwrap()
}

fn accept(listener: &TcpListener) -> BufReader<TcpStream> {
    let (stream, _) = listener.accept().unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    BufReader::new(stream)
}

#[test]
fn each_line_is_a_datagram_on_a_unix_socket_and_on_udp() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let unix = UnixDatagram::bind(&path).unwrap();
    let mut sink = SyslogSink::new(format!("unix://{}", path.display()).parse().unwrap());
    assert_eq!(sink.write("é one\ntwo\n".as_bytes()).unwrap(), 11);
    let mut read = [0; 64];
    for message in ["é one", "two"] {
        let bytes = unix.recv(&mut read).unwrap();
        assert_eq!(&read[..bytes], message.as_bytes());
    }

    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = format!("udp://{}", udp.local_addr().unwrap());
    let mut sink = SyslogSink::new(address.parse().unwrap());
    sink.write(b"one\ntwo\n").unwrap();
    for message in ["one", "two"] {
        let bytes = udp.recv(&mut read).unwrap();
        assert_eq!(&read[..bytes], message.as_bytes());
    }
}

#[test]
fn messages_on_tcp_have_their_length_in_octets_before_them() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut sink = SyslogSink::new(tcp(&listener));
    sink.write("é one\ntwo\n".as_bytes()).unwrap();
    let mut stream = accept(&listener);
    drop(sink);
    let mut all = String::new();
    stream.read_to_string(&mut all).unwrap();
    assert_eq!(all, "6 é one3 two");
}

#[test]
fn a_server_that_closed_is_noticed_before_the_next_line_is_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut sink = SyslogSink::new(tcp(&listener));
    sink.write(b"one\n").unwrap();
    let mut first = accept(&listener);
    assert_eq!(counted(&mut first), "one");
    drop(first);
    sink.write(b"two\nthree\n").unwrap();
    let mut second = accept(&listener);
    assert_eq!(
        (counted(&mut second), counted(&mut second)),
        ("two".into(), "three".into())
    );
}

#[test]
fn attempts_to_connect_are_further_and_further_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = tcp(&listener);
    drop(listener);
    let now = Arc::new(Mutex::new(Instant::now()));
    let time = Arc::clone(&now);
    let mut sink = SyslogSink::with_clock(address, Box::new(move || *time.lock().unwrap()));
    let mut attempts = Vec::new();
    for quarter in 0..16 {
        let error = sink.write(b"line\n").unwrap_err();
        if error.kind() != std::io::ErrorKind::NotConnected {
            attempts.push(quarter);
        }
        *now.lock().unwrap() += Duration::from_millis(250);
    }
    assert_eq!(attempts, [0, 1, 3, 7, 15]);
    sink.reopen().unwrap();
    let error = sink.write(b"line\n").unwrap_err();
    assert_ne!(error.kind(), std::io::ErrorKind::NotConnected, "at once");
}

#[test]
fn what_a_broken_connection_took_of_a_message_is_sent_again_whole() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut sink = SyslogSink::new(tcp(&listener));
    sink.write(b"first\n").unwrap();
    let mut first = accept(&listener);
    assert_eq!(counted(&mut first), "first");
    // More than the buffers of both ends hold, to one who leaves in the middle of it.
    let line = "x".repeat(8000);
    let lines = format!("{line}\n").repeat(4000);
    let reader = std::thread::spawn(move || {
        let mut some = vec![0; 100_001];
        first.read_exact(&mut some).unwrap();
        drop(first);
        let mut second = accept(&listener);
        let mut messages = Vec::new();
        loop {
            let message = counted(&mut second);
            if message == "last" {
                return messages;
            }
            messages.push(message);
        }
    });
    let mut left = lines.as_bytes();
    while !left.is_empty() {
        match sink.write(left) {
            Ok(taken) => left = &left[taken..],
            Err(_) => std::thread::yield_now(),
        }
    }
    while sink.write(b"last\n").is_err() {
        std::thread::yield_now();
    }
    let messages = reader.join().unwrap();
    assert!(!messages.is_empty() && messages.iter().all(|message| *message == line));
}
