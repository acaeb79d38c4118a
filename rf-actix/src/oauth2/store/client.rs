//! Where clients are kept.

use async_trait::async_trait;

use super::StoreError;
use crate::oauth2::model::{ClientId, RegisteredClient, Timestamp};

/// Keeps clients.
#[async_trait]
pub trait ClientStore: Send + Sync {
    /// The client of exactly this identifier, also when it is disabled.
    async fn client(&self, id: &ClientId) -> Result<Option<RegisteredClient>, StoreError>;

    /// Adds or replaces a client and its secrets.
    async fn save_client(
        &self,
        client: &RegisteredClient,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// The clients that came from settings.
    async fn clients_from_settings(&self) -> Result<Vec<ClientId>, StoreError>;

    /// Stops a client; nothing it holds counts any more.
    async fn disable_client(&self, id: &ClientId, now: Timestamp) -> Result<(), StoreError>;

    /// Whether any client that is not disabled has registered this origin.
    async fn origin_is_registered(&self, origin: &str) -> Result<bool, StoreError>;
}
