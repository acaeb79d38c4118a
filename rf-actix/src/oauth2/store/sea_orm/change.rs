//! What requests change, many of them in one transaction.
//!
//! A code or a refresh token is used up by one conditional UPDATE, the first statement of the transaction, which must
//! find the row unused: of all who try, on all instances, exactly one finds it so. For many there is one UPDATE, and
//! the number of rows tells whether all of them were first. Only when some were and some were not does each have a
//! statement of its own.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction,
    DbBackend, DbErr, EntityTrait, QueryFilter, UpdateMany,
};

use super::group::Together;
use super::row;
use super::write::{attempts, begin, commit, is_duplicate, is_refused};
use crate::oauth2::entity::{access_token, authorization_code, grant, refresh_token};
use crate::oauth2::model::{
    AccessTokenRecord, AuthorizationCode, Digest, Grant, RefreshTokenRecord, Timestamp,
};
use crate::oauth2::store::{Issued, StoreError};

/// Rows of one statement. Each number of rows is a statement of its own, and connections remember a hundred.
const ROWS: usize = 32;

/// What one request changes, all or nothing.
#[derive(Default)]
pub(super) struct Change {
    /// What must be there and unused for it.
    pub(super) claim: Option<Claim>,
    pub(super) grant: Option<Grant>,
    pub(super) code: Option<AuthorizationCode>,
    pub(super) access: Option<AccessTokenRecord>,
    pub(super) refresh: Option<RefreshTokenRecord>,
}

/// What counts once, or only as long as it is unused.
pub(super) struct Claim {
    pub(super) hash: Digest,
    pub(super) now: Timestamp,
    pub(super) way: Way,
}

#[derive(PartialEq, Eq, Clone, Copy)]
pub(super) enum Way {
    /// A code is used up.
    Redeem,
    /// A refresh token is used up.
    Rotate,
    /// A refresh token that stays is kept from idling until then.
    Touch(Timestamp),
}

impl Change {
    pub(super) fn issued(issued: &Issued) -> Self {
        Self {
            access: Some(issued.access.clone()),
            refresh: issued.refresh.clone(),
            ..Self::default()
        }
    }

    pub(super) fn claiming(self, claim: Claim) -> Self {
        Self {
            claim: Some(claim),
            ..self
        }
    }
}

impl Together for Change {
    /// Whether the claim, if there was one, was good. Nothing was changed when it was not.
    type Answer = bool;

    fn most(backend: DbBackend) -> usize {
        match backend {
            DbBackend::Sqlite => 2 * ROWS,
            _ => ROWS,
        }
    }

    fn at_once(backend: DbBackend) -> usize {
        match backend {
            // It has one writer, and each commit its own wait for the disk.
            DbBackend::Sqlite => 1,
            // A server lets those who commit at the same time share that wait.
            _ => 4,
        }
    }

    async fn answer(db: &DatabaseConnection, all: Vec<Self>) -> Vec<Result<bool, StoreError>> {
        match attempts(|| together(db, &all)).await {
            Ok(won) => won.into_iter().map(Ok).collect(),
            // One of them may be what the database refuses; the others are no worse for it.
            Err(error) if all.len() > 1 && is_refused(&error) => {
                let mut answers = Vec::with_capacity(all.len());
                for one in &all {
                    answers.push(alone(db, one).await);
                }
                answers
            }
            Err(error) => vec![Err(StoreError::new(error)); all.len()],
        }
    }
}

async fn alone(db: &DatabaseConnection, change: &Change) -> Result<bool, StoreError> {
    let done = attempts(|| together(db, std::slice::from_ref(change))).await;
    match done {
        // The connection was lost after the commit, and this is a second attempt: no two rows have one name.
        Err(error) if change.claim.is_none() && is_duplicate(&error) => Ok(true),
        Err(error) => Err(StoreError::new(error)),
        Ok(won) => Ok(won.first().is_some_and(|won| *won)),
    }
}

/// Makes the changes in one transaction, and says whose claims were good.
async fn together(db: &DatabaseConnection, changes: &[Change]) -> Result<Vec<bool>, DbErr> {
    if changes.iter().all(|change| change.claim.is_none()) {
        let rows = Rows::of(changes.iter());
        if rows.is_one_statement() {
            rows.insert(db).await?;
        } else {
            let transaction = begin(db).await?;
            rows.insert(&transaction).await?;
            commit(transaction).await?;
        }
        return Ok(vec![true; changes.len()]);
    }
    let transaction = begin(db).await?;
    let (transaction, won) = match claim_at_once(&transaction, changes).await? {
        Some(won) => (transaction, won),
        None => {
            transaction.rollback().await?;
            let transaction = begin(db).await?;
            let won = claim_singly(&transaction, changes).await?;
            (transaction, won)
        }
    };
    if !won.contains(&true) {
        transaction.rollback().await?;
        return Ok(won);
    }
    let winners = changes.iter().zip(&won).filter(|(_, won)| **won);
    Rows::of(winners.map(|(change, _)| change))
        .insert(&transaction)
        .await?;
    commit(transaction).await?;
    Ok(won)
}

/// One UPDATE for all codes and one for all refresh tokens. `None`, to be rolled back, when some of them were good
/// and nobody knows which.
async fn claim_at_once(
    on: &DatabaseTransaction,
    changes: &[Change],
) -> Result<Option<Vec<bool>>, DbErr> {
    let sorted = sorted(changes);
    let mut won = vec![true; changes.len()];
    for way in [Way::Redeem, Way::Rotate] {
        let claims = || sorted.iter().filter(|(_, claim)| claim.way == way);
        let Some(now) = claims().map(|(_, claim)| claim.now).max() else {
            continue;
        };
        let mut hashes: Vec<&str> = Vec::new();
        for (at, claim) in claims() {
            // Who comes second here would come second in the database.
            won[*at] = hashes.last() != Some(&claim.hash.as_str());
            if won[*at] {
                hashes.push(claim.hash.as_str());
            }
        }
        let many = hashes.len() as u64;
        let used = match way {
            Way::Redeem => redeem(&padded(hashes), now).exec(on).await?,
            _ => rotate(&padded(hashes), now).exec(on).await?,
        };
        match used.rows_affected {
            all if all == many => {}
            0 => claims().for_each(|(at, _)| won[*at] = false),
            _ => return Ok(None),
        }
    }
    for (at, claim) in sorted {
        if let Way::Touch(_) = claim.way {
            won[at] = claim.is_good(on).await?;
        }
    }
    Ok(Some(won))
}

async fn claim_singly(on: &DatabaseTransaction, changes: &[Change]) -> Result<Vec<bool>, DbErr> {
    let mut won = vec![true; changes.len()];
    for (at, claim) in sorted(changes) {
        won[at] = claim.is_good(on).await?;
    }
    Ok(won)
}

/// The claims and whose they are, in one order everywhere, so that two groups do not wait for each other's rows.
fn sorted(changes: &[Change]) -> Vec<(usize, &Claim)> {
    let claims = changes.iter().enumerate();
    let mut claims: Vec<_> = claims
        .filter_map(|(at, change)| Some((at, change.claim.as_ref()?)))
        .collect();
    // Of those who claim the same, the first to ask stays the first.
    claims.sort_by_key(|(_, claim)| claim.hash.as_str());
    claims
}

impl Claim {
    async fn is_good(&self, on: &DatabaseTransaction) -> Result<bool, DbErr> {
        let hash = [self.hash.as_str()];
        let used = match self.way {
            Way::Redeem => redeem(&hash, self.now).exec(on).await?,
            Way::Rotate => rotate(&hash, self.now).exec(on).await?,
            Way::Touch(until) => touch(&hash, self.now, until).exec(on).await?,
        };
        Ok(used.rows_affected == 1)
    }
}

fn redeem(hashes: &[&str], now: Timestamp) -> UpdateMany<authorization_code::Entity> {
    use authorization_code::{Column, Entity};

    Entity::update_many()
        .col_expr(Column::ConsumedAt, Expr::value(now.as_millis()))
        .filter(Column::Hash.is_in(hashes.iter().copied()))
        .filter(Column::ConsumedAt.is_null())
        .filter(Column::ExpiresAt.gt(now.as_millis()))
}

fn rotate(hashes: &[&str], now: Timestamp) -> UpdateMany<refresh_token::Entity> {
    let column = refresh_token::Column::ConsumedAt;
    live(hashes, now).col_expr(column, Expr::value(now.as_millis()))
}

fn touch(hashes: &[&str], now: Timestamp, until: Timestamp) -> UpdateMany<refresh_token::Entity> {
    let column = refresh_token::Column::IdleExpiresAt;
    live(hashes, now).col_expr(column, Expr::value(until.as_millis()))
}

fn live(hashes: &[&str], now: Timestamp) -> UpdateMany<refresh_token::Entity> {
    use refresh_token::{Column, Entity};

    Entity::update_many()
        .filter(Column::Hash.is_in(hashes.iter().copied()))
        .filter(Column::ConsumedAt.is_null())
        .filter(Column::ExpiresAt.gt(now.as_millis()))
        .filter(Column::IdleExpiresAt.gt(now.as_millis()))
}

/// The last one again, up to the next power of two: fewer different statements to be remembered.
pub(super) fn padded<K: Copy>(keys: impl IntoIterator<Item = K>) -> Vec<K> {
    let mut keys: Vec<K> = keys.into_iter().collect();
    if let Some(last) = keys.last().copied() {
        keys.resize(keys.len().next_power_of_two(), last);
    }
    keys
}

/// What is added, by table.
#[derive(Default)]
struct Rows {
    grants: Vec<grant::ActiveModel>,
    codes: Vec<authorization_code::ActiveModel>,
    access: Vec<access_token::ActiveModel>,
    refresh: Vec<refresh_token::ActiveModel>,
}

impl Rows {
    fn of<'a>(changes: impl Iterator<Item = &'a Change>) -> Self {
        let mut rows = Self::default();
        for change in changes {
            rows.grants
                .extend(change.grant.as_ref().map(row::from_grant));
            rows.codes.extend(change.code.as_ref().map(row::from_code));
            (rows.access).extend(change.access.as_ref().map(row::from_access_token));
            (rows.refresh).extend(change.refresh.as_ref().map(row::from_refresh_token));
        }
        rows
    }

    fn is_one_statement(&self) -> bool {
        let tables = [
            self.grants.len(),
            self.codes.len(),
            self.access.len(),
            self.refresh.len(),
        ];
        let statements: usize = tables.iter().map(|rows| rows.div_ceil(ROWS)).sum();
        statements <= 1
    }

    async fn insert(self, on: &impl ConnectionTrait) -> Result<(), DbErr> {
        insert(self.grants, on).await?;
        insert(self.codes, on).await?;
        insert(self.access, on).await?;
        insert(self.refresh, on).await
    }
}

async fn insert<A: ActiveModelTrait>(
    mut rows: Vec<A>,
    on: &impl ConnectionTrait,
) -> Result<(), DbErr> {
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(ROWS));
        <A::Entity as EntityTrait>::insert_many(rows)
            .exec_without_returning(on)
            .await?;
        rows = rest;
    }
    Ok(())
}
