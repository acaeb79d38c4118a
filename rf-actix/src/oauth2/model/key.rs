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
    /// Signs access tokens by RS256 (PKCS #8).
    Rs256,
    /// Signs access tokens by EdDSA on Ed25519 (PKCS #8).
    EdDsa,
    /// Derives the successors of refresh tokens (32 bytes).
    Refresh,
    /// Signs session cookies and form tokens (32 bytes).
    Cookie,
}

impl KeyPurpose {
    /// All there are.
    pub const ALL: [Self; 5] = [
        Self::Es256,
        Self::Rs256,
        Self::EdDsa,
        Self::Refresh,
        Self::Cookie,
    ];

    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "es256",
            Self::Rs256 => "rs256",
            Self::EdDsa => "eddsa",
            Self::Refresh => "refresh",
            Self::Cookie => "cookie",
        }
    }

    /// Whether it is a key pair that signs access tokens.
    pub const fn signs_tokens(self) -> bool {
        matches!(self, Self::Es256 | Self::Rs256 | Self::EdDsa)
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
    /// instances that make one together end up with one key.
    pub generation: i32,
    /// The private part, encrypted when `sealed_by` is there.
    pub private: Zeroizing<Vec<u8>>,
    /// Which key-encryption key the private part is encrypted with, by its fingerprint.
    pub sealed_by: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it begins to sign; until then it is only shown.
    pub active_from: Timestamp,
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
