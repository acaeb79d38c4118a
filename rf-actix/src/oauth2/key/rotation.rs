//! Keys come, sign, and go: next → active → retired → removed.

use std::time::Duration;

use super::Keyring;
use super::pair::TokenKey;
use crate::oauth2::error::Error;
use crate::oauth2::model::Timestamp;
use crate::oauth2::store::StoreError;

/// How long a new key is shown before it signs: longer than anybody may keep the old list of keys (five minutes,
/// as the list says) and than an instance takes to follow.
const LEAD: Duration = Duration::from_secs(10 * 60);
/// How far the clocks of instances may be apart.
const SKEW: Duration = Duration::from_secs(60);

/// A key that is going to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyRotation {
    /// Its name in tokens and in the list of keys.
    pub kid: String,
    /// When it begins to sign; it is shown from now on.
    pub active_from: Timestamp,
}

impl Keyring {
    /// Makes the next key, which begins to sign in ten minutes. One that waits for its time already is the next one.
    pub(crate) async fn rotate(&self, now: Timestamp) -> Result<KeyRotation, Error> {
        self.load().await?;
        let (generation, active_from) = self.newest();
        if active_from <= now {
            self.add(generation + 1, now, now.plus(LEAD)).await?;
        }
        let known = self.known();
        let newest = known.iter().rfind(|key| self.is_ours(key));
        let newest = newest.expect("a keyring is made with at least one key");
        Ok(KeyRotation {
            kid: newest.kid().to_owned(),
            active_from: newest.active_from,
        })
    }

    /// Takes a key away: what it signed counts no more. When it is the one that signs now, a new one signs at once.
    pub(crate) async fn withdraw(&self, kid: &str, now: Timestamp) -> Result<(), Error> {
        self.load().await?;
        if self.find(kid).is_none() {
            return Err(Error::Key {
                id: kid.to_owned(),
                reason: "is not there to be withdrawn".to_owned(),
            });
        }
        if self.signer(now).kid() == kid {
            let (generation, _) = self.newest();
            self.add(generation + 1, now, now).await?;
        }
        self.store.remove_key(kid).await?;
        self.load().await
    }

    /// Several instances may find it due at once: of keys of one generation the first stays.
    pub(super) async fn rotate_when_due(&self, now: Timestamp) -> Result<(), Error> {
        let (generation, active_from) = self.newest();
        if active_from.plus(self.every) > now.plus(LEAD) {
            return Ok(());
        }
        self.add(generation + 1, now, now.plus(LEAD)).await
    }

    /// Removes the keys whose tokens are all over.
    pub(crate) async fn remove_retired(&self, now: Timestamp) -> Result<(), StoreError> {
        let known = self.known();
        let ours: Vec<_> = known.iter().filter(|key| self.is_ours(key)).collect();
        for pair in ours.windows(2) {
            let retired_at = pair[1].active_from.plus(SKEW);
            // Without asking: a token of it still counts.
            if retired_at.plus(self.ttl) < now {
                (self.store)
                    .remove_retired_key(pair[0].kid(), retired_at, now)
                    .await?;
            }
        }
        Ok(())
    }

    fn newest(&self) -> (i32, Timestamp) {
        let known = self.known();
        let ours = || known.iter().filter(|key| self.is_ours(key));
        // One that was made in place of a withdrawn key signs before the one that was waiting then.
        let generation = ours().map(|key| key.generation).max();
        let active_from = ours().map(|key| key.active_from).max();
        (
            generation.unwrap_or_default(),
            active_from.unwrap_or_default(),
        )
    }

    /// Keys of another algorithm only verify, for as long as they are there: another instance may sign with them.
    fn is_ours(&self, key: &TokenKey) -> bool {
        key.algorithm() == self.algorithm
    }
}
