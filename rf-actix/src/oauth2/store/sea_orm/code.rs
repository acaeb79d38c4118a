//! Authorization codes.

use async_trait::async_trait;
use sea_orm::EntityTrait;

use super::change::{Change, Claim, Way};
use super::row;
use super::write::{SeaOrmStore, again};
use crate::oauth2::entity::authorization_code;
use crate::oauth2::model::{AuthorizationCode, Digest, Grant, Timestamp};
use crate::oauth2::store::{CodeStore, Issued, StoreError};

#[async_trait]
impl CodeStore for SeaOrmStore {
    async fn insert_code(&self, grant: &Grant, code: &AuthorizationCode) -> Result<(), StoreError> {
        self.change(Change {
            grant: Some(grant.clone()),
            code: Some(code.clone()),
            ..Change::default()
        })
        .await
        .map(drop)
    }

    async fn code(&self, hash: &Digest) -> Result<Option<AuthorizationCode>, StoreError> {
        again(|| async {
            authorization_code::Entity::find_by_id(hash.as_str())
                .one(&self.db)
                .await?
                .map(row::to_code)
                .transpose()
        })
        .await
    }

    async fn redeem_code(
        &self,
        code: &AuthorizationCode,
        issued: &Issued,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let claim = Claim {
            hash: code.hash.clone(),
            now,
            way: Way::Redeem,
        };
        self.change(Change::issued(issued).claiming(claim)).await
    }
}
