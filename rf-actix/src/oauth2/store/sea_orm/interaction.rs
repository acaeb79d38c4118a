//! Requests that wait on the consent page.

use async_trait::async_trait;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use super::row;
use super::write::{SeaOrmStore, again};
use crate::oauth2::entity::interaction::{Column, Entity};
use crate::oauth2::model::{Digest, Interaction, Timestamp};
use crate::oauth2::store::{InteractionStore, StoreError};

#[async_trait]
impl InteractionStore for SeaOrmStore {
    async fn insert_interaction(&self, interaction: &Interaction) -> Result<(), StoreError> {
        again(|| async {
            Entity::insert(row::from_interaction(interaction))
                .exec_without_returning(&self.db)
                .await
                .map(drop)
        })
        .await
    }

    async fn take_interaction(
        &self,
        ticket_hash: &Digest,
        session_hash: &Digest,
        now: Timestamp,
    ) -> Result<Option<Interaction>, StoreError> {
        again(|| self.take_once(ticket_hash, session_hash, now)).await
    }
}

impl SeaOrmStore {
    async fn take_once(
        &self,
        ticket_hash: &Digest,
        session_hash: &Digest,
        now: Timestamp,
    ) -> Result<Option<Interaction>, DbErr> {
        // The row never changes but for this, so that reading it first is safe.
        let Some(found) = Entity::find_by_id(ticket_hash.as_str())
            .one(&self.db)
            .await?
        else {
            return Ok(None);
        };
        let taken = Entity::update_many()
            .col_expr(Column::ConsumedAt, Expr::value(now.as_millis()))
            .filter(Column::TicketHash.eq(ticket_hash.as_str()))
            .filter(Column::SessionHash.eq(session_hash.as_str()))
            .filter(Column::ConsumedAt.is_null())
            .filter(Column::ExpiresAt.gt(now.as_millis()))
            .exec(&self.db)
            .await?;
        if taken.rows_affected != 1 {
            return Ok(None);
        }
        row::to_interaction(found).map(Some)
    }
}
