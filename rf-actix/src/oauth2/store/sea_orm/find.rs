//! What requests look up by its digest, many of them in one statement.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, DbBackend, EntityTrait, JoinType, QueryFilter,
    QuerySelect, Select,
};

use super::change::padded;
use super::group::Together;
use super::row;
use super::write::again;
use crate::oauth2::entity::{access_token, client, grant, refresh_token};
use crate::oauth2::model::{AccessTokenRecord, Digest, Grant, RefreshTokenRecord};
use crate::oauth2::store::StoreError;

/// Keys of one statement.
const MOST: usize = 32;

/// On SQLite more connections would read the same pages again; a server has cores of its own.
fn at_once(backend: DbBackend) -> usize {
    match backend {
        DbBackend::Sqlite => 1,
        _ => 4,
    }
}

/// The access token of this identifier, when it, its grant and its client still count.
pub(super) struct ActiveToken(pub(super) String);

impl Together for ActiveToken {
    type Answer = Option<AccessTokenRecord>;

    fn most(_: DbBackend) -> usize {
        MOST
    }

    fn at_once(backend: DbBackend) -> usize {
        at_once(backend)
    }

    async fn answer(
        db: &DatabaseConnection,
        all: Vec<Self>,
    ) -> Vec<Result<Self::Answer, StoreError>> {
        let ids = padded(all.iter().map(|token| token.0.as_str()));
        let found = again(|| active(&ids).all(db)).await;
        by_key(
            found,
            all.iter().map(|token| token.0.as_str()),
            |row| row.id.as_str(),
            |row| row::to_access_token(row).map_err(StoreError::new),
        )
    }
}

/// The refresh token of this digest and the grant behind it, also when they are over.
pub(super) struct RefreshToken(pub(super) Digest);

impl Together for RefreshToken {
    type Answer = Option<(RefreshTokenRecord, Grant)>;

    fn most(_: DbBackend) -> usize {
        MOST
    }

    fn at_once(backend: DbBackend) -> usize {
        at_once(backend)
    }

    async fn answer(
        db: &DatabaseConnection,
        all: Vec<Self>,
    ) -> Vec<Result<Self::Answer, StoreError>> {
        use refresh_token::{Column, Entity};

        let of_grant = || {
            Entity::belongs_to(grant::Entity)
                .from(Column::GrantId)
                .to(grant::Column::Id)
                .into()
        };
        let hashes = padded(all.iter().map(|token| token.0.as_str()));
        let found = again(|| {
            Entity::find()
                .filter(Column::Hash.is_in(hashes.iter().copied()))
                .join(JoinType::InnerJoin, of_grant())
                .select_also(grant::Entity)
                .all(db)
        })
        .await;
        by_key(
            found,
            all.iter().map(|token| token.0.as_str()),
            |(token, _)| token.hash.as_str(),
            |(token, grant)| {
                let grant =
                    grant.ok_or_else(|| StoreError::new("a join without its other side"))?;
                let grant = row::to_grant(grant).map_err(StoreError::new)?;
                Ok((row::to_refresh_token(token), grant))
            },
        )
    }
}

/// Gives each key its row, read. A row that cannot be read is the trouble of its own key.
fn by_key<'a, R: Clone, T>(
    found: Result<Vec<R>, StoreError>,
    keys: impl Iterator<Item = &'a str>,
    key: impl Fn(&R) -> &str,
    read: impl Fn(R) -> Result<T, StoreError>,
) -> Vec<Result<Option<T>, StoreError>> {
    let found = match found {
        Ok(found) => found,
        Err(error) => return keys.map(|_| Err(error.clone())).collect(),
    };
    let rows: HashMap<&str, &R> = found.iter().map(|row| (key(row), row)).collect();
    keys.map(|key| rows.get(key).map(|row| read((*row).clone())).transpose())
        .collect()
}

/// One statement for all that can revoke a token: itself, its family, its client.
fn active(ids: &[&str]) -> Select<access_token::Entity> {
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
    Entity::find()
        .filter(Column::Id.is_in(ids.iter().copied()))
        .join(JoinType::LeftJoin, of_grant)
        .join(JoinType::InnerJoin, of_client)
        .filter(Column::RevokedAt.is_null())
        .filter(client::Column::DisabledAt.is_null())
        .filter(family_counts)
}
