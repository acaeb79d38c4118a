//! The ways to get a token.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, de};

/// A way to get a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum GrantType {
    /// A person consents in the browser (RFC 6749 §4.1).
    AuthorizationCode,
    /// A new access token without the person (RFC 6749 §6).
    RefreshToken,
    /// The client for itself (RFC 6749 §4.4).
    ClientCredentials,
    /// A person's name and password (RFC 6749 §4.3), which RFC 9700 §2.4 forbids to new apps; off by default.
    Password,
    /// A grant of the app's own, by its absolute URI (RFC 6749 §4.5).
    Extension(GrantName),
}

/// The name of a grant of the app's own: an absolute URI (RFC 6749 §4.5).
///
/// ```
/// use rf::oauth2::GrantType;
///
/// let grant: GrantType = "urn:example:grant:kiosk".parse()?;
/// assert!(matches!(grant, GrantType::Extension(_)));
/// assert!("kiosk".parse::<GrantType>().is_err());
/// # Ok::<(), rf::oauth2::UnknownGrantType>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GrantName(Arc<str>);

/// The name of no grant there can be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a supported grant, write \"authorization_code\", \"refresh_token\", \"client_credentials\", \"password\" or the URI of a grant of your own"
)]
pub struct UnknownGrantType(String);

impl GrantType {
    /// Those that are built in.
    pub const BUILT_IN: [Self; 4] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::Password,
    ];

    /// The value of `grant_type`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::Password => "password",
            Self::Extension(GrantName(name)) => name,
        }
    }
}

impl FromStr for GrantType {
    type Err = UnknownGrantType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(grant) = Self::BUILT_IN
            .into_iter()
            .find(|grant| grant.as_str() == text)
        {
            return Ok(grant);
        }
        // Names are kept in one list, parted by spaces.
        let absolute = text.len() <= 200
            && text.bytes().all(|byte| byte.is_ascii_graphic())
            && url::Url::parse(text).is_ok();
        if !absolute {
            return Err(UnknownGrantType(text.to_owned()));
        }
        Ok(Self::Extension(GrantName(text.into())))
    }
}

impl fmt::Display for GrantType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for GrantType {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(de::Error::custom)
    }
}
