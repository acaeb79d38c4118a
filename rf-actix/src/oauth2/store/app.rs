//! What people have allowed, as they see it.

use async_trait::async_trait;

use super::StoreError;
use crate::oauth2::model::{ClientId, ScopeSet, Subject, Timestamp};

/// What one client holds of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// Who holds it.
    pub client_id: ClientId,
    /// What.
    pub scope: ScopeSet,
    /// Since when.
    pub since: Timestamp,
}

/// Finds what a person has allowed.
#[async_trait]
pub trait AppStore: Send + Sync {
    /// Every consent that is remembered and every grant that counts at `now`; a client may come several times.
    async fn allowed_by(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<Allowed>, StoreError>;
}
