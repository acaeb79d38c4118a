//! The token of a request, as it was sent (RFC 6750 §2).

use crate::oauth2::{
    error::AuthError,
    model::{Parameters, Secret},
};
use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{AUTHORIZATION, HeaderMap},
};
use std::future::{Ready, ready};

/// The bearer token of a request, not checked yet.
///
/// It is taken from the `Authorization` header only (RFC 6750 §2.1): a token in the query ends up in logs and
/// histories, and one in a form could only be found by reading the body before knowing who sent it.
///
/// ```
/// use actix_web::web;
/// use rf::oauth2::{AuthError, BearerToken, Claims, OAuth2Server};
///
/// async fn protected(token: BearerToken, oauth: web::Data<OAuth2Server>) -> Result<web::Json<Claims>, AuthError> {
///     Ok(web::Json(oauth.validate_token(token.token()).await?))
/// }
/// ```
#[derive(Debug, Clone)]
pub struct BearerToken(Secret);

impl BearerToken {
    /// The token itself, for [`OAuth2Server::validate_token`](crate::oauth2::OAuth2Server::validate_token).
    pub fn token(&self) -> &str {
        self.0.expose()
    }

    fn from_parts(headers: &HeaderMap, query: &str) -> Result<Self, AuthError> {
        Ok(Self(bearer_token(headers, query)?.into()))
    }
}

/// The bearer token of a request, where it was sent.
pub(super) fn bearer_token<'a>(headers: &'a HeaderMap, query: &str) -> Result<&'a str, AuthError> {
    let mut sent = headers.get_all(AUTHORIZATION);
    let Some(header) = sent.next() else {
        return Err(AuthError::Missing);
    };
    if sent.next().is_some() {
        return Err(AuthError::Malformed("there are two Authorization headers"));
    }
    let header = header.as_bytes();
    // The scheme's case does not matter (RFC 9110 §11.1).
    let space = header.iter().position(|byte| *byte == b' ');
    let (scheme, token) = header.split_at(space.unwrap_or(header.len()));
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Err(AuthError::Missing);
    }
    // A client must not send the token in two ways (RFC 6750 §2, §3.1).
    let also_in_query = !query.is_empty()
        && Parameters::parse(query.as_bytes())
            .is_ok_and(|sent| sent.names().any(|name| name == "access_token"));
    if also_in_query {
        return Err(AuthError::Malformed(
            "a token was sent in the header and in the query",
        ));
    }
    let token = std::str::from_utf8(token).map_err(|_| NOT_A_TOKEN)?;
    let token = token.trim_matches(' ');
    if !is_b64token(token) {
        return Err(NOT_A_TOKEN);
    }
    Ok(token)
}

/// The bytes after `Bearer `, of a request that leaves no doubt that they are its token, if they are one at all.
pub(super) fn plain_token(req: &HttpRequest) -> Option<&[u8]> {
    let mut sent = req.headers().get_all(AUTHORIZATION);
    let header = sent.next()?.as_bytes();
    if sent.next().is_some() || !req.query_string().is_empty() {
        return None;
    }
    let (scheme, token) = header.split_at_checked("bearer ".len())?;
    (scheme.eq_ignore_ascii_case(b"bearer ")).then_some(token)
}

const NOT_A_TOKEN: AuthError =
    AuthError::Malformed("the Authorization header holds no bearer token");

/// RFC 6750 §2.1: `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_b64token(text: &str) -> bool {
    let stem = text.trim_end_matches('=');
    // All bytes, without a way out: so many are looked at in one instruction.
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() | b"-._~+/".contains(&byte);
    !stem.is_empty() && (stem.bytes()).fold(true, |all, byte| all & is_allowed(byte))
}

impl FromRequest for BearerToken {
    type Error = AuthError;
    type Future = Ready<Result<Self, AuthError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::from_parts(req.headers(), req.query_string()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use actix_web::test::TestRequest;

    fn sent(authorization: &[&[u8]], uri: &str) -> Result<BearerToken, AuthError> {
        let mut request = TestRequest::with_uri(uri);
        for value in authorization {
            request = request.append_header((AUTHORIZATION, *value));
        }
        let request = request.to_http_request();
        BearerToken::from_parts(request.headers(), request.query_string())
    }

    #[test]
    fn the_scheme_is_case_insensitive() {
        for scheme in ["Bearer", "bearer", "BEARER"] {
            let token = sent(&[format!("{scheme} a.b-c_~+/=").as_bytes()], "/").unwrap();
            assert_eq!(token.token(), "a.b-c_~+/=");
        }
    }

    #[test]
    fn a_token_in_the_query_is_ignored() {
        assert!(matches!(
            sent(&[], "/?access_token=abc"),
            Err(AuthError::Missing)
        ));
    }

    #[test]
    fn a_token_sent_in_two_ways_is_malformed() {
        for uri in ["/?access_token=abc", "/?a=b&access%5Ftoken="] {
            assert!(
                matches!(sent(&[b"Bearer abc"], uri), Err(AuthError::Malformed(_))),
                "{uri}"
            );
        }
        let twice = sent(&[b"Bearer abc", b"Bearer abc"], "/");
        assert!(matches!(twice, Err(AuthError::Malformed(_))));
        let mixed = sent(&[b"Basic YTpi", b"Bearer abc"], "/");
        assert!(matches!(mixed, Err(AuthError::Malformed(_))));
    }

    #[test]
    fn another_scheme_is_no_token_at_all() {
        assert!(matches!(
            sent(&[b"Basic YTpi"], "/"),
            Err(AuthError::Missing)
        ));
        assert!(matches!(
            sent(&[b"Bearerabc"], "/"),
            Err(AuthError::Missing)
        ));
    }

    #[test]
    fn what_is_not_a_token_is_malformed() {
        for value in [
            &b"Bearer"[..],
            b"Bearer ",
            b"Bearer a b",
            b"Bearer a,b",
            b"Bearer ===",
            b"Bearer \xe9",
        ] {
            assert!(
                matches!(sent(&[value], "/"), Err(AuthError::Malformed(_))),
                "{value:?}"
            );
        }
    }

    #[test]
    fn a_token_does_not_print_itself() {
        let token = sent(&[b"Bearer topsecret"], "/").unwrap();
        assert!(!format!("{token:?}").contains("topsecret"));
    }
}
