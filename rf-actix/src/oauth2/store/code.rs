//! Where authorization codes are kept.

use async_trait::async_trait;

use super::{Issued, StoreError};
use crate::oauth2::model::{AuthorizationCode, Digest, Grant, Timestamp};

/// Keeps codes; each is redeemed once.
#[async_trait]
pub trait CodeStore: Send + Sync {
    /// Adds a grant and the code that stands for it, both or neither.
    async fn insert_code(&self, grant: &Grant, code: &AuthorizationCode) -> Result<(), StoreError>;

    /// The code of this digest, also when it is used or expired.
    async fn code(&self, hash: &Digest) -> Result<Option<AuthorizationCode>, StoreError>;

    /// Uses the code up and adds what is issued for it, both or neither.
    ///
    /// Of any number of callers exactly one gets `true`; the others added nothing. The code must be unused
    /// and unexpired at `now`, and its grant not revoked.
    async fn redeem_code(
        &self,
        code: &AuthorizationCode,
        issued: &Issued,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
}
