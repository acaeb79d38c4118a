//! Where requests wait while their consent page is shown.

use async_trait::async_trait;

use super::StoreError;
use crate::oauth2::model::{Digest, Interaction, Timestamp};

/// Keeps pending authorization requests; each is answered once.
#[async_trait]
pub trait InteractionStore: Send + Sync {
    /// Adds one.
    async fn insert_interaction(&self, interaction: &Interaction) -> Result<(), StoreError>;

    /// Uses up the request of this ticket. `None` when there is none, it was answered, is stale at `now`, or
    /// belongs to another session; then nothing changed.
    async fn take_interaction(
        &self,
        ticket_hash: &Digest,
        session_hash: &Digest,
        now: Timestamp,
    ) -> Result<Option<Interaction>, StoreError>;
}
