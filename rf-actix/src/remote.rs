//! Who is at the other end of a request, when proxies stand between.

use actix_web::http::header::HeaderMap;
use std::net::IpAddr;

/// The nearest address that is not a trusted proxy's.
///
/// `X-Forwarded-For` is read from its end, where the proxy next to us writes, and only as far as trusted proxies
/// vouch for it: everything before was sent by the client and could say anything.
pub(crate) fn address(
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    trusted: &[IpAddr],
) -> Option<IpAddr> {
    let mut nearest = peer?.to_canonical();
    if !trusted.contains(&nearest) {
        return Some(nearest);
    }
    let sent: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in sent.into_iter().rev() {
        // What is no address ends the chain of those who can be believed.
        let Some(address) = parse(hop.trim()) else {
            break;
        };
        nearest = address;
        if !trusted.contains(&nearest) {
            break;
        }
    }
    Some(nearest)
}

/// An address, with a port and brackets or without.
fn parse(hop: &str) -> Option<IpAddr> {
    let plain = hop.parse::<IpAddr>().ok();
    let with_port = || {
        hop.parse::<std::net::SocketAddr>()
            .ok()
            .map(|address| address.ip())
    };
    let bracketed = || {
        hop.strip_prefix('[')?
            .strip_suffix(']')?
            .parse::<IpAddr>()
            .ok()
    };
    plain
        .or_else(with_port)
        .or_else(bracketed)
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn seen(peer: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(
                HeaderName::from_static("x-forwarded-for"),
                HeaderValue::from_static(value),
            );
        }
        let trusted = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        address(Some(peer.parse().unwrap()), &headers, &trusted)
            .unwrap()
            .to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(seen("9.9.9.9", &["1.1.1.1"]), "9.9.9.9");
        assert_eq!(seen("10.0.0.1", &["1.1.1.1"]), "1.1.1.1");
    }

    #[test]
    fn the_client_cannot_prepend_an_address() {
        assert_eq!(seen("10.0.0.1", &["6.6.6.6, 1.1.1.1, 10.0.0.2"]), "1.1.1.1");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6", "1.1.1.1"]), "1.1.1.1");
    }

    #[test]
    fn junk_ends_the_chain() {
        assert_eq!(seen("10.0.0.1", &["1.1.1.1, <script>"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn ports_brackets_and_mapped_addresses_are_read() {
        assert_eq!(
            seen("::ffff:10.0.0.1", &["[2001:db8::1]:443"]),
            "2001:db8::1"
        );
        assert_eq!(seen("10.0.0.1", &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(seen("10.0.0.1", &["1.1.1.1:80"]), "1.1.1.1");
    }
}
