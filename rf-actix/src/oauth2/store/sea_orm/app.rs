//! What people have allowed.

use async_trait::async_trait;
use sea_orm::sea_query::{Expr, ExprTrait, Func, SimpleExpr};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, IntoSimpleExpr, QueryFilter, QuerySelect};

use super::row::scopes;
use super::write::{SeaOrmStore, again};
use crate::oauth2::entity::{consent, grant};
use crate::oauth2::model::{Subject, Timestamp};
use crate::oauth2::store::{Allowed, AppStore, StoreError};

/// A client, what it holds, and since when.
type Row = (String, String, i64);

#[async_trait]
impl AppStore for SeaOrmStore {
    async fn allowed_by(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<Allowed>, StoreError> {
        again(|| async {
            use {consent::Column as Consent, grant::Column as Grant};
            let consents: Vec<Row> = consent::Entity::find()
                .select_only()
                .columns([Consent::ClientId, Consent::Scope, Consent::UpdatedAt])
                .filter(is(Consent::Subject, subject))
                .into_tuple()
                .all(&self.db)
                .await?;
            // Every sign-in makes a grant: of those that hold the same, one row comes.
            let grants: Vec<Row> = grant::Entity::find()
                .select_only()
                .columns([Grant::ClientId, Grant::Scope])
                .column_as(Grant::CreatedAt.min(), "since")
                .filter(is(Grant::Subject, subject))
                .filter(Grant::RevokedAt.is_null())
                .filter(Grant::ExpiresAt.gt(now.as_millis()))
                .group_by(Grant::ClientId)
                .group_by(Grant::Scope)
                .into_tuple()
                .all(&self.db)
                .await?;
            let all = consents.into_iter().chain(grants);
            all.map(to_allowed).collect()
        })
        .await
    }
}

fn to_allowed((client_id, scope, since): Row) -> Result<Allowed, DbErr> {
    Ok(Allowed {
        client_id: client_id.into(),
        scope: scopes(&scope)?,
        since: Timestamp::from_millis(since),
    })
}

/// MySQL ignores spaces at the end when it compares; nobody may see another's by that.
fn is(column: impl ColumnTrait, subject: &Subject) -> SimpleExpr {
    let length = u64::try_from(subject.as_str().chars().count()).unwrap_or(u64::MAX);
    let as_long: SimpleExpr = Expr::expr(Func::char_length(column.into_simple_expr())).eq(length);
    column.eq(subject.as_str()).and(as_long)
}
