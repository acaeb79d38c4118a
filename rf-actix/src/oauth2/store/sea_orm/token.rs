//! Access and refresh tokens.

use async_trait::async_trait;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, DbErr, EntityTrait, JoinType, QueryFilter,
    QuerySelect, Select,
};

use super::row;
use super::write::{SeaOrmStore, again, commit};
use crate::oauth2::entity::{access_token, client, grant, refresh_token};
use crate::oauth2::model::{AccessTokenRecord, Digest, RefreshTokenRecord, Timestamp, TokenState};
use crate::oauth2::store::{Issued, StoreError, TokenStore};

#[async_trait]
impl TokenStore for SeaOrmStore {
    async fn insert_access_token(&self, token: &AccessTokenRecord) -> Result<(), StoreError> {
        self.group.insert(&self.db, token).await
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
        again(|| async {
            let active: Option<String> = active(id)
                .select_only()
                .column(access_token::Column::Id)
                .into_tuple()
                .one(&self.db)
                .await?;
            Ok(match active {
                Some(_) => TokenState::Active,
                None => TokenState::Revoked,
            })
        })
        .await
    }

    async fn active_access_token(&self, id: &str) -> Result<Option<AccessTokenRecord>, StoreError> {
        again(|| async {
            let found = active(id).one(&self.db).await?;
            found.map(row::to_access_token).transpose()
        })
        .await
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

    async fn refresh_token(&self, hash: &Digest) -> Result<Option<RefreshTokenRecord>, StoreError> {
        again(|| async {
            let found = refresh_token::Entity::find_by_id(hash.as_str())
                .one(&self.db)
                .await?;
            Ok(found.map(row::to_refresh_token))
        })
        .await
    }

    async fn rotate_refresh_token(
        &self,
        token: &RefreshTokenRecord,
        issued: &Issued,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let column = refresh_token::Column::ConsumedAt;
        again(|| self.use_refresh_token(token, (column, now), issued, now)).await
    }

    async fn touch_refresh_token(
        &self,
        token: &RefreshTokenRecord,
        idle_expires_at: Timestamp,
        access: &AccessTokenRecord,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let column = refresh_token::Column::IdleExpiresAt;
        let issued = Issued {
            access: access.clone(),
            refresh: None,
        };
        again(|| self.use_refresh_token(token, (column, idle_expires_at), &issued, now)).await
    }
}

/// Adds what is issued.
pub(super) async fn insert(
    issued: &Issued,
    transaction: &DatabaseTransaction,
) -> Result<(), DbErr> {
    access_token::Entity::insert(row::from_access_token(&issued.access))
        .exec_without_returning(transaction)
        .await?;
    if let Some(refresh) = &issued.refresh {
        refresh_token::Entity::insert(row::from_refresh_token(refresh))
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

impl SeaOrmStore {
    async fn use_refresh_token(
        &self,
        token: &RefreshTokenRecord,
        (column, value): (refresh_token::Column, Timestamp),
        issued: &Issued,
        now: Timestamp,
    ) -> Result<bool, DbErr> {
        use refresh_token::Column;

        let transaction = self.begin().await?;
        // The first statement, so that of all who rotate exactly one finds the row unused.
        let used = refresh_token::Entity::update_many()
            .col_expr(column, Expr::value(value.as_millis()))
            .filter(Column::Hash.eq(token.hash.as_str()))
            .filter(Column::ConsumedAt.is_null())
            .filter(Column::ExpiresAt.gt(now.as_millis()))
            .filter(Column::IdleExpiresAt.gt(now.as_millis()))
            .exec(&transaction)
            .await?;
        if used.rows_affected != 1 {
            transaction.rollback().await?;
            return Ok(false);
        }
        insert(issued, &transaction).await?;
        commit(transaction).await?;
        Ok(true)
    }
}

/// One statement for all that can revoke a token: itself, its family, its client.
fn active(id: &str) -> Select<access_token::Entity> {
    use access_token::{Column, Entity};

    let of_grant = Entity::belongs_to(grant::Entity)
        .from(Column::GrantId)
        .to(grant::Column::Id)
        .into();
    let of_client = Entity::belongs_to(client::Entity)
        .from(Column::ClientId)
        .to(client::Column::Id)
        .into();
    let family_counts = Condition::any().add(Column::GrantId.is_null()).add(
        Condition::all()
            .add(grant::Column::Id.is_not_null())
            .add(grant::Column::RevokedAt.is_null()),
    );
    Entity::find_by_id(id)
        .join(JoinType::LeftJoin, of_grant)
        .join(JoinType::InnerJoin, of_client)
        .filter(Column::RevokedAt.is_null())
        .filter(client::Column::DisabledAt.is_null())
        .filter(family_counts)
}
