//! Sends lines, and connects again when that fails.

use super::{Address, connection::Connection};
use crate::logging::sink::Sink;
use std::{
    io,
    time::{Duration, Instant},
};

/// After the first failure, and at most, until the next attempt to connect.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// The time; a test brings its own.
pub(super) type Clock = Box<dyn Fn() -> Instant + Send>;

/// Sends each line as one message. It connects with the first line, so that an application starts without syslog.
pub(crate) struct SyslogSink {
    address: Address,
    connection: Option<Connection>,
    backoff: Duration,
    not_before: Option<Instant>,
    clock: Clock,
}

impl SyslogSink {
    pub(crate) fn new(address: Address) -> Self {
        Self::with_clock(address, Box::new(Instant::now))
    }

    pub(super) fn with_clock(address: Address, clock: Clock) -> Self {
        Self {
            address,
            connection: None,
            backoff: BACKOFF.0,
            not_before: None,
            clock,
        }
    }

    fn connection(&mut self) -> io::Result<&mut Connection> {
        if self.connection.is_none() {
            if self
                .not_before
                .is_some_and(|not_before| (self.clock)() < not_before)
            {
                return Err(io::Error::new(
                    io::ErrorKind::NotConnected,
                    "syslog was away a moment ago",
                ));
            }
            match Connection::open(&self.address) {
                Ok(connection) => self.connection = Some(connection),
                Err(error) => {
                    self.wait();
                    return Err(error);
                }
            }
        }
        Ok(self.connection.as_mut().expect("opened above"))
    }

    fn wait(&mut self) {
        self.not_before = Some((self.clock)() + self.backoff);
        self.backoff = (self.backoff * 2).min(BACKOFF.1);
    }
}

impl Sink for SyslogSink {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let messages: Vec<&[u8]> = lines
            .split_inclusive(|byte| *byte == b'\n')
            .map(|line| line.strip_suffix(b"\n").unwrap_or(line))
            .collect();
        let mut sent = 0;
        // A connection that broke while nothing was logged is replaced at once; a new one that breaks has to wait.
        while sent < messages.len() {
            let fresh = self.connection.is_none();
            let connection = match self.connection() {
                Ok(connection) => connection,
                Err(_) if sent > 0 => break,
                Err(error) => return Err(error),
            };
            let (taken, done) = connection.send(&messages[sent..]);
            sent += taken;
            if taken > 0 {
                self.backoff = BACKOFF.0;
            }
            if let Err(error) = done {
                self.connection = None;
                let hangs = matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                );
                if fresh || hangs {
                    self.wait();
                    if sent == 0 {
                        return Err(error);
                    }
                    break;
                }
            }
        }
        Ok(messages[..sent]
            .iter()
            .map(|message| message.len() + 1)
            .sum::<usize>()
            .min(lines.len()))
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.connection = None;
        self.not_before = None;
        self.backoff = BACKOFF.0;
        Ok(())
    }
}
