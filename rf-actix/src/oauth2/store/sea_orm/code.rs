//! Authorization codes.

use async_trait::async_trait;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use super::row;
use super::write::{SeaOrmStore, again, commit};
use crate::oauth2::entity::{authorization_code, grant};
use crate::oauth2::model::{AuthorizationCode, Digest, Grant, Timestamp};
use crate::oauth2::store::{CodeStore, Issued, StoreError};

#[async_trait]
impl CodeStore for SeaOrmStore {
    async fn insert_code(&self, grant: &Grant, code: &AuthorizationCode) -> Result<(), StoreError> {
        again(|| async {
            let transaction = self.begin().await?;
            grant::Entity::insert(row::from_grant(grant))
                .exec_without_returning(&transaction)
                .await?;
            authorization_code::Entity::insert(row::from_code(code))
                .exec_without_returning(&transaction)
                .await?;
            commit(transaction).await
        })
        .await
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
        again(|| self.redeem_once(code, issued, now)).await
    }
}

impl SeaOrmStore {
    async fn redeem_once(
        &self,
        code: &AuthorizationCode,
        issued: &Issued,
        now: Timestamp,
    ) -> Result<bool, DbErr> {
        use authorization_code::Column;

        let transaction = self.begin().await?;
        // The first statement, so that of all who try exactly one finds the row unused.
        let used = authorization_code::Entity::update_many()
            .col_expr(Column::ConsumedAt, Expr::value(now.as_millis()))
            .filter(Column::Hash.eq(code.hash.as_str()))
            .filter(Column::ConsumedAt.is_null())
            .filter(Column::ExpiresAt.gt(now.as_millis()))
            .exec(&transaction)
            .await?;
        if used.rows_affected != 1 {
            transaction.rollback().await?;
            return Ok(false);
        }
        super::token::insert(issued, &transaction).await?;
        commit(transaction).await?;
        Ok(true)
    }
}
