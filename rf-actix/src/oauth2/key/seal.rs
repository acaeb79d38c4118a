//! Private keys encrypted at rest: AES-256-GCM, bound to the identifier and the purpose of the key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::oauth2::error::Error;
use crate::oauth2::model::SigningKey;
use crate::oauth2::settings::{KeyEncryptionKey, SettingError};

/// Encrypts and decrypts private keys.
pub(super) struct Seal {
    key: RandomizedNonceKey,
    /// Tells which key encrypted what, and nothing about it.
    fingerprint: String,
}

impl Seal {
    pub(super) fn new(key: &KeyEncryptionKey) -> Result<Self, Error> {
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
    pub(super) fn close(&self, key: &SigningKey) -> Result<SigningKey, Error> {
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

/// The private part of `key` in clear.
pub(super) fn opened(seal: Option<&Seal>, key: &SigningKey) -> Result<Zeroizing<Vec<u8>>, Error> {
    let Some(needed) = &key.sealed_by else {
        return Ok(key.private.clone());
    };
    let Some(seal) = seal else {
        return Err(refused(format!(
            "is missing: key {} in the database is encrypted, write the key it was encrypted with (fingerprint {needed})",
            key.id
        )));
    };
    if seal.fingerprint != *needed {
        return Err(refused(format!(
            "is not the key that key {} in the database is encrypted with: its fingerprint is {}, write the one of fingerprint {needed}",
            key.id, seal.fingerprint
        )));
    }
    seal.open(key).ok_or_else(|| Error::Key {
        id: key.id.clone(),
        reason: "was changed in the database, restore it from a backup or remove its row"
            .to_owned(),
    })
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

    fn seal(byte: &str) -> Seal {
        Seal::new(&byte.repeat(32).parse().unwrap()).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_key_only() {
        let sealed = seal("0a").close(&key()).unwrap();
        assert!(!sealed.private.windows(8).any(|part| part == [7; 8]));
        assert_eq!(opened(Some(&seal("0a")), &sealed).unwrap(), key().private);
        for wrong in [None, Some(&seal("0b"))] {
            let error = opened(wrong, &sealed).unwrap_err().to_string();
            assert!(error.contains("key_encryption_key: is"), "{error}");
            assert!(error.contains(&seal("0a").fingerprint), "{error}");
        }
    }

    #[test]
    fn what_was_changed_or_moved_to_another_row_does_not_open() {
        let seal = seal("0a");
        let sealed = seal.close(&key()).unwrap();
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
            let error = opened(Some(&seal), &wrong).unwrap_err();
            assert!(matches!(error, Error::Key { .. }), "{error}");
        }
    }
}
