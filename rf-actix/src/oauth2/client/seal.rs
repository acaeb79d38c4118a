//! What only the app can read, and nobody can change: AES-256-GCM.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

const NONCE: usize = 12;

/// A key for one kind of cookie.
pub(super) struct Seal {
    key: RandomizedNonceKey,
    purpose: String,
}

impl Seal {
    /// `purpose` keeps one kind of cookie, and that of another client, from being taken for this one.
    pub(super) fn new(secret: &[u8], purpose: String) -> Self {
        let tag = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, secret),
            purpose.as_bytes(),
        );
        let key = RandomizedNonceKey::new(&AES_256_GCM, tag.as_ref())
            .expect("HMAC-SHA-256 gives the 32 bytes that AES-256 takes");
        Self { key, purpose }
    }

    pub(super) fn close(&self, value: &impl Serialize) -> String {
        let mut bytes = serde_json::to_vec(value).expect("strings and numbers are always JSON");
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(self.purpose.as_bytes()), &mut bytes)
            .expect("a cookie is far shorter than what one nonce may seal");
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut bytes);
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// What was closed with the same key; nothing if it was changed.
    pub(super) fn open<T: DeserializeOwned>(&self, sealed: &str) -> Option<T> {
        let mut sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, bytes) = sealed.split_at_mut_checked(NONCE)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = self
            .key
            .open_in_place(nonce, Aad::from(self.purpose.as_bytes()), bytes)
            .ok()?;
        serde_json::from_slice(plain).ok()
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal")
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(secret: &[u8], purpose: &str) -> Seal {
        Seal::new(secret, purpose.to_owned())
    }

    #[test]
    fn what_was_closed_opens_with_the_same_key_and_purpose_only() {
        let sealed = seal(&[7; 32], "a").close(&"secret");
        assert_eq!(
            seal(&[7; 32], "a").open::<String>(&sealed).as_deref(),
            Some("secret")
        );
        assert_eq!(seal(&[8; 32], "a").open::<String>(&sealed), None);
        assert_eq!(seal(&[7; 32], "b").open::<String>(&sealed), None);
        assert!(!sealed.contains("secret"));
        assert_ne!(
            sealed,
            seal(&[7; 32], "a").close(&"secret"),
            "no nonce is used twice"
        );
    }

    #[test]
    fn what_was_changed_anywhere_opens_no_more() {
        let seal = seal(&[7; 32], "a");
        let sealed = seal.close(&"secret");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8_lossy(&changed).into_owned();
            assert_eq!(seal.open::<String>(&changed), None, "{at}");
        }
        for short in ["", "AAAA", "!"] {
            assert_eq!(seal.open::<String>(short), None);
        }
    }
}
