//! Clients and their secrets.

use async_trait::async_trait;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::row;
use super::write::{SeaOrmStore, again};
use crate::oauth2::entity::{access_token, client, client_secret, grant};
use crate::oauth2::model::{ClientId, RegisteredClient, Timestamp};
use crate::oauth2::store::{ClientStore, StoreError};

#[async_trait]
impl ClientStore for SeaOrmStore {
    async fn client(&self, id: &ClientId) -> Result<Option<RegisteredClient>, StoreError> {
        // Nobody is called so, and PostgreSQL fails on text that holds a NUL.
        if !id.is_well_formed() {
            return Ok(None);
        }
        again(|| self.find_client(id)).await
    }

    async fn save_client(
        &self,
        client: &RegisteredClient,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        again(|| self.replace_client(client, now)).await
    }

    async fn clients_from_settings(&self) -> Result<Vec<ClientId>, StoreError> {
        again(|| async {
            let ids: Vec<String> = client::Entity::find()
                .select_only()
                .column(client::Column::Id)
                .filter(client::Column::FromSettings.eq(true))
                .into_tuple()
                .all(&self.db)
                .await?;
            Ok(ids.into_iter().map(ClientId::from).collect())
        })
        .await
    }

    async fn disable_client(&self, id: &ClientId, now: Timestamp) -> Result<(), StoreError> {
        again(|| self.end_client(id, now)).await
    }

    async fn origin_is_registered(&self, origin: &str) -> Result<bool, StoreError> {
        // Found by LIKE, decided by comparison: `_` and `%` match more than they should.
        let quoted = format!("\"{origin}\"");
        if quoted.len() > 300 || !origin.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(false);
        }
        again(|| async {
            let lists: Vec<String> = client::Entity::find()
                .select_only()
                .column(client::Column::AllowedOrigins)
                .filter(client::Column::DisabledAt.is_null())
                .filter(client::Column::AllowedOrigins.contains(&quoted))
                .into_tuple()
                .all(&self.db)
                .await?;
            Ok(lists.iter().any(|list| list.contains(&quoted)))
        })
        .await
    }
}

impl SeaOrmStore {
    /// Revokes what the client holds as well, so that nothing of it comes back when it is registered again.
    async fn end_client(&self, id: &ClientId, now: Timestamp) -> Result<(), DbErr> {
        let (id, now) = (id.as_str(), now.as_millis());
        let transaction = self.begin().await?;
        client::Entity::update_many()
            .col_expr(client::Column::DisabledAt, Expr::value(now))
            .col_expr(client::Column::UpdatedAt, Expr::value(now))
            .filter(client::Column::Id.eq(id))
            .filter(client::Column::DisabledAt.is_null())
            .exec(&transaction)
            .await?;
        grant::Entity::update_many()
            .col_expr(grant::Column::RevokedAt, Expr::value(now))
            .filter(grant::Column::ClientId.eq(id))
            .filter(grant::Column::RevokedAt.is_null())
            .exec(&transaction)
            .await?;
        // Those of the client itself have no grant to die with.
        access_token::Entity::update_many()
            .col_expr(access_token::Column::RevokedAt, Expr::value(now))
            .filter(access_token::Column::ClientId.eq(id))
            .filter(access_token::Column::RevokedAt.is_null())
            .exec(&transaction)
            .await?;
        transaction.commit().await
    }

    async fn find_client(&self, id: &ClientId) -> Result<Option<RegisteredClient>, DbErr> {
        let Some(found) = client::Entity::find_by_id(id.as_str())
            .one(&self.db)
            .await?
        else {
            return Ok(None);
        };
        let hashes = client_secret::Entity::find()
            .select_only()
            .column(client_secret::Column::Hash)
            .filter(client_secret::Column::ClientId.eq(id.as_str()))
            .order_by_desc(client_secret::Column::CreatedAt)
            .into_tuple()
            .all(&self.db)
            .await?;
        row::to_client(found, hashes).map(Some)
    }

    async fn replace_client(&self, client: &RegisteredClient, now: Timestamp) -> Result<(), DbErr> {
        use client::Column;

        let id = client.client.id.as_str();
        let in_place = OnConflict::column(Column::Id)
            .update_columns([
                Column::Name,
                Column::Grants,
                Column::RedirectUris,
                Column::Scopes,
                Column::AllowedOrigins,
                Column::AuthMethod,
                Column::FirstParty,
                Column::FromSettings,
                Column::DisabledAt,
                Column::UpdatedAt,
            ])
            .to_owned();
        let transaction = self.begin().await?;
        client::Entity::insert(row::from_client(client, now))
            .on_conflict(in_place)
            .exec_without_returning(&transaction)
            .await?;
        client_secret::Entity::delete_many()
            .filter(client_secret::Column::ClientId.eq(id))
            .exec(&transaction)
            .await?;
        for hash in &client.secret_hashes {
            let secret = client_secret::ActiveModel {
                id: Set(uuid::Uuid::now_v7().to_string()),
                client_id: Set(id.to_owned()),
                hash: Set(hash.clone()),
                created_at: Set(now.as_millis()),
            };
            client_secret::Entity::insert(secret)
                .exec_without_returning(&transaction)
                .await?;
        }
        transaction.commit().await
    }
}
