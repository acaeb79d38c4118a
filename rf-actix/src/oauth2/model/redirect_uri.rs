//! Redirect URIs: what may be registered, and what matches it (RFC 6749 §3.1.2, RFC 9700 §4.1).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};
use url::{Host, Url};

/// A registered redirect URI.
///
/// It is compared as a string, byte for byte (RFC 9700 §4.1.3): another slash, case, query, default port or
/// percent-encoding is another URI. The one exception is the port of a loopback IP literal, which a native
/// app gets from its operating system (RFC 8252 §7.3); `localhost` is a name, and exact.
///
/// ```
/// use rf::oauth2::RedirectUri;
///
/// let native: RedirectUri = "http://127.0.0.1/done".parse()?;
/// assert!(native.matches("http://127.0.0.1:51004/done"));
/// assert!("http://app.example.com/done".parse::<RedirectUri>().is_err());
/// # Ok::<(), rf::oauth2::InvalidRedirectUri>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct RedirectUri(String);

/// A URI that must not be registered, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{uri:?} cannot be a redirect URI: {reason}")]
pub struct InvalidRedirectUri {
    uri: String,
    reason: &'static str,
}

impl RedirectUri {
    /// The URI as it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request that presents `presented` means this URI.
    pub fn matches(&self, presented: &str) -> bool {
        if self.0 == presented {
            return true;
        }
        match (loopback_parts(&self.0), loopback_parts(presented)) {
            (Some(registered), Some(asked)) => registered == asked,
            _ => false,
        }
    }

    /// Whether its host is a loopback IP literal or `localhost`.
    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| is_loopback(&url))
    }

    /// Whether it is a native app's own scheme, such as `com.example.app:/done` (RFC 8252 §7.1).
    pub fn is_private_use(&self) -> bool {
        !self.0.starts_with("http://") && !self.0.starts_with("https://")
    }
}

/// Host and what follows the port of `http://127.0.0.1[:port]…` and `http://[::1][:port]…`.
fn loopback_parts(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let host = ["127.0.0.1", "[::1]"]
        .into_iter()
        .find(|host| rest.starts_with(host))?;
    let rest = &rest[host.len()..];
    let after = match rest.strip_prefix(':') {
        Some(port) => {
            let digits = port.bytes().take_while(u8::is_ascii_digit).count();
            port[..digits]
                .parse::<u16>()
                .ok()
                .filter(|port| *port != 0)?;
            &port[digits..]
        }
        None => rest,
    };
    (after.is_empty() || after.starts_with(['/', '?'])).then_some((host, after))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl FromStr for RedirectUri {
    type Err = InvalidRedirectUri;

    fn from_str(uri: &str) -> Result<Self, Self::Err> {
        let refuse = |reason| {
            Err(InvalidRedirectUri {
                uri: uri.to_owned(),
                reason,
            })
        };
        if uri.len() > 2000 {
            return refuse("it is longer than 2000 bytes");
        }
        // What the parser would silently strip or turn would never match later.
        if !uri
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        {
            return refuse("write it in ASCII, with everything else percent-encoded");
        }
        let Ok(url) = Url::parse(uri) else {
            return refuse("write an absolute URI such as \"https://app.example.com/callback\"");
        };
        if uri.contains('#') {
            return refuse("a fragment is not allowed (RFC 6749 §3.1.2)");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("a user name or password is not allowed");
        }
        match url.scheme() {
            "https" if uri.starts_with("https://") => {}
            "http" if uri.starts_with("http://") && is_loopback(&url) => {}
            "http" => return refuse("plain http is for loopback addresses only, write https"),
            // RFC 8252 §7.1: a private-use scheme is a reversed domain name, which also keeps out
            // `javascript:`, `data:` and their like.
            scheme if scheme.contains('.') => {}
            _ => {
                return refuse(
                    "write https, or a private-use scheme with a dot such as \"com.example.app:/done\"",
                );
            }
        }
        Ok(Self(uri.to_owned()))
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RedirectUri {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn uri(text: &str) -> RedirectUri {
        text.parse().unwrap()
    }

    #[test]
    fn a_redirect_uri_matches_byte_for_byte() {
        let registered = uri("https://app.example.com/cb");
        assert!(registered.matches("https://app.example.com/cb"));
        for other in [
            "https://app.example.com/cb/",
            "https://app.example.com/Cb",
            "https://APP.example.com/cb",
            "https://app.example.com/cb?",
            "https://app.example.com/cb?a=b",
            "https://app.example.com/x/../cb",
            "https://app.example.com:443/cb",
            "https://app.example.com/%63b",
            "https://user@app.example.com/cb",
            "https://app.example.com.evil.com/cb",
            "https://app.example.com/cb#",
            "http://app.example.com/cb",
        ] {
            assert!(!registered.matches(other), "{other}");
        }
    }

    #[test]
    fn a_loopback_literal_may_differ_by_port_only() {
        let registered = uri("http://127.0.0.1:8080/cb");
        assert!(registered.matches("http://127.0.0.1/cb"));
        assert!(registered.matches("http://127.0.0.1:65535/cb"));
        assert!(uri("http://[::1]/cb").matches("http://[::1]:5000/cb"));
        for other in [
            "http://127.0.0.1:8080/other",
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:65536/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:80@evil.com/cb",
            "http://127.0.0.1.evil.com/cb",
            "http://127.0.0.1:8080evil.com/cb",
            "https://127.0.0.1:8080/cb",
            "http://localhost:8080/cb",
            "http://[::1]:8080/cb",
        ] {
            assert!(!registered.matches(other), "{other}");
        }
        assert!(!uri("http://localhost:8080/cb").matches("http://localhost:9090/cb"));
    }

    #[test]
    fn a_dangerous_redirect_uri_is_refused_at_registration() {
        for bad in [
            "https://app.example.com/cb#x",
            "https://app.example.com/cb#",
            "http://app.example.com/cb",
            "http://127.0.0.1.evil.com/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "/callback",
            "https:app.example.com/cb",
            "https://user:pw@app.example.com/cb",
            "https://app.example.com/c b",
            "https://app.example.com\\cb",
            "",
        ] {
            assert!(bad.parse::<RedirectUri>().is_err(), "{bad}");
        }
        for good in [
            "https://app.example.com/cb?x=y",
            "http://localhost/cb",
            "http://127.0.0.1:8080/callback",
            "http://[::1]/cb",
            "com.example.app:/done",
        ] {
            assert!(good.parse::<RedirectUri>().is_ok(), "{good}");
        }
    }
}
