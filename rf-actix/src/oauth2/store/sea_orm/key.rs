//! Keys.

use async_trait::async_trait;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::row;
use super::write::{SeaOrmStore, again, is_duplicate};
use crate::oauth2::entity::access_token;
use crate::oauth2::entity::signing_key::{Column, Entity};
use crate::oauth2::model::{SigningKey, Timestamp};
use crate::oauth2::store::{KeyStore, StoreError};

#[async_trait]
impl KeyStore for SeaOrmStore {
    async fn keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        again(|| async {
            let rows = Entity::find()
                .order_by_asc(Column::ActiveFrom)
                .order_by_asc(Column::Generation)
                .all(&self.db)
                .await?;
            // What a newer version keeps beside them is none of ours.
            Ok(rows.into_iter().filter_map(row::to_key).collect())
        })
        .await
    }

    async fn insert_key(&self, key: &SigningKey) -> Result<(), StoreError> {
        again(|| async {
            match Entity::insert(row::from_key(key))
                .exec_without_returning(&self.db)
                .await
            {
                Err(error) if is_duplicate(&error) => Ok(()),
                other => other.map(drop),
            }
        })
        .await
    }

    async fn seal_key(&self, sealed: &SigningKey, before: Option<&str>) -> Result<(), StoreError> {
        again(|| self.seal(sealed, before)).await
    }

    async fn remove_key(&self, id: &str) -> Result<(), StoreError> {
        again(|| async { Entity::delete_by_id(id).exec(&self.db).await.map(drop) }).await
    }

    async fn remove_retired_key(
        &self,
        id: &str,
        retired_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        use access_token::Column as Token;

        again(|| async {
            let counting: Option<String> = access_token::Entity::find()
                .select_only()
                .column(Token::Id)
                .filter(Token::IssuedAt.lte(retired_at.as_millis()))
                .filter(Token::ExpiresAt.gt(now.as_millis()))
                .limit(1)
                .into_tuple()
                .one(&self.db)
                .await?;
            if counting.is_none() {
                Entity::delete_by_id(id).exec(&self.db).await?;
            }
            Ok(())
        })
        .await
    }
}

impl SeaOrmStore {
    async fn seal(&self, sealed: &SigningKey, before: Option<&str>) -> Result<(), DbErr> {
        let sqlite = self.db.get_database_backend() == DbBackend::Sqlite;
        let transaction = self.begin().await?;
        if sqlite {
            // What is overwritten would stay readable in the file.
            transaction
                .execute_unprepared("PRAGMA secure_delete = ON")
                .await?;
        }
        Entity::update_many()
            .col_expr(Column::PrivateKey, Expr::value(sealed.private.to_vec()))
            .col_expr(Column::SealedBy, Expr::value(sealed.sealed_by.clone()))
            .filter(Column::Id.eq(sealed.id.as_str()))
            .filter(match before {
                Some(before) => Column::SealedBy.eq(before),
                None => Column::SealedBy.is_null(),
            })
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        if sqlite {
            // And so would what is in the log.
            self.db
                .execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)")
                .await?;
        }
        Ok(())
    }
}
