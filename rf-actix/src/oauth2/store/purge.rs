//! The whole of a store, and its housekeeping.

use std::fmt;

use async_trait::async_trait;

use super::{
    AppStore, ClientStore, CodeStore, ConsentStore, GrantStore, InteractionStore, KeyStore,
    StoreError, TokenStore,
};
use crate::oauth2::model::Timestamp;

/// Housekeeping.
#[async_trait]
pub trait Purge: Send + Sync {
    /// Removes at most `batch` rows of each kind that ended before `before`, and says how many they were.
    async fn purge(&self, before: Timestamp, batch: u64) -> Result<u64, StoreError>;

    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// Everything the server keeps.
pub trait Store:
    AppStore
    + ClientStore
    + CodeStore
    + TokenStore
    + GrantStore
    + ConsentStore
    + InteractionStore
    + KeyStore
    + Purge
    + fmt::Debug
{
}

impl<T> Store for T where
    T: AppStore
        + ClientStore
        + CodeStore
        + TokenStore
        + GrantStore
        + ConsentStore
        + InteractionStore
        + KeyStore
        + Purge
        + fmt::Debug
{
}
