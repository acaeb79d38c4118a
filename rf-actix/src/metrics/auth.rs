//! Who may scrape, and where.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, de};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// What a scraper must show: a bearer token (RFC 6750), or a name and a password (RFC 7617).
///
/// Only a digest is kept. In configuration it is `auth = { bearer = "…" }` or
/// `auth = { username = "…", password = "…" }`, as Prometheus has them in `authorization` and `basic_auth`.
#[derive(Clone, PartialEq, Eq)]
pub struct ScrapeAuth {
    scheme: Scheme,
    credentials: [u8; 32],
}

/// To whom and where the scrape is served.
#[derive(Clone, Debug, Default)]
pub(super) struct Served {
    pub(super) auth: Option<ScrapeAuth>,
    /// Not on the app's own address.
    pub(super) apart: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Bearer,
    Basic,
}

impl ScrapeAuth {
    /// `Authorization: Bearer TOKEN`.
    pub fn bearer(token: &str) -> Self {
        Self {
            scheme: Scheme::Bearer,
            credentials: digest(token),
        }
    }

    /// `Authorization: Basic …`. The name holds no colon (RFC 7617 section 2).
    pub fn basic(username: &str, password: &str) -> Self {
        Self {
            scheme: Scheme::Basic,
            credentials: digest(&STANDARD.encode(format!("{username}:{password}"))),
        }
    }

    /// Whether the value of an `Authorization` header is the right one; the time it takes tells nothing of the secret.
    pub(super) fn admits(&self, authorization: &str) -> bool {
        let Some((scheme, credentials)) = authorization.split_once(' ') else {
            return false;
        };
        // RFC 9110 section 11.1: the scheme is case-insensitive.
        let same: bool = digest(credentials.trim_matches(' '))
            .ct_eq(&self.credentials)
            .into();
        scheme.eq_ignore_ascii_case(self.scheme()) && same
    }

    /// What to answer to whoever showed nothing or the wrong thing: `WWW-Authenticate`.
    pub(super) fn challenge(&self) -> &'static str {
        match self.scheme {
            Scheme::Bearer => "Bearer realm=\"metrics\"",
            Scheme::Basic => "Basic realm=\"metrics\", charset=\"UTF-8\"",
        }
    }

    fn scheme(&self) -> &'static str {
        match self.scheme {
            Scheme::Bearer => "bearer",
            Scheme::Basic => "basic",
        }
    }
}

fn digest(credentials: &str) -> [u8; 32] {
    Sha256::digest(credentials.as_bytes()).into()
}

impl fmt::Debug for ScrapeAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ScrapeAuth").field(&self.scheme).finish()
    }
}

impl<'de> Deserialize<'de> for ScrapeAuth {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            bearer: Option<String>,
            username: Option<String>,
            password: Option<String>,
        }

        let written = Written::deserialize(from)?;
        match (written.bearer, written.username, written.password) {
            (Some(token), None, None) if !token.is_empty() => Ok(Self::bearer(&token)),
            (None, Some(name), Some(password))
                if !name.is_empty() && !name.contains(':') && !password.is_empty() =>
            {
                Ok(Self::basic(&name, &password))
            }
            _ => Err(de::Error::custom(
                "not usable, write { bearer = \"…\" }, or { username = \"…\", password = \"…\" } with no colon in the name",
            )),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_scheme_with_the_right_secret_is_admitted() {
        let bearer = ScrapeAuth::bearer("s3cret");
        let basic = ScrapeAuth::basic("prometheus", "pass:word");
        let encoded = STANDARD.encode("prometheus:pass:word");
        assert!(bearer.admits("Bearer s3cret") && bearer.admits("bEARER  s3cret"));
        assert!(basic.admits(&format!("Basic {encoded}")));
        for wrong in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer s3cre",
            "Bearer s3cret2",
            "Basic s3cret",
            "s3cret",
        ] {
            assert!(!bearer.admits(wrong), "{wrong}");
            assert!(!basic.admits(wrong), "{wrong}");
        }
        assert!(!basic.admits(&format!("Bearer {encoded}")));
    }

    #[test]
    fn its_debug_output_holds_no_secret() {
        let shown = format!("{:?}", ScrapeAuth::bearer("s3cret"));
        assert_eq!(shown, "ScrapeAuth(Bearer)");
    }

    #[test]
    fn half_a_pair_and_an_unknown_key_are_refused() {
        let read = |text: &str| serde_json::from_str::<ScrapeAuth>(text);
        assert_eq!(read(r#"{"bearer":"t"}"#).unwrap(), ScrapeAuth::bearer("t"));
        for bad in [
            "{}",
            r#"{"bearer":""}"#,
            r#"{"username":"a"}"#,
            r#"{"username":"a:b","password":"c"}"#,
            r#"{"bearer":"t","username":"a","password":"c"}"#,
        ] {
            let refused = read(bad).unwrap_err().to_string();
            assert!(refused.contains("bearer = "), "{bad}: {refused}");
        }
        assert!(
            read(r#"{"token":"t"}"#)
                .unwrap_err()
                .to_string()
                .contains("token")
        );
    }
}
