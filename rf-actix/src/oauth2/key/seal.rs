//! Private keys encrypted at rest: AES-256-GCM, bound to the identifier and the purpose of the key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::oauth2::error::Error;
use crate::oauth2::model::SigningKey;
use crate::oauth2::settings::{KeyEncryptionKey, OAuth2Settings, SettingError};

/// Encrypts and decrypts private keys.
pub(super) struct Seals {
    /// Encrypts; there may be none.
    first: Option<Seal>,
    /// Open what others encrypted.
    others: Vec<Seal>,
}

impl Seals {
    pub(super) fn new(settings: &OAuth2Settings) -> Result<Self, Error> {
        let first = settings.key_encryption_key.as_ref();
        let others = settings.other_key_encryption_keys.iter();
        Ok(Self {
            first: first.map(Seal::new).transpose()?,
            others: others.map(Seal::new).collect::<Result<_, _>>()?,
        })
    }

    /// The key as it is to be kept.
    pub(super) fn close(&self, key: SigningKey) -> Result<SigningKey, Error> {
        match &self.first {
            Some(seal) => seal.close(&key),
            None => Ok(key),
        }
    }

    /// The key closed anew if it is in clear or closed by another key, and there is one to do it with.
    pub(super) fn close_anew(&self, key: &SigningKey) -> Result<Option<SigningKey>, Error> {
        match &self.first {
            Some(seal) if key.sealed_by.as_ref() != Some(&seal.fingerprint) => {
                let private = self.open(key)?;
                let clear = SigningKey {
                    private,
                    ..key.clone()
                };
                seal.close(&clear).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The private part of `key` in clear.
    pub(super) fn open(&self, key: &SigningKey) -> Result<Zeroizing<Vec<u8>>, Error> {
        let Some(needed) = &key.sealed_by else {
            return Ok(key.private.clone());
        };
        let mut all = self.first.iter().chain(&self.others);
        if let Some(seal) = all.find(|seal| seal.fingerprint == *needed) {
            return seal.open(key).ok_or_else(|| Error::Key {
                id: key.id.clone(),
                reason: "was changed in the database, restore it from a backup or remove its row"
                    .to_owned(),
            });
        }
        let id = &key.id;
        Err(refused(match &self.first {
            None => format!(
                "is missing: key {id} in the database is encrypted, write the key it was encrypted with (fingerprint {needed})"
            ),
            Some(seal) => format!(
                "is not the key that key {id} in the database is encrypted with: its fingerprint is {}, write the one of fingerprint {needed}, or add that to other_key_encryption_keys to replace it",
                seal.fingerprint
            ),
        }))
    }
}

struct Seal {
    key: RandomizedNonceKey,
    /// Tells which key encrypted what, and nothing about it.
    fingerprint: String,
}

impl Seal {
    fn new(key: &KeyEncryptionKey) -> Result<Self, Error> {
        let digest = Sha256::new()
            .chain_update("rf-actix key-encryption key\0")
            .chain_update(key.expose())
            .finalize();
        Ok(Self {
            key: RandomizedNonceKey::new(&AES_256_GCM, key.expose())
                .map_err(|_| refused("cannot be used, write another one".to_owned()))?,
            fingerprint: hex::encode(&digest[..8]),
        })
    }

    /// The key with its private part encrypted: nonce, ciphertext, tag.
    fn close(&self, key: &SigningKey) -> Result<SigningKey, Error> {
        let mut text = key.private.to_vec();
        let nonce = (self.key)
            .seal_in_place_append_tag(Aad::from(bound_to(key)), &mut text)
            .map_err(|_| Error::Key {
                id: key.id.clone(),
                reason: "cannot be encrypted: out of randomness or memory".to_owned(),
            })?;
        let sealed = [nonce.as_ref().as_slice(), &text].concat();
        Ok(SigningKey {
            private: Zeroizing::new(sealed),
            sealed_by: Some(self.fingerprint.clone()),
            ..key.clone()
        })
    }

    fn open(&self, key: &SigningKey) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, text) = key.private.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = Zeroizing::new(text.to_vec());
        let length = (self.key)
            .open_in_place(nonce, Aad::from(bound_to(key)), &mut text)
            .ok()?
            .len();
        text.truncate(length);
        Some(text)
    }
}

fn bound_to(key: &SigningKey) -> Vec<u8> {
    format!("{}\0{}", key.purpose.as_str(), key.id).into_bytes()
}

fn refused(message: String) -> Error {
    SettingError::new("key_encryption_key", message).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::oauth2::model::{KeyPurpose, Timestamp};

    fn key() -> SigningKey {
        SigningKey {
            id: "one".to_owned(),
            purpose: KeyPurpose::Cookie,
            generation: 1,
            private: Zeroizing::new(vec![7; 32]),
            sealed_by: None,
            created_at: Timestamp::default(),
            active_from: Timestamp::default(),
        }
    }

    fn seals(first: Option<&str>, others: &[&str]) -> Seals {
        let key = |byte: &str| byte.repeat(32).parse().unwrap();
        Seals::new(&OAuth2Settings {
            key_encryption_key: first.map(key),
            other_key_encryption_keys: others.iter().map(|byte| key(byte)).collect(),
            ..OAuth2Settings::default()
        })
        .unwrap()
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_key_only() {
        let right = seals(Some("0a"), &[]);
        let sealed = right.close(key()).unwrap();
        assert!(!sealed.private.windows(8).any(|part| part == [7; 8]));
        assert_eq!(right.open(&sealed).unwrap(), key().private);
        let fingerprint = sealed.sealed_by.clone().unwrap();
        for wrong in [seals(None, &[]), seals(Some("0b"), &["0c"])] {
            let error = wrong.open(&sealed).unwrap_err().to_string();
            assert!(error.contains("key_encryption_key: is"), "{error}");
            assert!(error.contains(&fingerprint), "{error}");
        }
    }

    #[test]
    fn what_another_key_sealed_is_sealed_anew() {
        let old = seals(Some("0a"), &["0b"]).close(key()).unwrap();
        let both = seals(Some("0b"), &["0c", "0a"]);
        let new = both.close_anew(&old).unwrap().unwrap();
        assert_eq!(both.open(&old).unwrap(), key().private);
        assert_eq!(seals(Some("0b"), &[]).open(&new).unwrap(), key().private);
        assert!(both.close_anew(&new).unwrap().is_none());
        assert!(both.close_anew(&key()).unwrap().is_some());
        assert!(seals(None, &["0a"]).close_anew(&old).unwrap().is_none());
    }

    #[test]
    fn what_was_changed_or_moved_to_another_row_does_not_open() {
        let seals = seals(Some("0a"), &[]);
        let sealed = seals.close(key()).unwrap();
        let mut changed = sealed.clone();
        *changed.private.last_mut().unwrap() ^= 1;
        let moved = SigningKey {
            id: "other".to_owned(),
            ..sealed.clone()
        };
        let cut = SigningKey {
            private: Zeroizing::new(vec![1; 5]),
            ..sealed
        };
        for wrong in [changed, moved, cut] {
            let error = seals.open(&wrong).unwrap_err();
            assert!(matches!(error, Error::Key { .. }), "{error}");
        }
    }
}
