//! `application/x-www-form-urlencoded` parameters, read as RFC 6749 §3.1 and §3.2 want it.

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

/// The parameters of a query or a body: an empty one counts as left out, a repeated one is remembered.
///
/// ```
/// use rf::oauth2::Parameters;
///
/// let sent = Parameters::parse(b"scope=a+b&state=&code=1&code=2")?;
/// assert_eq!(sent.get("scope"), Some("a b"));
/// assert_eq!(sent.get("state"), None);
/// assert!(sent.repeated("code") && !sent.repeated("scope"));
/// # Ok::<(), rf::oauth2::MalformedParameters>(())
/// ```
#[derive(Clone, Default)]
pub struct Parameters(Vec<(String, String)>);

/// Bytes that are no form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("parameters are not UTF-8 in application/x-www-form-urlencoded, or there are too many")]
pub struct MalformedParameters;

impl Parameters {
    /// More than any honest request has.
    const MAX: usize = 64;

    /// Reads the bytes of a query or a body.
    ///
    /// # Errors
    /// When what is decoded is not UTF-8, or there are more than 64 parameters.
    pub fn parse(bytes: &[u8]) -> Result<Self, MalformedParameters> {
        let mut pairs = Vec::new();
        for pair in bytes.split(|byte| *byte == b'&') {
            if pair.is_empty() {
                continue;
            }
            if pairs.len() == Self::MAX {
                return Err(MalformedParameters);
            }
            let at = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = match at {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &b""[..]),
            };
            pairs.push((decode_form(name)?, decode_form(value)?));
        }
        Ok(Self(pairs))
    }

    /// The value of `name`; `None` when it is left out or empty. The first one when it is repeated.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(sent, _)| sent == name)?;
        (!value.is_empty()).then_some(value)
    }

    /// Every value of `name`, for forms in which it may be repeated.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(sent, _)| sent == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether `name` was sent more than once, which is never allowed (RFC 6749 §3.1, §3.2).
    pub fn repeated(&self, name: &str) -> bool {
        self.names().filter(|sent| *sent == name).nth(1).is_some()
    }

    /// The first name that was sent more than once, though it may not be. Only `resource` may, by which a client names
    /// what it wants the token for (RFC 8707 §2).
    pub fn first_repeated(&self) -> Option<&str> {
        self.names()
            .find(|name| *name != "resource" && self.repeated(name))
    }

    /// The names, in the order they were sent.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

impl Parameters {
    /// The same as a query (RFC 3986 §3.4), repeated and empty ones too.
    pub(crate) fn to_query(&self) -> String {
        let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let pairs = self
            .0
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)));
        pairs.collect::<Vec<_>>().join("&")
    }
}

impl FromIterator<(String, String)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// Undoes the encoding of one name or value: `+` is a space, the rest is percent-encoded UTF-8.
pub(crate) fn decode_form(bytes: &[u8]) -> Result<String, MalformedParameters> {
    if !bytes.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        let plain = std::str::from_utf8(bytes).map_err(|_| MalformedParameters)?;
        return Ok(plain.to_owned());
    }
    let spaced: Vec<u8> = bytes
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    percent_decode(&spaced)
        .decode_utf8()
        .map(Into::into)
        .map_err(|_| MalformedParameters)
}

impl fmt::Debug for Parameters {
    /// Names only: the values are codes, tokens and secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn an_empty_parameter_counts_as_left_out() {
        let sent = Parameters::parse(b"a=&b&c=1&&").unwrap();
        assert_eq!(sent.get("a"), None);
        assert_eq!(sent.get("b"), None);
        assert_eq!(sent.get("c"), Some("1"));
    }

    #[test]
    fn a_repeated_parameter_is_noticed_even_when_encoded_or_empty() {
        assert_eq!(
            Parameters::parse(b"a=1&%61=").unwrap().first_repeated(),
            Some("a")
        );
        assert_eq!(
            Parameters::parse(b"a=1&b=1").unwrap().first_repeated(),
            None
        );
    }

    #[test]
    fn several_resources_may_be_named() {
        let sent = Parameters::parse(b"resource=https://a&resource=https://b&a=1").unwrap();
        assert_eq!(sent.first_repeated(), None);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused() {
        assert!(Parameters::parse(b"a=%ff").is_err());
        assert!(Parameters::parse(&b"a=1&".repeat(65)).is_err());
    }
}
