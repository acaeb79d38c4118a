//! `[oauth2]` of the configuration: issuer, lifetimes, clients and demo users.
//!
//! The defaults are the safe ones: short codes, PKCE for everybody, rotation of refresh tokens, revocation
//! that is seen within seconds.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use super::model::{AuthMethod, GrantType, Scope, Secret};

mod key_encryption_key;
mod scopes;
#[cfg(test)]
mod tests;
mod validate;

pub use key_encryption_key::{InvalidKeyEncryptionKey, KeyEncryptionKey};
pub use scopes::ScopeTexts;
pub use validate::SettingError;
pub(crate) use validate::{LIFETIMES, check_client};

/// The settings of the authorization server.
///
/// ```
/// use rf::oauth2::OAuth2Settings;
///
/// let settings: OAuth2Settings = toml::from_str(r#"
///     issuer = "https://id.example.com"
///     access_token = { ttl = "15m" }
/// "#)?;
/// settings.validate()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OAuth2Settings {
    /// Who issues the tokens: the public URL of the server, without a slash at the end. It never comes from
    /// a request. Default `http://127.0.0.1:8080`.
    pub issuer: String,
    /// For whom the access tokens are; left out: the issuer.
    pub audience: Option<String>,
    /// Access tokens.
    pub access_token: AccessTokenSettings,
    /// Refresh tokens.
    pub refresh_token: RefreshTokenSettings,
    /// How long a key signs access tokens before the next one does; at least an hour. Default 90 days.
    #[serde(deserialize_with = "crate::setting::duration::deserialize")]
    pub key_rotation: Duration,
    /// Encrypts the private keys in the database. Left out: they are kept in clear, and whoever reads the database
    /// can make tokens. Keys in clear are encrypted at the first start with one.
    pub key_encryption_key: Option<KeyEncryptionKey>,
    /// More keys that open private keys in the database, for the time in which `key_encryption_key` is replaced: what
    /// one of these encrypted is encrypted anew at start. Default none.
    pub other_key_encryption_keys: Vec<KeyEncryptionKey>,
    /// How long a code lives, at most 10 minutes (RFC 6749 §4.1.2). Default 60 seconds.
    #[serde(deserialize_with = "crate::setting::duration::deserialize")]
    pub code_ttl: Duration,
    /// Whether there is a password grant, for old apps of one's own: RFC 9700 §2.4 forbids it to all others.
    /// Default false.
    pub password_grant: bool,
    /// Whether confidential clients must use PKCE too; public ones always must. Default true.
    pub require_pkce: bool,
    /// How long somebody stays signed in. Default 12 hours.
    #[serde(deserialize_with = "crate::setting::duration::deserialize")]
    pub login_ttl: Duration,
    /// The known scopes and how they are put to people, in the order they are shown. When there are none,
    /// whatever a client is registered for is known.
    pub scopes: ScopeTexts,
    /// What a client gets of its scopes when it asks for nothing, and has no default of its own. Left out: all.
    pub default_scopes: Vec<Scope>,
    /// Clients, kept in step with the database at start.
    pub clients: Vec<ClientSettings>,
    /// People, for demos and tests.
    pub users: Vec<UserSettings>,
    /// The database of [`OAuth2Server::new`](super::OAuth2Server::new); the suite and the builder have theirs.
    pub database_url: Option<String>,
}

impl Default for OAuth2Settings {
    fn default() -> Self {
        Self {
            issuer: "http://127.0.0.1:8080".to_owned(),
            audience: None,
            access_token: AccessTokenSettings::default(),
            refresh_token: RefreshTokenSettings::default(),
            key_rotation: Duration::from_secs(90 * 24 * 60 * 60),
            key_encryption_key: None,
            other_key_encryption_keys: Vec::new(),
            code_ttl: Duration::from_secs(60),
            password_grant: false,
            require_pkce: true,
            login_ttl: Duration::from_secs(12 * 60 * 60),
            scopes: ScopeTexts::default(),
            default_scopes: Vec::new(),
            clients: Vec::new(),
            users: Vec::new(),
            database_url: None,
        }
    }
}

impl OAuth2Settings {
    /// For whom the access tokens are.
    pub fn audience(&self) -> &str {
        self.audience.as_deref().unwrap_or(&self.issuer)
    }
}

/// How access tokens are made and checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessTokenSettings {
    /// What they look like.
    pub format: TokenFormat,
    /// How they are signed.
    pub algorithm: SigningAlgorithm,
    /// How long they live. Default 1 hour.
    #[serde(deserialize_with = "crate::setting::duration::deserialize")]
    pub ttl: Duration,
    /// How revocation is seen.
    pub check: CheckMode,
}

impl Default for AccessTokenSettings {
    fn default() -> Self {
        Self {
            format: TokenFormat::default(),
            algorithm: SigningAlgorithm::default(),
            ttl: Duration::from_secs(60 * 60),
            check: CheckMode::default(),
        }
    }
}

/// How refresh tokens live.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RefreshTokenSettings {
    /// How long a family lives, however much it is used. Default 30 days.
    #[serde(deserialize_with = "crate::setting::duration::deserialize")]
    pub ttl: Duration,
    /// How long it lives without being used. Default 14 days.
    #[serde(deserialize_with = "crate::setting::duration::deserialize")]
    pub idle: Duration,
    /// Whether each use gives a new one; public clients always rotate (RFC 9700 §4.14.2). Default true.
    pub rotate: bool,
    /// How long a lost answer may be asked for again, from when the request that it was for began. Default 10 seconds.
    #[serde(deserialize_with = "crate::setting::duration::deserialize")]
    pub grace: Duration,
}

impl Default for RefreshTokenSettings {
    fn default() -> Self {
        let day = 24 * 60 * 60;
        Self {
            ttl: Duration::from_secs(30 * day),
            idle: Duration::from_secs(14 * day),
            rotate: true,
            grace: Duration::from_secs(10),
        }
    }
}

/// What access tokens look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TokenFormat {
    /// RFC 9068: whoever has the public keys can check them.
    #[default]
    Jwt,
    /// A random word that only this server, or whoever asks it, knows the meaning of.
    Opaque,
}

impl TokenFormat {
    /// The name in the settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Opaque => "opaque",
        }
    }
}

/// How access tokens are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    #[default]
    Es256,
    /// RSA of 2048 bits with SHA-256 (PKCS #1 v1.5): what everything understands, and ten times the work.
    Rs256,
    /// Ed25519.
    EdDsa,
}

impl SigningAlgorithm {
    /// The name in the settings and in tokens (RFC 7518 §3.1, RFC 8037 §3.1).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// How much is asked of the database when an access token is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CheckMode {
    /// Nothing: a revoked token counts until it expires. Introspection asks nonetheless, for those who want to know.
    Stateless,
    /// A few seconds old is good enough; what this instance revokes, it sees at once.
    #[default]
    Cached,
    /// Every time.
    Strict,
}

macro_rules! read_by_name {
    ($type:ty, $($name:literal => $value:expr,)+ write: $write:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                match text.as_str() {
                    $($name => Ok($value),)+
                    other => Err(de::Error::custom(format!("{other:?} is not known, write {}", $write))),
                }
            }
        }
    };
}

read_by_name!(TokenFormat, "jwt" => Self::Jwt, "opaque" => Self::Opaque, write: "\"jwt\" or \"opaque\"");
read_by_name!(SigningAlgorithm,
    "ES256" => Self::Es256, "RS256" => Self::Rs256, "EdDSA" => Self::EdDsa,
    write: "\"ES256\", \"RS256\" or \"EdDSA\"");
read_by_name!(CheckMode,
    "stateless" => Self::Stateless, "cached" => Self::Cached, "strict" => Self::Strict,
    write: "\"stateless\", \"cached\" or \"strict\"");

/// One client of the settings.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClientSettings {
    /// The identifier.
    pub id: String,
    /// The name people see.
    pub name: String,
    /// The secret in clear.
    pub secret: Option<Secret>,
    /// Or hashed by Argon2id: `$argon2id$…`. Neither: a public client.
    pub secret_hash: Option<String>,
    /// How it may get tokens.
    pub grants: Vec<GrantType>,
    /// Where people may be sent back to.
    pub redirect_uris: Vec<String>,
    /// What it may ask for.
    pub scopes: Vec<Scope>,
    /// What it gets when it asks for nothing; left out: `oauth2.default_scopes`, or else all it may have.
    pub default_scopes: Vec<Scope>,
    /// Origins whose scripts may call the token endpoint.
    pub allowed_origins: Vec<String>,
    /// Whether it is one's own, and needs no consent.
    pub first_party: bool,
    /// The only way it may authenticate: `client_secret_basic` or `client_secret_post`. Left out: either.
    pub auth_method: Option<AuthMethod>,
    /// How long its access tokens live; left out: `oauth2.access_token.ttl`.
    #[serde(deserialize_with = "crate::setting::duration::option::deserialize")]
    pub access_token_ttl: Option<Duration>,
    /// How long its refresh tokens live, however much they are used; left out: `oauth2.refresh_token.ttl`.
    #[serde(deserialize_with = "crate::setting::duration::option::deserialize")]
    pub refresh_token_ttl: Option<Duration>,
}

/// One person of the settings.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UserSettings {
    /// What they sign in with, and their subject.
    pub name: String,
    /// The password in clear.
    pub password: Option<Secret>,
    /// Or hashed by Argon2id: `$argon2id$…`.
    pub password_hash: Option<String>,
}
