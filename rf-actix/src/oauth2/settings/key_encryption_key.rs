//! The key that encrypts keys.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, de};
use zeroize::Zeroizing;

/// The key with which private keys are encrypted in the database: 32 random bytes, as `openssl rand -base64 32` or
/// `openssl rand -hex 32` write them.
///
/// `Debug` redacts it.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyEncryptionKey(Zeroizing<[u8; 32]>);

/// The text is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no key of 32 bytes in base64 or hex, write for example what `openssl rand -base64 32` prints"
)]
pub struct InvalidKeyEncryptionKey;

impl KeyEncryptionKey {
    /// The bytes.
    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::str::FromStr for KeyEncryptionKey {
    type Err = InvalidKeyEncryptionKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let decoded = match text.len() {
            64 => hex::decode(text).ok(),
            _ => [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
                .iter()
                .find_map(|encoding| encoding.decode(text).ok()),
        };
        let bytes = Zeroizing::new(decoded.ok_or(InvalidKeyEncryptionKey)?);
        let key: [u8; 32] = (bytes.as_slice().try_into()).map_err(|_| InvalidKeyEncryptionKey)?;
        Ok(Self(Zeroizing::new(key)))
    }
}

impl<'de> Deserialize<'de> for KeyEncryptionKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(from)?);
        text.parse().map_err(de::Error::custom)
    }
}

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyEncryptionKey(…)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_key_is_read_as_openssl_writes_it_and_not_printed() {
        let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        let base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let key: KeyEncryptionKey = hex.parse().unwrap();
        assert_eq!(key, base64.parse().unwrap());
        assert_eq!(key, base64.trim_end_matches('=').parse().unwrap());
        assert_eq!(format!("{key:?}"), "KeyEncryptionKey(…)");
    }

    #[test]
    fn what_is_too_short_or_a_word_is_no_key() {
        for text in [
            "",
            "correct horse battery staple",
            "AAECAwQFBgc=",
            &"0".repeat(63),
        ] {
            assert_eq!(
                text.parse::<KeyEncryptionKey>(),
                Err(InvalidKeyEncryptionKey),
                "{text}"
            );
        }
    }
}
