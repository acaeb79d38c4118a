//! The applications that ask for tokens.

use std::borrow::Borrow;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{ClientSecret, GrantType, RedirectUri, ScopeSet, StoredSecret, Timestamp};

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

impl ClientId {
    /// A new one: a random UUID.
    pub(crate) fn generate() -> Self {
        Self(uuid::Uuid::new_v4().to_string())
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

impl<'de> Deserialize<'de> for AuthMethod {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        Self::from_name(&name).ok_or_else(|| {
            de::Error::custom(format!(
                "{name:?} is not a way to authenticate, write \"client_secret_basic\" or \"client_secret_post\""
            ))
        })
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
    /// The identifier: visible ASCII, at most 128 bytes. Empty: one is made at registration.
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
    /// What it may ask for; `files:*` is the whole family.
    pub scopes: ScopeSet,
    /// What it gets when it asks for nothing; empty means the settings' default, or else all of `scopes`.
    pub default_scopes: ScopeSet,
    /// Origins whose scripts may call the token and revocation endpoints, such as `https://app.example.com`.
    pub allowed_origins: Vec<String>,
    /// Whether it belongs to whoever runs this server: the default policy then asks for no consent.
    pub first_party: bool,
    /// The only way it may authenticate; `None` means Basic or body, as it likes.
    pub auth_method: Option<AuthMethod>,
    /// How long its access tokens live; `None` means as the settings say.
    pub access_token_ttl: Option<Duration>,
    /// How long its refresh tokens live, however much they are used; `None` means as the settings say.
    pub refresh_token_ttl: Option<Duration>,
}

impl Client {
    /// Whether it may use `grant`.
    pub fn allows(&self, grant: impl Borrow<GrantType>) -> bool {
        self.grants.contains(grant.borrow())
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
    /// Its secrets, newest first, also those that have ended; none makes a public client.
    pub secrets: Vec<StoredSecret>,
    /// Whether it came from the settings and leaves with them.
    pub from_settings: bool,
    /// Whether it may do nothing at present.
    pub disabled: bool,
}

impl RegisteredClient {
    /// Whether it has no secret (RFC 6749 §2.1). One whose secrets have all ended is not public: it is locked.
    pub fn is_public(&self) -> bool {
        self.secrets.is_empty()
    }

    /// The Argon2id hashes of the secrets that count at `now`.
    pub(crate) fn live_hashes(&self, now: Timestamp) -> Vec<&str> {
        (self.secrets.iter())
            .filter(|secret| secret.counts_at(now))
            .map(|secret| secret.hash.as_str())
            .collect()
    }
}
