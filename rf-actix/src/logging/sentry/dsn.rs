//! Where a project of Sentry takes events.

use url::Url;

/// Why [`Sentry`](super::Sentry) cannot report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SentryError {
    /// The DSN is not one. Its key is not repeated here.
    #[error("the DSN of Sentry {0}, write for example \"https://key@sentry.example.com/7\"")]
    Dsn(&'static str),
    /// The system has no certificates.
    #[error("no certificates to trust Sentry with, install those of the system (ca-certificates)")]
    Certificates(#[source] std::io::Error),
    /// The system has no thread to send with.
    #[error("no thread can be started to report errors with")]
    Thread(#[source] std::io::Error),
}

/// `scheme://key@host/path/project`.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Dsn {
    /// Where envelopes are posted to.
    pub(super) endpoint: String,
    pub(super) key: String,
}

impl Dsn {
    pub(super) fn parse(text: &str) -> Result<Self, SentryError> {
        let url = Url::parse(text).map_err(|_| SentryError::Dsn("is not a URL"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(SentryError::Dsn("is neither http nor https"));
        }
        let key = url.username();
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(SentryError::Dsn("has no key before the @"));
        }
        let host = url.host_str().ok_or(SentryError::Dsn("has no host"))?;
        let (path, project) = url
            .path()
            .trim_end_matches('/')
            .rsplit_once('/')
            .filter(|(_, project)| !project.is_empty())
            .ok_or(SentryError::Dsn("has no project at its end"))?;
        let port = url
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        Ok(Self {
            endpoint: format!(
                "{}://{host}{port}{path}/api/{project}/envelope/",
                url.scheme()
            ),
            key: key.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_dsn_says_where_and_as_whom() {
        let dsn = Dsn::parse("https://abc123@sentry.example.com:8443/base/7").unwrap();
        assert_eq!(
            dsn.endpoint,
            "https://sentry.example.com:8443/base/api/7/envelope/"
        );
        assert_eq!(dsn.key, "abc123");
        let dsn = Dsn::parse("http://abc@127.0.0.1/7/").unwrap();
        assert_eq!(dsn.endpoint, "http://127.0.0.1/api/7/envelope/");
    }

    #[test]
    fn what_is_no_dsn_is_refused_without_its_key() {
        for junk in [
            "",
            "sentry",
            "ftp://abc@host/7",
            "https://host/7",
            "https://abc@host",
            "https://abc@host/",
        ] {
            let error = Dsn::parse(junk).err().unwrap().to_string();
            assert!(
                error.contains("https://key@") && !error.contains("abc"),
                "{junk}: {error}"
            );
        }
    }
}
