//! The folder a link is confined to, sealed: it travels in the link, and only we can read it.

use crate::storage::key::Prefix;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{XChaCha20Poly1305, XNonce, aead::Aead};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Makes a key of its own of the secret that signs. No signed text can start like this, because those start with a
/// length.
const CONTEXT: &[u8] = b"rf-actix signed url seal 1";
/// Random, and so long that two are never the same (draft-irtf-cfrg-xchacha §3.1).
const NONCE: usize = 24;
/// Folders are filled up to a multiple of this: the length of a link would tell that of a name.
const BLOCK: usize = 64;
/// What they are filled up with: a control character, which no prefix holds.
const FILLER: char = '\0';

/// Seals and opens with one secret.
pub(super) struct Seal(XChaCha20Poly1305);

impl Seal {
    pub(super) fn new(secret: &[u8]) -> Self {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
        mac.update(CONTEXT);
        Self(XChaCha20Poly1305::new(&mac.finalize().into_bytes()))
    }

    /// Never the same text twice, as base64url without padding (RFC 4648 §5).
    pub(super) fn close(&self, folder: &Prefix) -> String {
        let mut filled = folder.as_str().to_owned();
        while filled.is_empty() || !filled.len().is_multiple_of(BLOCK) {
            filled.push(FILLER);
        }
        let mut sealed = vec![0; NONCE];
        getrandom::fill(&mut sealed).expect("the system has random numbers");
        let nonce = XNonce::try_from(sealed.as_slice()).expect("it is as long as a nonce");
        let secret = self.0.encrypt(&nonce, filled.as_bytes());
        sealed.extend(secret.expect("a prefix is short"));
        URL_SAFE_NO_PAD.encode(sealed)
    }

    pub(super) fn open(&self, text: &str) -> Option<Prefix> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, secret) = sealed.split_at_checked(NONCE)?;
        let nonce = XNonce::try_from(nonce).ok()?;
        let filled = String::from_utf8(self.0.decrypt(&nonce, secret).ok()?).ok()?;
        Prefix::parse(filled.trim_end_matches(FILLER)).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{Prefix, Seal, URL_SAFE_NO_PAD};
    use base64::Engine;

    fn folder(text: &str) -> Prefix {
        Prefix::parse(text).unwrap()
    }

    #[test]
    fn what_is_sealed_is_read_by_the_same_secret_only() {
        let (ours, other) = (Seal::new(b"our secret"), Seal::new(b"other secret"));
        let longest = ["x".repeat(255).as_str(); 4].join("/");
        for text in ["a", "users/zoë/日本", &"y".repeat(64), &longest] {
            let sealed = ours.close(&folder(text));
            assert_eq!(ours.open(&sealed), Some(folder(text)));
            assert_eq!(other.open(&sealed), None);
        }
    }

    #[test]
    fn a_seal_tells_neither_the_name_nor_its_length_nor_that_it_is_the_same() {
        let seal = Seal::new(b"our secret");
        let (one, two, long) = (
            seal.close(&folder("clients/a")),
            seal.close(&folder("clients/a")),
            seal.close(&folder("clients/another-one")),
        );
        assert_ne!(one, two);
        assert_ne!(one[..32], two[..32], "the nonces differ");
        assert_eq!(one.len(), long.len());
        let bytes = URL_SAFE_NO_PAD.decode(&one).unwrap();
        assert!(!bytes.windows(7).any(|seven| seven == b"clients"));
    }

    #[test]
    fn no_changed_byte_and_no_part_opens() {
        let seal = Seal::new(b"our secret");
        let sealed = seal.close(&folder("users/1"));
        let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            assert_eq!(seal.open(&URL_SAFE_NO_PAD.encode(&changed)), None);
            assert_eq!(seal.open(&URL_SAFE_NO_PAD.encode(&bytes[..index])), None);
        }
        for changed in ["", "!", "users/1", &format!("{sealed}="), &sealed[1..]] {
            assert_eq!(seal.open(changed), None, "{changed:?}");
        }
    }
}
