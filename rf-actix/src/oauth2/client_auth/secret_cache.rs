//! Secrets that were right a moment ago.

use std::fmt;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use moka::sync::Cache;
use sha2::Sha256;
use tokio::sync::{Mutex, MutexGuard};

use crate::oauth2::model::{ClientId, Secret};
use crate::oauth2::token::random_bytes;

/// Remembers verified client secrets for minutes, so that the token endpoint does not hash all day.
///
/// It holds right ones only, and of those nothing but an HMAC under a key of this process. The hash that was
/// verified against is part of it: a changed secret is forgotten by itself.
pub(super) struct SecretCache {
    /// With the key taken in already.
    mac: Hmac<Sha256>,
    verified: Cache<Tag, ()>,
    turns: [Mutex<()>; TURNS],
}

/// Stands for a client, the hashes of its secrets and a presented secret; nobody outside can make or foresee one.
type Tag = [u8; 32];

/// How many presented secrets may be looked at at once; more than there are cores.
const TURNS: usize = 64;

impl SecretCache {
    pub(super) fn new() -> Self {
        Self {
            mac: Hmac::new_from_slice(&random_bytes()).expect("HMAC takes keys of any length"),
            verified: Cache::builder()
                .max_capacity(10_000)
                .time_to_live(Duration::from_secs(300))
                .build(),
            turns: [const { Mutex::const_new(()) }; TURNS],
        }
    }

    pub(super) fn knows(&self, tag: &Tag) -> bool {
        self.verified.contains_key(tag)
    }

    pub(super) fn remember(&self, tag: &Tag) {
        self.verified.insert(*tag, ());
    }

    /// Waits until nobody else looks at the same secret.
    ///
    /// Different ones may share a turn by chance, which makes them wait and nothing more.
    pub(super) async fn turn(&self, tag: &Tag) -> MutexGuard<'_, ()> {
        self.turns[usize::from(tag[0]) % TURNS].lock().await
    }

    pub(super) fn tag(&self, id: &ClientId, hashes: &[&str], secret: &Secret) -> Tag {
        let mut mac = self.mac.clone();
        let presented = [id.as_str(), secret.expose()];
        for part in presented.iter().chain(hashes) {
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
        let hashes = ["$argon2id$1"];
        let tag =
            |id: &str, hashes: &[&str], secret: &str| cache.tag(&id.into(), hashes, &secret.into());
        cache.remember(&tag("a", &hashes, "secret"));
        assert!(cache.knows(&tag("a", &hashes, "secret")));
        assert!(!cache.knows(&tag("b", &hashes, "secret")));
        assert!(!cache.knows(&tag("a", &hashes, "Secret")));
        assert!(!cache.knows(&tag("a", &["$argon2id$2"], "secret")));
        assert!(!cache.knows(&tag("as", &hashes, "ecret")));
    }
}
