//! Where syslog listens.

use std::{fmt, path::PathBuf, str::FromStr};

/// `unix:///dev/log`, `udp://host:port` or `tcp://host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Unix(PathBuf),
    Udp(String),
    Tcp(String),
}

/// RFC 5426 section 3.3.
const UDP_PORT: u16 = 514;
/// RFC 6587 section 3.4.1 registers none for plain TCP; this is what rsyslog and syslog-ng use.
const TCP_PORT: u16 = 601;

impl Address {
    /// The largest message that arrives in one piece: RFC 5426 section 3.2 asks receivers on UDP for 2048 octets at
    /// least; the others take what rsyslog takes by default.
    pub(crate) fn max_message(&self) -> usize {
        match self {
            Self::Udp(_) => 2048,
            Self::Unix(_) | Self::Tcp(_) => 8096,
        }
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || {
            format!(
                "{text:?} is not an address of syslog, write for example \"unix:///dev/log\", \"udp://127.0.0.1:514\" or \"tcp://127.0.0.1:601\""
            )
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(refused)?;
        match scheme {
            "unix" if rest.starts_with('/') => Ok(Self::Unix(rest.into())),
            "udp" => host(rest, UDP_PORT).map(Self::Udp).ok_or_else(refused),
            "tcp" => host(rest, TCP_PORT).map(Self::Tcp).ok_or_else(refused),
            _ => Err(refused()),
        }
    }
}

/// Host and port; a port that is left out is the usual one.
fn host(text: &str, usual: u16) -> Option<String> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let (host, port) = match text.rsplit_once(':') {
        // The colons of a bare IPv6 address are in brackets.
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (text, usual),
    };
    let plain = !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']);
    let bracketed = host.starts_with('[') && host.ends_with(']');
    (plain && port != 0 && (bracketed || !host.contains(':'))).then(|| format!("{host}:{port}"))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Udp(host) => write!(f, "udp://{host}"),
            Self::Tcp(host) => write!(f, "tcp://{host}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn addresses_are_read_and_written_alike() {
        for (text, read) in [
            ("unix:///dev/log", "unix:///dev/log"),
            ("udp://127.0.0.1", "udp://127.0.0.1:514"),
            ("tcp://logs.example.com", "tcp://logs.example.com:601"),
            ("tcp://[::1]:6514", "tcp://[::1]:6514"),
            ("udp://[::1]", "udp://[::1]:514"),
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), read);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_an_example() {
        for junk in [
            "",
            "/dev/log",
            "unix://",
            "unix://dev/log",
            "udp://",
            "udp://:514",
            "tcp://host:port",
            "tcp://host:0",
            "tcp://::1:601",
            "tls://host:6514",
            "udp://me@host",
        ] {
            let error = junk.parse::<Address>().unwrap_err();
            assert!(error.contains("unix:///dev/log"), "{junk}: {error}");
        }
    }
}
