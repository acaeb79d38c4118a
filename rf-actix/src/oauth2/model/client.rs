//! The applications that ask for tokens.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{RedirectUri, ScopeSet, Secret};

/// The identifier of a client; compared by bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    /// The longest identifier, in bytes; what fits an index on every database.
    pub const MAX_LENGTH: usize = 128;

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a client can have this identifier: 1 to 128 visible ASCII characters
    /// (RFC 6749 Appendix A.1, without the space, which databases compare in ways of their own).
    pub fn is_well_formed(&self) -> bool {
        (1..=Self::MAX_LENGTH).contains(&self.0.len())
            && self.0.bytes().all(|byte| byte.is_ascii_graphic())
    }
}

impl From<&str> for ClientId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for ClientId {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A way to get a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum GrantType {
    /// A person consents in the browser (RFC 6749 §4.1).
    AuthorizationCode,
    /// A new access token without the person (RFC 6749 §6).
    RefreshToken,
    /// The client for itself (RFC 6749 §4.4).
    ClientCredentials,
}

/// A grant type this server does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a supported grant, write \"authorization_code\", \"refresh_token\" or \"client_credentials\""
)]
pub struct UnknownGrantType(String);

impl GrantType {
    /// All of them.
    pub const ALL: [Self; 3] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
    ];

    /// The value of `grant_type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

impl FromStr for GrantType {
    type Err = UnknownGrantType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|grant| grant.as_str() == text)
            .ok_or_else(|| UnknownGrantType(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for GrantType {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// How a client proves who it is (RFC 6749 §2.3, RFC 7591 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthMethod {
    /// HTTP Basic: `client_secret_basic`.
    Basic,
    /// In the body: `client_secret_post`.
    Post,
}

impl AuthMethod {
    /// The name in metadata and database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
        }
    }

    /// The method of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Basic, Self::Post]
            .into_iter()
            .find(|method| method.as_str() == name)
    }
}

/// A client's secret at registration: in clear, or hashed by Argon2id already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSecret(pub(crate) ClientSecretKind);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ClientSecretKind {
    Plain(Secret),
    Hash(String),
}

impl ClientSecret {
    /// A secret that was hashed before: a PHC string, `$argon2id$…`.
    pub fn hashed(phc: impl Into<String>) -> Self {
        Self(ClientSecretKind::Hash(phc.into()))
    }
}

impl From<&str> for ClientSecret {
    fn from(text: &str) -> Self {
        Self(ClientSecretKind::Plain(text.into()))
    }
}

impl From<String> for ClientSecret {
    fn from(text: String) -> Self {
        Self(ClientSecretKind::Plain(text.into()))
    }
}

impl From<Secret> for ClientSecret {
    fn from(secret: Secret) -> Self {
        Self(ClientSecretKind::Plain(secret))
    }
}

/// A client, as it is registered.
///
/// ```
/// use rf::oauth2::{Client, GrantType};
///
/// let client = Client {
///     id: "client-123".into(),
///     secret: Some("secret".into()),
///     redirect_uris: vec!["https://app.example.com/callback".parse()?],
///     grants: vec![GrantType::AuthorizationCode],
///     scopes: "read write".parse()?,
///     ..Default::default()
/// };
/// assert!(client.allows(GrantType::AuthorizationCode));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Client {
    /// The identifier: visible ASCII, at most 128 bytes.
    pub id: ClientId,
    /// The name people see when they consent; empty means the identifier.
    pub name: String,
    /// The secret of a confidential client; `None` makes a public client. Always `None` on a client that
    /// was read back.
    pub secret: Option<ClientSecret>,
    /// How it may get tokens.
    pub grants: Vec<GrantType>,
    /// Where people may be sent back to.
    pub redirect_uris: Vec<RedirectUri>,
    /// What it may ask for, and what it gets when it asks for nothing.
    pub scopes: ScopeSet,
    /// Origins whose scripts may call the token and revocation endpoints, such as `https://app.example.com`.
    pub allowed_origins: Vec<String>,
    /// Whether it belongs to whoever runs this server: the default policy then asks for no consent.
    pub first_party: bool,
    /// The only way it may authenticate; `None` means Basic or body, as it likes.
    pub auth_method: Option<AuthMethod>,
}

impl Client {
    /// Whether it may use `grant`.
    pub fn allows(&self, grant: GrantType) -> bool {
        self.grants.contains(&grant)
    }

    /// What to show to people: the name, or the identifier when it has none.
    pub fn display_name(&self) -> &str {
        if self.name.is_empty() {
            self.id.as_str()
        } else {
            &self.name
        }
    }

    /// The registered redirect URI that `presented` means.
    pub fn redirect_uri(&self, presented: &str) -> Option<&RedirectUri> {
        self.redirect_uris.iter().find(|uri| uri.matches(presented))
    }
}

/// A client as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredClient {
    /// What was registered; `secret` is `None`.
    pub client: Client,
    /// The Argon2id hashes of the secrets that count now; none makes a public client.
    pub secret_hashes: Vec<String>,
    /// Whether it came from the settings and leaves with them.
    pub from_settings: bool,
    /// Whether it may do nothing at present.
    pub disabled: bool,
}

impl RegisteredClient {
    /// Whether it has no secret (RFC 6749 §2.1).
    pub fn is_public(&self) -> bool {
        self.secret_hashes.is_empty()
    }
}
