//! What a client presents.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::oauth2::error::{ErrorCode, OAuthError};
use crate::oauth2::model::{AuthMethod, ClientId, Secret, decode_form};

/// How a client presented itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mechanism {
    /// By its identifier alone.
    None,
    /// By a secret.
    Secret(AuthMethod),
}

/// What a client presented, unproven.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) id: ClientId,
    pub(super) secret: Option<Secret>,
    pub(super) mechanism: Mechanism,
}

impl Credentials {
    /// Reads the `Authorization` headers and the body's `client_id` and `client_secret`.
    pub(crate) fn read(
        headers: &[&[u8]],
        body_id: Option<&str>,
        body_secret: Option<&Secret>,
    ) -> Result<Self, OAuthError> {
        match (headers, body_secret) {
            ([], Some(secret)) => {
                let id = body_id.ok_or_else(|| {
                    OAuthError::invalid_request("client_secret without client_id")
                })?;
                Ok(Self {
                    id: id.into(),
                    secret: Some(secret.clone()),
                    mechanism: Mechanism::Secret(AuthMethod::Post),
                })
            }
            ([], None) => {
                let id = body_id.ok_or_else(|| refused(true))?;
                Ok(Self {
                    id: id.into(),
                    secret: None,
                    mechanism: Mechanism::None,
                })
            }
            // RFC 6749 §2.3: not more than one method in a request.
            ([_], Some(_)) => Err(OAuthError::invalid_request(
                "client credentials in the Authorization header and in the body",
            )),
            ([header], None) => {
                let basic = read_basic(header)?;
                if body_id.is_some_and(|id| id != basic.id.as_str()) {
                    return Err(OAuthError::invalid_request(
                        "client_id is not the one of the Authorization header",
                    ));
                }
                Ok(basic)
            }
            _ => Err(OAuthError::invalid_request(
                "more than one Authorization header",
            )),
        }
    }
}

/// RFC 6749 §2.3.1: identifier and secret are form-encoded, then joined by a colon, then base64.
fn read_basic(header: &[u8]) -> Result<Credentials, OAuthError> {
    let malformed = || OAuthError::invalid_request("malformed Authorization header");
    let text = std::str::from_utf8(header).map_err(|_| malformed())?;
    let (scheme, encoded) = text.trim().split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        // RFC 6749 §5.2: an unsupported method is a failed authentication.
        return Err(refused(true));
    }
    let decoded = STANDARD.decode(encoded.trim()).map_err(|_| malformed())?;
    let colon = (decoded.iter().position(|byte| *byte == b':')).ok_or_else(malformed)?;
    let id = decode_form(&decoded[..colon]).map_err(|_| malformed())?;
    let secret = decode_form(&decoded[colon + 1..]).map_err(|_| malformed())?;
    if id.is_empty() {
        return Err(malformed());
    }
    Ok(Credentials {
        id: id.into(),
        // RFC 6749 §2.3.1 lets an empty secret be left out: that is a client that proves nothing.
        secret: (!secret.is_empty()).then(|| secret.into()),
        mechanism: Mechanism::Secret(AuthMethod::Basic),
    })
}

/// The one answer to everybody who does not prove who they are.
pub(super) fn refused(basic: bool) -> OAuthError {
    OAuthError {
        basic_challenge: basic,
        ..OAuthError::new(ErrorCode::InvalidClient, "client authentication failed")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn basic(plain: &str) -> Vec<u8> {
        format!("Basic {}", STANDARD.encode(plain)).into_bytes()
    }

    #[test]
    fn basic_credentials_are_form_decoded() {
        let header = basic("my%20app%3A1:p%C3%A4ss+w%25rd%2B:x");
        let read = Credentials::read(&[&header], None, None).unwrap();
        assert_eq!(read.id.as_str(), "my app:1");
        assert_eq!(read.secret.unwrap().expose(), "päss w%rd+:x");
    }

    #[test]
    fn the_scheme_is_case_insensitive() {
        let header = basic("a:b");
        let mut shouted = header.clone();
        shouted[..5].make_ascii_uppercase();
        assert!(Credentials::read(&[&shouted], None, None).is_ok());
    }

    #[test]
    fn a_malformed_header_is_an_invalid_request() {
        let no_colon = basic("ab");
        let not_utf8 = basic("%ff:x");
        for header in [
            &b"Basic ***"[..],
            b"Basic",
            b"Basic \xff",
            &no_colon,
            &not_utf8,
        ] {
            let error = Credentials::read(&[header], None, None).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidRequest, "{header:?}");
        }
    }

    #[test]
    fn two_mechanisms_at_once_are_an_invalid_request() {
        let header = basic("a:b");
        let two = Credentials::read(&[&header], Some("a"), Some(&"b".into()));
        assert_eq!(two.unwrap_err().code, ErrorCode::InvalidRequest);
        let twice = Credentials::read(&[&header, &header], None, None);
        assert_eq!(twice.unwrap_err().code, ErrorCode::InvalidRequest);
        let differ = Credentials::read(&[&header], Some("c"), None);
        assert_eq!(differ.unwrap_err().code, ErrorCode::InvalidRequest);
        assert!(Credentials::read(&[&header], Some("a"), None).is_ok());
    }

    #[test]
    fn another_scheme_is_a_failed_authentication_by_header() {
        let error = Credentials::read(&[b"Bearer abc"], Some("a"), None).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidClient);
        assert!(error.basic_challenge);
    }
}
