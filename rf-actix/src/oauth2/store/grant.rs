//! Where grants are kept.

use async_trait::async_trait;

use super::{Issued, StoreError};
use crate::oauth2::model::{ClientId, Grant, GrantId, Subject, Timestamp};

/// Keeps grants; revoking one kills all its tokens.
#[async_trait]
pub trait GrantStore: Send + Sync {
    /// Adds a grant that needs no code, and what is issued for it, all or nothing.
    async fn insert_grant(&self, grant: &Grant, issued: &Issued) -> Result<(), StoreError>;

    /// The grant of this identifier, also when it is revoked.
    async fn grant(&self, id: &GrantId) -> Result<Option<Grant>, StoreError>;

    /// Revokes a grant, and says whether it had counted until now.
    async fn revoke_grant(&self, id: &GrantId, now: Timestamp) -> Result<bool, StoreError>;

    /// Revokes everything a person gave a client, and says whether any of it had counted until now.
    async fn revoke_grants_of(
        &self,
        subject: &Subject,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
}
