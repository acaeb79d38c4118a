//! What another authorization server says of itself (RFC 8414).

use hyper::{Request, StatusCode, header::ACCEPT};
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use super::http::{Http, HttpError};

/// Why the documents of another server cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum DiscoveryError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("{url} answers {status}")]
    Status { url: Url, status: StatusCode },
    #[error("{url} is not what it should be: {cause}")]
    Document { url: Url, cause: String },
    #[error("{at} says that it is {said:?}, not the issuer that was configured")]
    Issuer { at: Url, said: String },
    #[error("{issuer} has no {what}")]
    Lacks { issuer: String, what: &'static str },
    #[error("{0} is no https URL")]
    Insecure(String),
}

/// The identifier of another server: an https URL, or http on this machine (RFC 8414 §2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IssuerUrl {
    text: String,
    url: Url,
}

impl IssuerUrl {
    /// Reads what was configured; the text is kept as it is, since issuers are compared by their characters
    /// (RFC 8414 §3.3).
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text)
            .map_err(|_| "is no URL, write for example \"https://id.example.com\"")?;
        if !may_be_asked(&url, true) {
            return Err("is no https URL (plain http is for loopback addresses only)");
        }
        if text.contains(['?', '#', '@']) {
            return Err("has a user, query or fragment, write it without");
        }
        Ok(Self {
            text: text.to_owned(),
            url,
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// An address that the server told: https, unless the server itself is on this machine.
    pub(crate) fn endpoint(&self, text: &str) -> Result<Url, DiscoveryError> {
        Url::parse(text)
            .ok()
            .filter(|url| may_be_asked(url, self.url.scheme() == "http"))
            .ok_or_else(|| DiscoveryError::Insecure(text.to_owned()))
    }

    /// RFC 8414 §3.1: the well-known path comes before the issuer's own. OpenID Connect Discovery §4 has it after.
    fn well_known(&self) -> [Url; 2] {
        let path = self.url.path().trim_end_matches('/');
        [
            format!("/.well-known/oauth-authorization-server{path}"),
            format!("{path}/.well-known/openid-configuration"),
        ]
        .map(|path| {
            let mut url = self.url.clone();
            url.set_path(&path);
            url
        })
    }
}

fn may_be_asked(url: &Url, plain: bool) -> bool {
    let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    url.scheme() == "https" || (plain && url.scheme() == "http" && loopback)
}

/// What of the metadata is used (RFC 8414 §2, RFC 9207 §3).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct ProviderMetadata {
    issuer: String,
    pub(crate) authorization_endpoint: Option<String>,
    pub(crate) token_endpoint: Option<String>,
    pub(crate) jwks_uri: Option<String>,
    pub(crate) introspection_endpoint: Option<String>,
    pub(crate) revocation_endpoint: Option<String>,
    #[serde(default)]
    pub(crate) authorization_response_iss_parameter_supported: bool,
}

impl ProviderMetadata {
    /// What is known of a server that has no such document.
    pub(crate) fn of(issuer: &IssuerUrl, authorization: String, token: String) -> Self {
        Self {
            issuer: issuer.as_str().to_owned(),
            authorization_endpoint: Some(authorization),
            token_endpoint: Some(token),
            jwks_uri: None,
            introspection_endpoint: None,
            revocation_endpoint: None,
            authorization_response_iss_parameter_supported: false,
        }
    }
}

/// Fetches the metadata of `issuer`.
pub(crate) async fn discover(
    http: &Http,
    issuer: &IssuerUrl,
) -> Result<ProviderMetadata, DiscoveryError> {
    let [oauth, openid] = issuer.well_known();
    let (at, found) = match fetch::<ProviderMetadata>(http, &oauth).await {
        Err(DiscoveryError::Status {
            status: StatusCode::NOT_FOUND,
            ..
        }) => (openid.clone(), fetch(http, &openid).await?),
        found => (oauth, found?),
    };
    // RFC 8414 §3.3: whoever says to be another is not asked further.
    if found.issuer != issuer.as_str() {
        return Err(DiscoveryError::Issuer {
            at,
            said: found.issuer,
        });
    }
    Ok(found)
}

/// A JSON document.
pub(crate) async fn fetch<T: DeserializeOwned>(
    http: &Http,
    url: &Url,
) -> Result<T, DiscoveryError> {
    let request = Request::get(url.as_str())
        .header(ACCEPT, "application/json")
        .body(Vec::new());
    let request = request.map_err(|error| document(url, error))?;
    let answer = http.send(request).await?;
    if answer.status() != StatusCode::OK {
        return Err(DiscoveryError::Status {
            url: url.clone(),
            status: answer.status(),
        });
    }
    serde_json::from_slice(answer.body()).map_err(|error| document(url, error))
}

fn document(url: &Url, cause: impl ToString) -> DiscoveryError {
    DiscoveryError::Document {
        url: url.clone(),
        cause: cause.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_well_known_path_is_inserted_before_that_of_the_issuer() {
        let at = |issuer: &str| IssuerUrl::parse(issuer).unwrap().well_known()[0].to_string();
        assert_eq!(
            at("https://id.example.com"),
            "https://id.example.com/.well-known/oauth-authorization-server"
        );
        assert_eq!(
            at("https://id.example.com/a/b"),
            "https://id.example.com/.well-known/oauth-authorization-server/a/b"
        );
        assert_eq!(
            at("https://id.example.com/a/"),
            "https://id.example.com/.well-known/oauth-authorization-server/a"
        );
    }

    #[test]
    fn an_issuer_that_could_be_listened_to_is_refused() {
        for wrong in [
            "http://id.example.com",
            "ftp://id.example.com",
            "id.example.com",
            "https://id.example.com?a",
            "https://a@id.example.com",
        ] {
            assert!(IssuerUrl::parse(wrong).is_err(), "{wrong}");
        }
        assert!(IssuerUrl::parse("http://127.0.0.1:8080").is_ok());
    }

    #[test]
    fn a_server_by_https_cannot_name_an_address_by_http() {
        let issuer = IssuerUrl::parse("https://id.example.com").unwrap();
        assert!(issuer.endpoint("http://127.0.0.1/jwks").is_err());
        assert!(issuer.endpoint("https://keys.example.com/jwks").is_ok());
    }
}
