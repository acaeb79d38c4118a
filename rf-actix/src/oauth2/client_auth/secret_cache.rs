//! Secrets that were right a moment ago.

use std::fmt;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use moka::sync::Cache;
use sha2::Sha256;

use crate::oauth2::model::{ClientId, Secret};
use crate::oauth2::token::random_bytes;

/// Remembers verified client secrets for minutes, so that the token endpoint does not hash all day.
///
/// It holds right ones only, and of those nothing but an HMAC under a key of this process. The hash that was
/// verified against is part of it: a changed secret is forgotten by itself.
pub(super) struct SecretCache {
    key: [u8; 32],
    verified: Cache<[u8; 32], ()>,
}

impl SecretCache {
    pub(super) fn new() -> Self {
        Self {
            key: random_bytes(),
            verified: Cache::builder()
                .max_capacity(10_000)
                .time_to_live(Duration::from_secs(300))
                .build(),
        }
    }

    pub(super) fn knows(&self, id: &ClientId, hashes: &[String], secret: &Secret) -> bool {
        self.verified.contains_key(&self.tag(id, hashes, secret))
    }

    pub(super) fn remember(&self, id: &ClientId, hashes: &[String], secret: &Secret) {
        self.verified.insert(self.tag(id, hashes, secret), ());
    }

    fn tag(&self, id: &ClientId, hashes: &[String], secret: &Secret) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        let hashes = hashes.iter().map(String::as_str);
        for part in [id.as_str(), secret.expose()].into_iter().chain(hashes) {
            // The length first, so that no two lists of parts look alike.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for SecretCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretCache")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_for_its_client_and_hash_only() {
        let cache = SecretCache::new();
        let hashes = ["$argon2id$1".to_owned()];
        cache.remember(&"a".into(), &hashes, &"secret".into());
        assert!(cache.knows(&"a".into(), &hashes, &"secret".into()));
        assert!(!cache.knows(&"b".into(), &hashes, &"secret".into()));
        assert!(!cache.knows(&"a".into(), &hashes, &"Secret".into()));
        assert!(!cache.knows(&"a".into(), &["$argon2id$2".to_owned()], &"secret".into()));
        assert!(!cache.knows(&"as".into(), &hashes, &"ecret".into()));
    }
}
