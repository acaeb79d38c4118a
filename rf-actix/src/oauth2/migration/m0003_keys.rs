//! Keys that rotate and may be encrypted, and access tokens that are not JWTs.

use sea_orm_migration::prelude::{
    Alias, ColumnDef, DbErr, Expr, ExprTrait, MigrationName, MigrationTrait, Query, SchemaManager,
    Table, async_trait,
};
use sea_orm_migration::sea_orm::DbBackend;

use super::column::{exact, exact_or_null, text_or_null, time_or_null};

pub(super) struct Keys;

impl MigrationName for Keys {
    fn name(&self) -> &str {
        "m0003_keys"
    }
}

const KEYS: &str = "oauth_signing_keys";
const TOKENS: &str = "oauth_access_tokens";

fn columns(on: &SchemaManager<'_>) -> Vec<(&'static str, &'static str, ColumnDef)> {
    let mut active_from = time_or_null("active_from");
    active_from.not_null().default(0);
    vec![
        (KEYS, "sealed_by", exact_or_null(on, "sealed_by", 32)),
        (KEYS, "active_from", active_from),
        (TOKENS, "extra", text_or_null(on, "extra")),
    ]
}

/// Columns that must hold more than they were made for; SQLite does not mind the length.
fn wider(on: &SchemaManager<'_>) -> Vec<(&'static str, ColumnDef)> {
    let mut private = ColumnDef::new("private_key");
    private.var_binary(4096).not_null();
    let mut wider = vec![(TOKENS, exact(on, "id", 64))];
    if on.get_database_backend() == DbBackend::MySql {
        wider.push((KEYS, private));
    }
    wider
}

#[async_trait::async_trait]
impl MigrationTrait for Keys {
    // Every step may have been done already: MySQL has no transactions round DDL, and two instances may start
    // at once. SQLite adds one column a statement.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, name, mut column) in columns(manager) {
            if !manager.has_column(table, name).await? {
                let alter = Table::alter()
                    .table(table)
                    .add_column(&mut column)
                    .to_owned();
                manager.alter_table(alter).await?;
            }
        }
        if manager.get_database_backend() != DbBackend::Sqlite {
            for (table, mut column) in wider(manager) {
                let alter = Table::alter()
                    .table(table)
                    .modify_column(&mut column)
                    .to_owned();
                manager.alter_table(alter).await?;
            }
        }
        // Those that are there have signed since they were made.
        let active = Query::update()
            .table(KEYS)
            .value("active_from", Expr::col(Alias::new("created_at")))
            .and_where(Expr::col(Alias::new("active_from")).eq(0))
            .to_owned();
        manager.execute(active).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, name, _) in columns(manager) {
            if manager.has_column(table, name).await? {
                let alter = Table::alter().table(table).drop_column(name).to_owned();
                manager.alter_table(alter).await?;
            }
        }
        Ok(())
    }
}
