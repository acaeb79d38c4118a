//! Grants.

use async_trait::async_trait;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::change::Change;
use super::row;
use super::write::{SeaOrmStore, again};
use crate::oauth2::entity::grant::{Column, Entity};
use crate::oauth2::model::{ClientId, Grant, GrantId, Subject, Timestamp};
use crate::oauth2::store::{GrantStore, Issued, StoreError};

#[async_trait]
impl GrantStore for SeaOrmStore {
    async fn insert_grant(&self, grant: &Grant, issued: &Issued) -> Result<(), StoreError> {
        let grant = Some(grant.clone());
        self.change(Change {
            grant,
            ..Change::issued(issued)
        })
        .await
        .map(drop)
    }

    async fn grant(&self, id: &GrantId) -> Result<Option<Grant>, StoreError> {
        again(|| async {
            Entity::find_by_id(id.as_str())
                .one(&self.db)
                .await?
                .map(row::to_grant)
                .transpose()
        })
        .await
    }

    async fn revoke_grant(&self, id: &GrantId, now: Timestamp) -> Result<bool, StoreError> {
        again(|| async {
            let revoked = Entity::update_many()
                .col_expr(Column::RevokedAt, Expr::value(now.as_millis()))
                .filter(Column::Id.eq(id.as_str()))
                .filter(Column::RevokedAt.is_null())
                .exec(&self.db)
                .await?;
            Ok(revoked.rows_affected > 0)
        })
        .await
    }

    async fn revoke_grants_of(
        &self,
        subject: &Subject,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        again(|| async {
            let revoked = Entity::update_many()
                .col_expr(Column::RevokedAt, Expr::value(now.as_millis()))
                .filter(Column::Subject.eq(subject.as_str()))
                .filter(Column::ClientId.eq(client.as_str()))
                .filter(Column::RevokedAt.is_null())
                .exec(&self.db)
                .await?;
            Ok(revoked.rows_affected > 0)
        })
        .await
    }
}
