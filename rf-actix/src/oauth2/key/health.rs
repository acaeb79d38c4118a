//! Whether the keys do what they are for.

use std::sync::PoisonError;
use std::time::Duration;

use super::Keyring;
use crate::oauth2::error::Error;
use crate::oauth2::model::Timestamp;

/// How long an attempt to follow the keys may last before it counts as failed.
const LATE: Duration = Duration::from_secs(10);

/// How the signing keys are, as [`OAuth2Server::key_health`](crate::oauth2::OAuth2Server::key_health) found them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyHealth {
    /// The key of now signs, and what there is in the database is known.
    Good,
    /// The key of now signs, but the keys in the database could not be read, decrypted or rotated: what other
    /// instances did to them is unknown, and when the next key is due there will be none.
    Behind {
        /// The first attempt that failed.
        since: Timestamp,
    },
}

impl Keyring {
    /// Signs something and verifies it, and tells how long following has failed.
    pub(crate) fn health(&self, now: Timestamp) -> Result<KeyHealth, Error> {
        let key = self.signer(now);
        key.prove().map_err(|reason| Error::Key {
            id: key.kid().to_owned(),
            reason,
        })?;
        let behind = *self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(match behind {
            Some(since) if now.since(since) >= LATE => KeyHealth::Behind { since },
            _ => KeyHealth::Good,
        })
    }

    /// Following begins: should it never end, that is how long it has failed.
    pub(super) fn begin_following(&self, now: Timestamp) {
        let mut behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        behind.get_or_insert(now);
    }

    pub(super) fn has_followed(&self) {
        *self.behind.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
