//! Clients and their secrets.

use async_trait::async_trait;
use sea_orm::sea_query::{Expr, LikeExpr, OnConflict};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use url::Url;

use super::row;
use super::write::{SeaOrmStore, again};
use crate::oauth2::entity::{access_token, client, client_secret, consent, grant};
use crate::oauth2::model::{Client, ClientId, RegisteredClient, StoredSecret, Timestamp};
use crate::oauth2::store::{ClientStore, StoreError};

/// More would be too many for one statement on some database.
const MAX_PAGE: u64 = 500;

/// Longer than any host.
const MAX_ORIGIN: usize = 300;

#[async_trait]
impl ClientStore for SeaOrmStore {
    async fn client(&self, id: &ClientId) -> Result<Option<RegisteredClient>, StoreError> {
        // Nobody is called so, and PostgreSQL fails on text that holds a NUL.
        if !id.is_well_formed() {
            return Ok(None);
        }
        again(|| self.find_client(id)).await
    }

    async fn clients(
        &self,
        after: Option<&ClientId>,
        limit: u64,
    ) -> Result<Vec<RegisteredClient>, StoreError> {
        again(|| self.page_of_clients(after, limit.clamp(1, MAX_PAGE))).await
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

    async fn update_client(&self, client: &Client, now: Timestamp) -> Result<bool, StoreError> {
        again(|| async {
            let changed = client::Entity::update_many()
                .set(row::changed_client(client, now))
                .filter(client::Column::Id.eq(client.id.as_str()))
                .exec(&self.db)
                .await?;
            Ok(changed.rows_affected > 0)
        })
        .await
    }

    async fn add_secret(
        &self,
        id: &ClientId,
        secret: &StoredSecret,
        old_ends: Timestamp,
    ) -> Result<bool, StoreError> {
        again(|| self.rotate_secret(id, secret, old_ends)).await
    }

    async fn remove_secret(
        &self,
        id: &ClientId,
        secret: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        again(|| self.retire_secret(id, secret, now)).await
    }

    async fn disable_client(&self, id: &ClientId, now: Timestamp) -> Result<bool, StoreError> {
        again(|| self.end_client(id, now, End::Disabled)).await
    }

    async fn drop_from_settings(&self, id: &ClientId, now: Timestamp) -> Result<bool, StoreError> {
        again(|| self.end_client(id, now, End::Dropped)).await
    }

    async fn enable_client(&self, id: &ClientId, now: Timestamp) -> Result<bool, StoreError> {
        again(|| self.let_go_on(id, now)).await
    }

    async fn delete_client(&self, id: &ClientId, now: Timestamp) -> Result<bool, StoreError> {
        again(|| self.end_client(id, now, End::Deleted)).await
    }

    async fn origin_is_registered(&self, origin: &str) -> Result<bool, StoreError> {
        // Anybody may send anything: what could not be registered is not asked for, and is no pattern.
        let could_be = origin.len() <= MAX_ORIGIN
            && Url::parse(origin).is_ok_and(|url| url.origin().ascii_serialization() == origin);
        if !could_be {
            return Ok(false);
        }
        let quoted = format!("\"{origin}\"");
        let pattern = LikeExpr::new(format!("%{}%", literal(&quoted))).escape(ESCAPE);
        again(|| async {
            let lists: Vec<String> = client::Entity::find()
                .select_only()
                .column(client::Column::AllowedOrigins)
                .filter(client::Column::DisabledAt.is_null())
                .filter(client::Column::AllowedOrigins.like(pattern.clone()))
                .into_tuple()
                .all(&self.db)
                .await?;
            Ok(lists.iter().any(|list| list.contains(&quoted)))
        })
        .await
    }
}

/// Makes characters of a pattern stand for themselves. A backslash would be one more thing to escape on MySQL.
const ESCAPE: char = '!';

fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, ESCAPE | '%' | '_') {
            literal.push(ESCAPE);
        }
        literal.push(character);
    }
    literal
}

/// How a client ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Disabled,
    /// Disabled, since the settings name it no more.
    Dropped,
    Deleted,
}

impl SeaOrmStore {
    /// Revokes what the client holds as well, so that nothing of it comes back when it is registered again.
    async fn end_client(
        &self,
        client_id: &ClientId,
        now: Timestamp,
        end: End,
    ) -> Result<bool, DbErr> {
        let (id, now) = (client_id.as_str(), now.as_millis());
        let transaction = self.begin().await?;
        let found = if end == End::Deleted {
            consent::Entity::delete_many()
                .filter(consent::Column::ClientId.eq(id))
                .exec(&transaction)
                .await?;
            client_secret::Entity::delete_many()
                .filter(client_secret::Column::ClientId.eq(id))
                .exec(&transaction)
                .await?;
            let gone = client::Entity::delete_by_id(id).exec(&transaction).await?;
            gone.rows_affected > 0
        } else {
            client::Entity::update_many()
                .col_expr(client::Column::DisabledAt, Expr::value(now))
                .filter(client::Column::Id.eq(id))
                .filter(client::Column::DisabledAt.is_null())
                .exec(&transaction)
                .await?;
            if end == End::Dropped {
                client::Entity::update_many()
                    .col_expr(client::Column::FromSettings, Expr::value(false))
                    .filter(client::Column::Id.eq(id))
                    .exec(&transaction)
                    .await?;
            }
            touch(client_id, now, &transaction).await?
        };
        revoke_all(client_id, now, &transaction).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Another instance may have missed for some seconds that the client was disabled: what it issued is revoked now.
    async fn let_go_on(&self, id: &ClientId, now: Timestamp) -> Result<bool, DbErr> {
        let transaction = self.begin().await?;
        let enabled = client::Entity::update_many()
            .col_expr(client::Column::DisabledAt, Expr::value(None::<i64>))
            .filter(client::Column::Id.eq(id.as_str()))
            .filter(client::Column::DisabledAt.is_not_null())
            .exec(&transaction)
            .await?;
        if enabled.rows_affected > 0 {
            revoke_all(id, now.as_millis(), &transaction).await?;
        }
        let found = touch(id, now.as_millis(), &transaction).await?;
        transaction.commit().await?;
        Ok(found)
    }

    async fn find_client(&self, id: &ClientId) -> Result<Option<RegisteredClient>, DbErr> {
        let Some(found) = client::Entity::find_by_id(id.as_str())
            .one(&self.db)
            .await?
        else {
            return Ok(None);
        };
        let secrets = client_secret::Entity::find()
            .filter(client_secret::Column::ClientId.eq(id.as_str()))
            .order_by_desc(client_secret::Column::CreatedAt)
            .order_by_desc(client_secret::Column::Id)
            .all(&self.db)
            .await?;
        row::to_client(found, secrets.into_iter().map(row::to_secret).collect()).map(Some)
    }

    async fn page_of_clients(
        &self,
        after: Option<&ClientId>,
        limit: u64,
    ) -> Result<Vec<RegisteredClient>, DbErr> {
        let mut page = client::Entity::find()
            .order_by_asc(client::Column::Id)
            .limit(limit);
        if let Some(after) = after {
            page = page.filter(client::Column::Id.gt(after.as_str()));
        }
        let found = page.all(&self.db).await?;
        let secrets = client_secret::Entity::find()
            .filter(client_secret::Column::ClientId.is_in(found.iter().map(|it| it.id.as_str())))
            .order_by_desc(client_secret::Column::CreatedAt)
            .order_by_desc(client_secret::Column::Id)
            .all(&self.db)
            .await?;
        let clients = found.into_iter().map(|client| {
            let own = secrets
                .iter()
                .filter(|secret| secret.client_id == client.id);
            let own = own.cloned().map(row::to_secret).collect();
            row::to_client(client, own)
        });
        clients.collect()
    }

    async fn rotate_secret(
        &self,
        id: &ClientId,
        secret: &StoredSecret,
        old_ends: Timestamp,
    ) -> Result<bool, DbErr> {
        use client_secret::{Column, Entity};

        let transaction = self.begin().await?;
        // The client's row first, so that of two rotations one waits for the other.
        if !touch(id, secret.created_at.as_millis(), &transaction).await? {
            transaction.rollback().await?;
            return Ok(false);
        }
        let newest = Entity::find()
            .filter(Column::ClientId.eq(id.as_str()))
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .one(&transaction)
            .await?;
        let kept = newest.filter(|_| secret.created_at < old_ends);
        let kept_id = kept.as_ref().map_or("", |kept| &kept.id);
        Entity::delete_many()
            .filter(Column::ClientId.eq(id.as_str()))
            .filter(Column::Id.ne(kept_id))
            .exec(&transaction)
            .await?;
        if let Some(kept) = &kept {
            let end = old_ends.as_millis();
            let end = kept.expires_at.map_or(end, |before| before.min(end));
            Entity::update_many()
                .col_expr(Column::ExpiresAt, Expr::value(end))
                .filter(Column::Id.eq(&kept.id))
                .exec(&transaction)
                .await?;
        }
        Entity::insert(row::from_secret(id, secret))
            .exec_without_returning(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn retire_secret(
        &self,
        id: &ClientId,
        secret: &str,
        now: Timestamp,
    ) -> Result<bool, DbErr> {
        use client_secret::{Column, Entity};

        let transaction = self.begin().await?;
        // The client's row first, so that of two removals one waits for the other, and the last secret stays.
        touch(id, now.as_millis(), &transaction).await?;
        let secrets = Entity::find()
            .filter(Column::ClientId.eq(id.as_str()))
            .all(&transaction)
            .await?;
        let stays = (secrets.iter())
            .any(|it| it.id != secret && it.expires_at.is_none_or(|end| now.as_millis() < end));
        if !stays || !secrets.iter().any(|it| it.id == secret) {
            transaction.rollback().await?;
            return Ok(false);
        }
        Entity::delete_by_id(secret).exec(&transaction).await?;
        transaction.commit().await?;
        Ok(true)
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
                Column::DefaultScopes,
                Column::AllowedOrigins,
                Column::AuthMethod,
                Column::AccessTokenTtl,
                Column::RefreshTokenTtl,
                Column::FirstParty,
                Column::FromSettings,
                Column::DisabledAt,
                Column::UpdatedAt,
            ])
            .to_owned();
        let transaction = self.begin().await?;
        let counted = client::Entity::update_many()
            .col_expr(Column::UpdatedAt, Expr::value(now.as_millis()))
            .filter(Column::Id.eq(id))
            .filter(Column::DisabledAt.is_null())
            .exec(&transaction)
            .await?;
        // One that was disabled or deleted: another instance may have missed it for some seconds.
        if counted.rows_affected == 0 {
            revoke_all(&client.client.id, now.as_millis(), &transaction).await?;
        }
        client::Entity::insert(row::from_client(client, now))
            .on_conflict(in_place)
            .exec_without_returning(&transaction)
            .await?;
        client_secret::Entity::delete_many()
            .filter(client_secret::Column::ClientId.eq(id))
            .exec(&transaction)
            .await?;
        for secret in &client.secrets {
            client_secret::Entity::insert(row::from_secret(&client.client.id, secret))
                .exec_without_returning(&transaction)
                .await?;
        }
        transaction.commit().await
    }
}

/// Notes a change of a client, which locks its row until the transaction ends; `false` when there is none.
async fn touch(id: &ClientId, now: i64, transaction: &DatabaseTransaction) -> Result<bool, DbErr> {
    let touched = client::Entity::update_many()
        .col_expr(client::Column::UpdatedAt, Expr::value(now))
        .filter(client::Column::Id.eq(id.as_str()))
        .exec(transaction)
        .await?;
    Ok(touched.rows_affected > 0)
}

/// Revokes what a client holds.
async fn revoke_all(
    client: &ClientId,
    now: i64,
    transaction: &DatabaseTransaction,
) -> Result<(), DbErr> {
    grant::Entity::update_many()
        .col_expr(grant::Column::RevokedAt, Expr::value(now))
        .filter(grant::Column::ClientId.eq(client.as_str()))
        .filter(grant::Column::RevokedAt.is_null())
        .exec(transaction)
        .await?;
    // Those of the client itself have no grant to die with.
    access_token::Entity::update_many()
        .col_expr(access_token::Column::RevokedAt, Expr::value(now))
        .filter(access_token::Column::ClientId.eq(client.as_str()))
        .filter(access_token::Column::RevokedAt.is_null())
        .exec(transaction)
        .await
        .map(drop)
}
