//! Clients with lifetimes and defaults of their own, and secrets that end.

use sea_orm_migration::prelude::{
    ColumnDef, DbErr, MigrationName, MigrationTrait, SchemaManager, Table, async_trait,
};

use super::column::{text_or_null, time_or_null};

pub(super) struct Clients;

impl MigrationName for Clients {
    fn name(&self) -> &str {
        "m0002_clients"
    }
}

const CLIENTS: &str = "oauth_clients";
const SECRETS: &str = "oauth_client_secrets";

fn columns(on: &SchemaManager<'_>) -> Vec<(&'static str, &'static str, ColumnDef)> {
    vec![
        (
            CLIENTS,
            "default_scopes",
            text_or_null(on, "default_scopes"),
        ),
        // Milliseconds, as all lengths of time.
        (
            CLIENTS,
            "access_token_ttl",
            time_or_null("access_token_ttl"),
        ),
        (
            CLIENTS,
            "refresh_token_ttl",
            time_or_null("refresh_token_ttl"),
        ),
        (SECRETS, "expires_at", time_or_null("expires_at")),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Clients {
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
        Ok(())
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
