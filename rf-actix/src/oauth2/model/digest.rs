//! What is kept of a secret: its SHA-256.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The SHA-256 of a code, a token, a ticket or a session id, as lowercase hex.
///
/// Enough to find a row by the secret, useless to whoever steals the database: the secrets it is
/// made of hold 256 random bits.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The digest of `secret`.
    pub fn of(secret: &str) -> Self {
        let digest = Sha256::digest(secret.as_bytes());
        let mut hex = [0; 64];
        hex::encode_to_slice(digest, &mut hex).expect("two digits for each of 32 bytes");
        Self(
            std::str::from_utf8(&hex)
                .expect("digits are ASCII")
                .to_owned(),
        )
    }

    /// The digest that a row holds.
    pub fn from_hex(hex: String) -> Self {
        Self(hex)
    }

    /// 64 lowercase hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({}…)", self.0.get(..8).unwrap_or_default())
    }
}
