//! Where the service is, and where one request to it goes.

use super::sigv4;
use crate::storage::error::Error;
use url::{Host, Url};

/// Where the service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// `http` or `https`.
    pub(super) scheme: &'static str,
    /// Host, and port unless it is the usual one.
    pub(super) authority: String,
    /// What stands before every path: empty, or encoded with a slash in front and none at the end.
    pub(super) prefix: String,
}

/// Where one request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) scheme: &'static str,
    pub(super) authority: String,
    /// Encoded once, as it is sent and signed.
    pub(super) path: String,
}

impl Endpoint {
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let url = web_address("endpoint", text)?;
        let scheme = if url.scheme() == "https" {
            "https"
        } else {
            "http"
        };
        let prefix = percent_encoding::percent_decode_str(url.path())
            .decode_utf8()
            .map_err(|_| Error::Config("endpoint: write a path in UTF-8".to_owned()))?;
        Ok(Self {
            scheme,
            authority: url.authority().to_owned(),
            prefix: sigv4::encode_path(prefix.trim_end_matches('/')),
        })
    }

    pub(super) fn aws(region: &str) -> Self {
        let china = if region.starts_with("cn-") { ".cn" } else { "" };
        Self {
            scheme: "https",
            authority: format!("s3.{region}.amazonaws.com{china}"),
            prefix: String::new(),
        }
    }

    pub(super) fn is_ip(&self) -> bool {
        let url = Url::parse(&format!("http://{}", self.authority));
        matches!(
            url.as_ref().map(Url::host),
            Ok(Some(Host::Ipv4(_) | Host::Ipv6(_)))
        )
    }
}

/// An address that is only that.
///
/// # Errors
/// [`Error::Config`] names the key.
pub(super) fn web_address(key: &'static str, text: &str) -> Result<Url, Error> {
    // The text is not repeated: it may hold a password.
    let wrong = || {
        Error::Config(format!(
            "{key}: write an address such as https://storage.example.org, without user, query and fragment"
        ))
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if plain { Ok(url) } else { Err(wrong()) }
}
