//! One line a request, when it is over, however it ends.

use super::{Level, RequestContext, keys, payload::Received};
use actix_web::{body::BodySize, http::Method};
use std::{
    net::{IpAddr, Ipv4Addr},
    rc::Rc,
    time::{Duration, Instant},
};

/// What is known of a request so far; dropping it writes the line.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) context: RequestContext,
    method: Method,
    /// The path, and behind it the user agent.
    sent: String,
    path_length: usize,
    has_user_agent: bool,
    pub(super) route: Option<String>,
    pub(super) remote: Option<IpAddr>,
    pub(super) slow: Option<Duration>,
    /// Of its body, when it has one.
    pub(super) received: Option<Rc<Received>>,
    pub(super) bytes_out: u64,
    pub(super) error: Option<String>,
    started: Instant,
    /// The status and when its response began.
    response: Option<(u16, Duration)>,
    /// What the body said of its length.
    expected: BodySize,
    ended: bool,
    body_failed: bool,
}

/// What is logged when the client left before there was a status: what nginx writes.
const CLIENT_CLOSED_REQUEST: u16 = 499;

impl Access {
    /// In a box, because it goes through many hands.
    pub(super) fn begin(context: RequestContext, method: Method, path: &str) -> Box<Self> {
        context.logger.pipeline.request_begins();
        // Most user agents have room in what is left.
        let mut sent = String::with_capacity(path.len() + 128);
        sent.push_str(path);
        Box::new(Self {
            context,
            method,
            sent,
            path_length: path.len(),
            has_user_agent: false,
            route: None,
            remote: None,
            slow: None,
            received: None,
            bytes_out: 0,
            error: None,
            started: Instant::now(),
            response: None,
            expected: BodySize::Stream,
            ended: false,
            body_failed: false,
        })
    }

    pub(super) fn sent_by(&mut self, user_agent: &str) {
        self.sent.push_str(user_agent);
        self.has_user_agent = true;
    }

    /// The head of the response is on its way, unless the client left while it was sending: then the response says
    /// no more than that, and reaches nobody. A failure of our own stays one.
    pub(super) fn respond(&mut self, status: u16, expected: BodySize) {
        let abandoned = self
            .received
            .as_ref()
            .is_some_and(|body| body.abandoned.get());
        if abandoned && status < 500 {
            return;
        }
        self.response = Some((status, self.started.elapsed()));
        self.expected = expected;
    }

    /// The response has no body that anyone will poll.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// The stream of the body broke.
    pub(super) fn fail(&mut self, error: String) {
        self.error = Some(error);
        self.body_failed = true;
    }

    /// Whether all of the response was taken by the connection.
    fn is_complete(&self) -> bool {
        self.ended
            || match self.expected {
                // actix-web drops empty bodies without polling them.
                BodySize::None => true,
                BodySize::Sized(bytes) => self.bytes_out >= bytes,
                BodySize::Stream => false,
            }
    }

    /// How it ended when it did not end well, and the status to write.
    fn outcome(&self) -> (Option<&'static str>, u16) {
        match self.response {
            None if std::thread::panicking() => (Some("panic"), 500),
            None => (Some("disconnect"), CLIENT_CLOSED_REQUEST),
            Some((status, _)) if self.body_failed => (Some("body_error"), status),
            Some((status, _)) if self.is_complete() => (None, status),
            Some((status, _)) if std::thread::panicking() => (Some("panic"), status),
            Some((status, _)) => (Some("disconnect"), status),
        }
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        let (outcome, status) = self.outcome();
        let first_byte = self.response.map(|(_, first_byte)| first_byte);
        let duration = self.started.elapsed();
        // A long download is no slow request: what counts is how long the client waits for the answer to begin.
        let slow = self
            .slow
            .is_some_and(|limit| first_byte.unwrap_or(duration) >= limit);
        let level = match outcome {
            Some("panic" | "body_error") => Level::Error,
            _ if status >= 500 => Level::Error,
            _ if slow => Level::Warn,
            _ => Level::Info,
        };
        let logger = &self.context.logger;
        if logger.enabled(level, keys::ACCESS) {
            // What a HEAD request would have got is counted by nobody else either.
            let bytes_out = if self.method == Method::HEAD {
                0
            } else {
                self.bytes_out
            };
            let fields = Fields {
                access: self,
                status,
                outcome,
                duration,
                first_byte,
                slow,
                bytes_out,
            };
            logger.emit(
                (level, keys::ACCESS),
                format_args!("request"),
                &fields,
                Some(&*self.context.ids),
            );
        }
        logger.pipeline.request_ends();
    }
}

struct Fields<'a> {
    access: &'a Access,
    status: u16,
    outcome: Option<&'static str>,
    duration: Duration,
    first_byte: Option<Duration>,
    slow: bool,
    bytes_out: u64,
}

impl slog::KV for Fields<'_> {
    fn serialize(&self, _: &slog::Record<'_>, to: &mut dyn slog::Serializer) -> slog::Result {
        let access = self.access;
        to.emit_str(keys::METHOD, access.method.as_str())?;
        if let Some(route) = &access.route {
            to.emit_str(keys::ROUTE, route)?;
        }
        let (path, user_agent) = access.sent.split_at(access.path_length);
        to.emit_str(keys::PATH, path)?;
        to.emit_u16(keys::STATUS, self.status)?;
        to.emit_f64(keys::DURATION, millis(self.duration))?;
        if let Some(first_byte) = self.first_byte {
            to.emit_f64(keys::FIRST_BYTE, millis(first_byte))?;
        }
        let received = access.received.as_ref().map_or(0, |body| body.bytes.get());
        to.emit_u64(keys::BYTES_IN, received)?;
        to.emit_u64(keys::BYTES_OUT, self.bytes_out)?;
        match access.remote {
            Some(IpAddr::V4(remote)) => dotted(remote, |text| to.emit_str(keys::REMOTE, text))?,
            Some(IpAddr::V6(remote)) => {
                to.emit_arguments(keys::REMOTE, &format_args!("{remote}"))?;
            }
            None => {}
        }
        if access.has_user_agent {
            to.emit_str(keys::USER_AGENT, user_agent)?;
        }
        if let Some(outcome) = self.outcome {
            to.emit_str(keys::OUTCOME, outcome)?;
        }
        if self.slow {
            to.emit_bool(keys::SLOW, true)?;
        }
        if let Some(error) = &access.error {
            to.emit_str(keys::ERROR, error)?;
        }
        Ok(())
    }
}

/// The address as everybody writes it. `Display` does the same with a dozen calls through pointers.
fn dotted<T>(address: Ipv4Addr, then: impl FnOnce(&str) -> T) -> T {
    let mut text = [0; "255.255.255.255".len()];
    let mut end = 0;
    for (place, octet) in address.octets().into_iter().enumerate() {
        if place > 0 {
            text[end] = b'.';
            end += 1;
        }
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(octet).as_bytes();
        text[end..end + digits.len()].copy_from_slice(digits);
        end += digits.len();
    }
    then(std::str::from_utf8(&text[..end]).expect("digits and dots are ASCII"))
}

/// Milliseconds with three decimals.
fn millis(duration: Duration) -> f64 {
    duration.as_micros() as u64 as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_everybody_writes_them() {
        for address in [
            Ipv4Addr::UNSPECIFIED,
            Ipv4Addr::LOCALHOST,
            Ipv4Addr::BROADCAST,
            Ipv4Addr::new(10, 1, 20, 99),
        ] {
            dotted(address, |text| assert_eq!(text, address.to_string()));
        }
    }
}
