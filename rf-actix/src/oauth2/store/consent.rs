//! Where consents are remembered.

use async_trait::async_trait;

use super::StoreError;
use crate::oauth2::model::{ClientId, Consent, Subject};

/// Remembers what people allowed.
#[async_trait]
pub trait ConsentStore: Send + Sync {
    /// What `subject` allowed `client`.
    async fn consent(
        &self,
        subject: &Subject,
        client: &ClientId,
    ) -> Result<Option<Consent>, StoreError>;

    /// Remembers a consent in place of an older one.
    async fn save_consent(&self, consent: &Consent) -> Result<(), StoreError>;

    /// Forgets it, and says whether there was one.
    async fn delete_consent(
        &self,
        subject: &Subject,
        client: &ClientId,
    ) -> Result<bool, StoreError>;
}
