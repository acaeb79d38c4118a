//! Keys.

use async_trait::async_trait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::row;
use super::write::{SeaOrmStore, again, is_duplicate};
use crate::oauth2::entity::signing_key::{Column, Entity};
use crate::oauth2::model::{KeyPurpose, SigningKey};
use crate::oauth2::store::{KeyStore, StoreError};

#[async_trait]
impl KeyStore for SeaOrmStore {
    async fn keys(&self, purpose: KeyPurpose) -> Result<Vec<SigningKey>, StoreError> {
        again(|| async {
            let rows = Entity::find()
                .filter(Column::Purpose.eq(purpose.as_str()))
                .order_by_asc(Column::Generation)
                .all(&self.db)
                .await?;
            Ok(rows
                .into_iter()
                .map(|key| row::to_key(key, purpose))
                .collect())
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
}
