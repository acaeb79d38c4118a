//! The first tables.
//!
//! There are no foreign keys: a family is killed by one UPDATE of its grant, rows are removed by the purge when
//! their time is over, and neither wants to lock a parent for every token.

use sea_orm_migration::prelude::{
    ColumnDef, DbErr, Index, MigrationName, MigrationTrait, SchemaManager, Table, async_trait,
};

use super::column::{exact, exact_or_null, flag, text, time, time_or_null};

/// Longest subject, in characters.
const SUBJECT: u32 = 255;
/// Longest client identifier.
const CLIENT: u32 = 128;
/// A SHA-256 in hex.
const DIGEST: u32 = 64;
/// A UUID.
const ID: u32 = 36;

pub(super) struct Initial;

impl MigrationName for Initial {
    fn name(&self) -> &str {
        "m0001_initial"
    }
}

struct TableSpec {
    name: &'static str,
    key: &'static [&'static str],
    columns: Vec<ColumnDef>,
    indexes: &'static [(&'static str, &'static [&'static str])],
}

fn tables(on: &SchemaManager<'_>) -> Vec<TableSpec> {
    vec![
        TableSpec {
            name: "oauth_clients",
            key: &["id"],
            columns: vec![
                exact(on, "id", CLIENT),
                text(on, "name"),
                text(on, "grants"),
                text(on, "redirect_uris"),
                text(on, "scopes"),
                text(on, "allowed_origins"),
                exact_or_null(on, "auth_method", 32),
                flag("first_party"),
                flag("from_settings"),
                time_or_null("disabled_at"),
                time("created_at"),
                time("updated_at"),
            ],
            indexes: &[],
        },
        TableSpec {
            name: "oauth_client_secrets",
            key: &["id"],
            columns: vec![
                exact(on, "id", ID),
                exact(on, "client_id", CLIENT),
                text(on, "hash"),
                time("created_at"),
            ],
            indexes: &[("oauth_client_secrets_client", &["client_id"])],
        },
        TableSpec {
            name: "oauth_grants",
            key: &["id"],
            columns: vec![
                exact(on, "id", ID),
                exact(on, "client_id", CLIENT),
                exact(on, "subject", SUBJECT),
                text(on, "scope"),
                time("auth_time"),
                time("created_at"),
                time("expires_at"),
                time_or_null("revoked_at"),
            ],
            indexes: &[
                ("oauth_grants_subject_client", &["subject", "client_id"]),
                ("oauth_grants_expires", &["expires_at"]),
            ],
        },
        TableSpec {
            name: "oauth_authorization_codes",
            key: &["hash"],
            columns: vec![
                exact(on, "hash", DIGEST),
                exact(on, "grant_id", ID),
                exact(on, "client_id", CLIENT),
                text(on, "redirect_uri"),
                flag("redirect_uri_sent"),
                exact_or_null(on, "code_challenge", 128),
                time("issued_at"),
                time("expires_at"),
                time_or_null("consumed_at"),
            ],
            indexes: &[
                ("oauth_authorization_codes_grant", &["grant_id"]),
                ("oauth_authorization_codes_expires", &["expires_at"]),
            ],
        },
        TableSpec {
            name: "oauth_access_tokens",
            key: &["id"],
            columns: vec![
                exact(on, "id", ID),
                exact_or_null(on, "grant_id", ID),
                exact(on, "client_id", CLIENT),
                exact_or_null(on, "subject", SUBJECT),
                text(on, "scope"),
                time("issued_at"),
                time("expires_at"),
                time_or_null("revoked_at"),
            ],
            indexes: &[
                ("oauth_access_tokens_grant", &["grant_id"]),
                ("oauth_access_tokens_expires", &["expires_at"]),
            ],
        },
        TableSpec {
            name: "oauth_refresh_tokens",
            key: &["hash"],
            columns: vec![
                exact(on, "hash", DIGEST),
                exact(on, "grant_id", ID),
                exact(on, "client_id", CLIENT),
                time("issued_at"),
                time("expires_at"),
                time("idle_expires_at"),
                time_or_null("consumed_at"),
            ],
            indexes: &[
                ("oauth_refresh_tokens_grant", &["grant_id"]),
                ("oauth_refresh_tokens_expires", &["expires_at"]),
            ],
        },
        TableSpec {
            name: "oauth_consents",
            key: &["subject", "client_id"],
            columns: vec![
                exact(on, "subject", SUBJECT),
                exact(on, "client_id", CLIENT),
                text(on, "scope"),
                time("updated_at"),
            ],
            indexes: &[],
        },
        TableSpec {
            name: "oauth_interactions",
            key: &["ticket_hash"],
            columns: vec![
                exact(on, "ticket_hash", DIGEST),
                exact(on, "session_hash", DIGEST),
                exact(on, "subject", SUBJECT),
                text(on, "request"),
                time("expires_at"),
                time_or_null("consumed_at"),
            ],
            indexes: &[("oauth_interactions_expires", &["expires_at"])],
        },
        TableSpec {
            name: "oauth_signing_keys",
            key: &["id"],
            columns: vec![
                exact(on, "id", DIGEST),
                exact(on, "purpose", 32),
                integer("generation"),
                private("private_key"),
                time("created_at"),
            ],
            indexes: &[],
        },
    ]
}

fn integer(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.integer().not_null();
    column
}

fn private(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.var_binary(1024).not_null();
    column
}

#[async_trait::async_trait]
impl MigrationTrait for Initial {
    // Every step may have been done already: MySQL has no transactions round DDL, and two instances may start
    // at once.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for spec in tables(manager) {
            let mut key = Index::create();
            for column in spec.key {
                key.col(*column);
            }
            let mut table = Table::create();
            table.table(spec.name).if_not_exists().primary_key(&mut key);
            for mut column in spec.columns {
                table.col(&mut column);
            }
            manager.create_table(table).await?;
            for (name, columns) in spec.indexes {
                create_index(manager, spec.name, name, columns, false).await?;
            }
        }
        // One key for each purpose and generation, however many instances make one.
        let columns = &["purpose", "generation"];
        create_index(
            manager,
            "oauth_signing_keys",
            "oauth_signing_keys_generation",
            columns,
            true,
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for spec in tables(manager).into_iter().rev() {
            let drop = Table::drop().table(spec.name).if_exists().to_owned();
            manager.drop_table(drop).await?;
        }
        Ok(())
    }
}

async fn create_index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    name: &'static str,
    columns: &[&'static str],
    unique: bool,
) -> Result<(), DbErr> {
    if manager.has_index(table, name).await? {
        return Ok(());
    }
    let mut index = Index::create();
    index.name(name).table(table);
    if unique {
        index.unique();
    }
    for column in columns {
        index.col(*column);
    }
    manager.create_index(index).await
}
