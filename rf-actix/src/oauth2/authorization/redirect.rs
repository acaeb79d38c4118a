//! The way back to the client.

use crate::oauth2::{error::OAuthError, model::Secret};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but unreserved characters (RFC 3986 §2.3): reads the same as a URI's query and as a form.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A redirect URI that was found to be the client's, and what every answer to it carries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReturnAddress<'a> {
    pub(crate) redirect_uri: &'a str,
    pub(crate) state: Option<&'a str>,
    pub(crate) issuer: &'a str,
}

impl ReturnAddress<'_> {
    /// RFC 6749 §4.1.2.
    pub(crate) fn with_code(&self, code: &Secret) -> String {
        // The code is on its way to the client; this is the one place that it leaves by.
        self.with(&[("code", code.expose())])
    }

    /// RFC 6749 §4.1.2.1.
    pub(crate) fn with_error(&self, error: &OAuthError) -> String {
        self.with(&[
            ("error", error.code.as_str()),
            ("error_description", &error.description),
        ])
    }

    /// The redirect URI's own query is kept (RFC 6749 §3.1.2); `state` goes back byte for byte, and `iss` says who
    /// answers (RFC 9207).
    fn with(&self, answer: &[(&str, &str)]) -> String {
        let state = self.state.map(|state| ("state", state));
        let mut location = self.redirect_uri.to_owned();
        let mut separator = match self.redirect_uri.split_once('?') {
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        for (name, value) in answer
            .iter()
            .copied()
            .chain(state)
            .chain([("iss", self.issuer)])
        {
            location.push_str(separator);
            location.push_str(name);
            location.push('=');
            location.extend(utf8_percent_encode(value, RESERVED));
            separator = "&";
        }
        location
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth2::error::ErrorCode;

    fn back<'a>(redirect_uri: &'a str, state: Option<&'a str>) -> ReturnAddress<'a> {
        ReturnAddress {
            redirect_uri,
            state,
            issuer: "https://id.example.com",
        }
    }

    #[test]
    fn state_comes_back_byte_for_byte_and_only_when_it_was_sent() {
        let state = "a+b %2B&=ü\u{1f600}\"#";
        let location = back("https://app/cb", Some(state)).with_code(&"c".into());
        let url = url::Url::parse(&location).unwrap_or_else(|_| panic!("{location}"));
        let sent = url.query_pairs().find(|(name, _)| name == "state");
        assert_eq!(
            sent.map(|(_, value)| value.into_owned()).as_deref(),
            Some(state)
        );
        assert!(
            !back("https://app/cb", None)
                .with_code(&"c".into())
                .contains("state")
        );
    }

    #[test]
    fn the_redirect_uris_own_query_is_kept() {
        let to = |uri| back(uri, None).with_code(&"c".into());
        let rest = "code=c&iss=https%3A%2F%2Fid.example.com";
        assert_eq!(to("https://app/cb"), format!("https://app/cb?{rest}"));
        assert_eq!(
            to("https://app/cb?a=1"),
            format!("https://app/cb?a=1&{rest}")
        );
        assert_eq!(to("https://app/cb?"), format!("https://app/cb?{rest}"));
        assert_eq!(
            to("com.example.app:/cb"),
            format!("com.example.app:/cb?{rest}")
        );
    }

    #[test]
    fn an_error_carries_state_and_iss_too() {
        let error = OAuthError::new(ErrorCode::AccessDenied, "said no");
        assert_eq!(
            back("https://app/cb", Some("s")).with_error(&error),
            "https://app/cb?error=access_denied&error_description=said%20no&state=s&iss=https%3A%2F%2Fid.example.com"
        );
    }
}
