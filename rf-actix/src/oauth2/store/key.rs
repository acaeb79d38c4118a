//! Where the keys are kept.

use async_trait::async_trait;

use super::StoreError;
use crate::oauth2::model::{SigningKey, Timestamp};

/// Keeps the keys that all instances share.
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// All keys, oldest first.
    async fn keys(&self) -> Result<Vec<SigningKey>, StoreError>;

    /// Adds a key unless there is one of the same purpose and generation already; the first one stays.
    async fn insert_key(&self, key: &SigningKey) -> Result<(), StoreError>;

    /// Puts the encrypted private part of `sealed` in place of the one that bears the fingerprint `before`, or is kept
    /// in clear; where it does so no more, nothing changes.
    async fn seal_key(&self, sealed: &SigningKey, before: Option<&str>) -> Result<(), StoreError>;

    /// Removes a key, whatever it signed.
    async fn remove_key(&self, id: &str) -> Result<(), StoreError>;

    /// Removes a key that signed until `retired_at`, unless an access token issued up to then still counts at `now`.
    async fn remove_retired_key(
        &self,
        id: &str,
        retired_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}
