//! The secrets of clients: as they are registered, as they are kept, as they are shown once.

use std::fmt;

use super::{Client, Secret, Timestamp};

/// A client's secret at registration: in clear, or hashed by Argon2id already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSecret(pub(crate) ClientSecretKind);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ClientSecretKind {
    Plain(Secret),
    Hash(String),
    Generated,
}

impl ClientSecret {
    /// A secret that was hashed before: a PHC string, `$argon2id$…`.
    pub fn hashed(phc: impl Into<String>) -> Self {
        Self(ClientSecretKind::Hash(phc.into()))
    }

    /// One that the server makes, and shows once: [`Registered::secret`].
    pub const fn generated() -> Self {
        Self(ClientSecretKind::Generated)
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

/// A secret of a client, as the database knows it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSecret {
    /// Names it, and is no secret: a UUID.
    pub id: String,
    /// The Argon2id hash.
    pub hash: String,
    /// Since when it counts.
    pub created_at: Timestamp,
    /// When it ends; `None` while it is the newest one.
    pub expires_at: Option<Timestamp>,
}

impl StoredSecret {
    pub(crate) fn new(hash: String, now: Timestamp) -> Self {
        Self {
            id: uuid::Uuid::now_v7().to_string(),
            hash,
            created_at: now,
            expires_at: None,
        }
    }

    /// Whether it counts at `now`.
    pub fn counts_at(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

impl fmt::Debug for StoredSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredSecret")
            .field("id", &self.id)
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A client that was just registered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registered {
    /// The client, without its secret.
    pub client: Client,
    /// The secret that was made for it; it cannot be seen again.
    pub secret: Option<Secret>,
}

impl Registered {
    pub(crate) fn new(client: Client, secret: Option<Secret>) -> Self {
        Self { client, secret }
    }
}
