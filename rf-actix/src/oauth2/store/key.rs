//! Where the keys are kept.

use async_trait::async_trait;

use super::StoreError;
use crate::oauth2::model::{KeyPurpose, SigningKey};

/// Keeps the keys that all instances share.
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// The keys for `purpose`, oldest first.
    async fn keys(&self, purpose: KeyPurpose) -> Result<Vec<SigningKey>, StoreError>;

    /// Adds a key unless there is one of the same purpose and generation already; the first one stays.
    async fn insert_key(&self, key: &SigningKey) -> Result<(), StoreError>;
}
