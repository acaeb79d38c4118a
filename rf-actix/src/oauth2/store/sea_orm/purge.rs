//! Removing what is over.

use async_trait::async_trait;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::write::{SeaOrmStore, again};
use crate::oauth2::entity::{access_token, authorization_code, grant, interaction, refresh_token};
use crate::oauth2::model::Timestamp;
use crate::oauth2::store::{Purge, StoreError};

/// More would be too many for one statement on some database.
const MAX_BATCH: u64 = 500;

macro_rules! remove {
    ($store:expr, $table:ident by $key:ident, $before:expr, $batch:expr) => {
        again(|| {
            let (key, end) = ($table::Column::$key, $table::Column::ExpiresAt);
            $store.remove::<$table::Entity>(key, end, $before, $batch)
        })
        .await?
    };
}

#[async_trait]
impl Purge for SeaOrmStore {
    async fn purge(&self, before: Timestamp, batch: u64) -> Result<u64, StoreError> {
        let batch = batch.clamp(1, MAX_BATCH);
        // Grants last: a token does not outlive its grant by a crash in between.
        Ok(remove!(self, authorization_code by Hash, before, batch)
            + remove!(self, access_token by Id, before, batch)
            + remove!(self, refresh_token by Hash, before, batch)
            + remove!(self, interaction by TicketHash, before, batch)
            + remove!(self, grant by Id, before, batch))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        again(|| async { self.db.execute_unprepared("SELECT 1").await.map(drop) }).await
    }
}

impl SeaOrmStore {
    /// Finds first and removes by key then: no database locks more than the rows that go, and two instances that
    /// find the same rows do no harm.
    async fn remove<E: EntityTrait>(
        &self,
        key: E::Column,
        end: E::Column,
        before: Timestamp,
        batch: u64,
    ) -> Result<u64, DbErr> {
        let keys: Vec<String> = E::find()
            .select_only()
            .column(key)
            .filter(end.lt(before.as_millis()))
            .limit(batch)
            .into_tuple()
            .all(&self.db)
            .await?;
        if keys.is_empty() {
            return Ok(0);
        }
        let removed = E::delete_many()
            .filter(key.is_in(keys))
            .exec(&self.db)
            .await?;
        Ok(removed.rows_affected)
    }
}
