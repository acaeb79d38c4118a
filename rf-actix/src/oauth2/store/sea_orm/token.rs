//! Access and refresh tokens.

use async_trait::async_trait;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::change::{Change, Claim, Way};
use super::find::{ActiveToken, RefreshToken};
use super::row;
use super::write::{SeaOrmStore, again};
use crate::oauth2::entity::access_token;
use crate::oauth2::model::{
    AccessTokenRecord, Digest, Grant, RefreshTokenRecord, Timestamp, TokenState,
};
use crate::oauth2::store::{Issued, StoreError, TokenStore};

#[async_trait]
impl TokenStore for SeaOrmStore {
    async fn insert_access_token(&self, token: &AccessTokenRecord) -> Result<(), StoreError> {
        let access = Some(token.clone());
        self.change(Change {
            access,
            ..Change::default()
        })
        .await
        .map(drop)
    }

    async fn access_token(&self, id: &str) -> Result<Option<AccessTokenRecord>, StoreError> {
        again(|| async {
            access_token::Entity::find_by_id(id)
                .one(&self.db)
                .await?
                .map(row::to_access_token)
                .transpose()
        })
        .await
    }

    async fn access_token_state(&self, id: &str) -> Result<TokenState, StoreError> {
        Ok(match self.active_access_token(id).await? {
            Some(_) => TokenState::Active,
            None => TokenState::Revoked,
        })
    }

    async fn active_access_token(&self, id: &str) -> Result<Option<AccessTokenRecord>, StoreError> {
        let token = ActiveToken(id.to_owned());
        self.active_tokens.ask(&self.db, token).await
    }

    async fn revoke_access_token(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        again(|| async {
            let revoked = access_token::Entity::update_many()
                .col_expr(
                    access_token::Column::RevokedAt,
                    Expr::value(now.as_millis()),
                )
                .filter(access_token::Column::Id.eq(id))
                .filter(access_token::Column::RevokedAt.is_null())
                .exec(&self.db)
                .await?;
            Ok(revoked.rows_affected > 0)
        })
        .await
    }

    async fn refresh_token(
        &self,
        hash: &Digest,
    ) -> Result<Option<(RefreshTokenRecord, Grant)>, StoreError> {
        let token = RefreshToken(hash.clone());
        self.refresh_tokens.ask(&self.db, token).await
    }

    async fn rotate_refresh_token(
        &self,
        token: &RefreshTokenRecord,
        issued: &Issued,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let claim = Claim {
            hash: token.hash.clone(),
            now,
            way: Way::Rotate,
        };
        self.change(Change::issued(issued).claiming(claim)).await
    }

    async fn touch_refresh_token(
        &self,
        token: &RefreshTokenRecord,
        idle_expires_at: Timestamp,
        access: &AccessTokenRecord,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let claim = Claim {
            hash: token.hash.clone(),
            now,
            way: Way::Touch(idle_expires_at),
        };
        let change = Change {
            access: Some(access.clone()),
            ..Change::default()
        };
        self.change(change.claiming(claim)).await
    }
}
