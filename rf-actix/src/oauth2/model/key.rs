//! Keys, as the database keeps them.

use std::fmt;

use zeroize::Zeroizing;

use super::Timestamp;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyPurpose {
    /// Signs access tokens by ES256 (PKCS #8).
    Es256,
    /// Derives the successors of refresh tokens (32 bytes).
    Refresh,
    /// Signs session cookies and form tokens (32 bytes).
    Cookie,
}

impl KeyPurpose {
    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "es256",
            Self::Refresh => "refresh",
            Self::Cookie => "cookie",
        }
    }
}

/// A key of the server.
#[derive(Clone)]
pub struct SigningKey {
    /// Its identifier: the JWK thumbprint (RFC 7638) of a key pair, a random one otherwise.
    pub id: String,
    /// What it is for.
    pub purpose: KeyPurpose,
    /// The first key of its purpose is 1; a rotated one counts on. Unique for each purpose, so that
    /// instances that start together end up with one key.
    pub generation: i32,
    /// The private part.
    pub private: Zeroizing<Vec<u8>>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id)
            .field("purpose", &self.purpose)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}
