//! Where clients are kept.

use async_trait::async_trait;

use super::StoreError;
use crate::oauth2::model::{Client, ClientId, RegisteredClient, StoredSecret, Timestamp};

/// Keeps clients.
#[async_trait]
pub trait ClientStore: Send + Sync {
    /// The client of exactly this identifier, also when it is disabled.
    async fn client(&self, id: &ClientId) -> Result<Option<RegisteredClient>, StoreError>;

    /// At most `limit` (1 to 500) clients after that of the identifier `after`, in the order of identifiers, also
    /// the disabled ones.
    async fn clients(
        &self,
        after: Option<&ClientId>,
        limit: u64,
    ) -> Result<Vec<RegisteredClient>, StoreError>;

    /// Adds or replaces a client and its secrets.
    async fn save_client(
        &self,
        client: &RegisteredClient,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// The clients that came from settings.
    async fn clients_from_settings(&self) -> Result<Vec<ClientId>, StoreError>;

    /// Changes all of a client but its secrets and whether it is disabled; `false` when there is none.
    async fn update_client(&self, client: &Client, now: Timestamp) -> Result<bool, StoreError>;

    /// Gives a client a new secret. The newest one until now counts until `old_ends`, unless it ends before; all
    /// others are gone. `false`, and nothing changed, when there is no such client.
    async fn add_secret(
        &self,
        id: &ClientId,
        secret: &StoredSecret,
        old_ends: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Removes a secret. `false`, and nothing changed, when it is not there, or no other counts at `now`.
    async fn remove_secret(
        &self,
        id: &ClientId,
        secret: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Stops a client; nothing it holds counts any more. `false` when there is none.
    async fn disable_client(&self, id: &ClientId, now: Timestamp) -> Result<bool, StoreError>;

    /// The same for a client that came from settings and is in them no more; from now on it is one like others.
    async fn drop_from_settings(&self, id: &ClientId, now: Timestamp) -> Result<bool, StoreError>;

    /// Lets a client go on; what it held before it was disabled stays revoked. `false` when there is none.
    async fn enable_client(&self, id: &ClientId, now: Timestamp) -> Result<bool, StoreError>;

    /// Removes a client, its secrets and the consents it was given; nothing it holds counts any more. `false`
    /// when there was none.
    async fn delete_client(&self, id: &ClientId, now: Timestamp) -> Result<bool, StoreError>;

    /// Whether any client that is not disabled has registered this origin.
    async fn origin_is_registered(&self, origin: &str) -> Result<bool, StoreError>;
}
