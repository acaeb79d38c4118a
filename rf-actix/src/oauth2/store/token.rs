//! Where tokens are kept.

use async_trait::async_trait;

use super::StoreError;
use crate::oauth2::model::{
    AccessTokenRecord, Digest, Grant, RefreshTokenRecord, Timestamp, TokenState,
};

/// What one answer of the token endpoint adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The access token.
    pub access: AccessTokenRecord,
    /// The refresh token, when there is a new one.
    pub refresh: Option<RefreshTokenRecord>,
}

/// Keeps access and refresh tokens.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// Adds an access token.
    async fn insert_access_token(&self, token: &AccessTokenRecord) -> Result<(), StoreError>;

    /// The access token of this identifier.
    async fn access_token(&self, id: &str) -> Result<Option<AccessTokenRecord>, StoreError>;

    /// Whether the token of this identifier, its grant and its client still count.
    async fn access_token_state(&self, id: &str) -> Result<TokenState, StoreError>;

    /// The access token of this identifier, when it, its grant and its client still count.
    async fn active_access_token(&self, id: &str) -> Result<Option<AccessTokenRecord>, StoreError>;

    /// Revokes one access token, and says whether it had counted until now.
    async fn revoke_access_token(&self, id: &str, now: Timestamp) -> Result<bool, StoreError>;

    /// The refresh token of this digest and the grant behind it, also when they are used, expired or revoked.
    async fn refresh_token(
        &self,
        hash: &Digest,
    ) -> Result<Option<(RefreshTokenRecord, Grant)>, StoreError>;

    /// Uses a refresh token up and adds its successor and an access token, all or nothing.
    ///
    /// Of any number of callers exactly one gets `true`; the others added nothing. The token must be unused
    /// and unexpired at `now`, and its grant not revoked.
    async fn rotate_refresh_token(
        &self,
        token: &RefreshTokenRecord,
        issued: &Issued,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Keeps a refresh token that is not rotated from idling, and adds an access token.
    ///
    /// `false`, and nothing added, when the token no longer counts at `now`.
    async fn touch_refresh_token(
        &self,
        token: &RefreshTokenRecord,
        idle_expires_at: Timestamp,
        access: &AccessTokenRecord,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
}
