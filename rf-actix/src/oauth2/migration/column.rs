//! The kinds of columns there are, alike on all databases.

use sea_orm_migration::prelude::{Alias, ColumnDef, SchemaManager};
use sea_orm_migration::sea_orm::DbBackend;

/// Text of at most `length` characters that is compared by bytes: identifiers, subjects, digests.
pub(super) fn exact(manager: &SchemaManager<'_>, name: &'static str, length: u32) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    if manager.get_database_backend() == DbBackend::MySql {
        // The default collation there takes `Demo` for `demo`.
        let kind = format!("VARCHAR({length}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
        column.custom(Alias::new(kind));
    } else {
        column.string_len(length);
    }
    column.not_null();
    column
}

/// The same, which may be absent.
pub(super) fn exact_or_null(
    manager: &SchemaManager<'_>,
    name: &'static str,
    length: u32,
) -> ColumnDef {
    let mut column = exact(manager, name, length);
    column.null();
    column
}

/// Text that is only read back.
pub(super) fn text(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    if manager.get_database_backend() == DbBackend::MySql {
        column.custom(Alias::new("TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"));
    } else {
        column.text();
    }
    column.not_null();
    column
}

/// The same, which may be absent.
pub(super) fn text_or_null(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    let mut column = text(manager, name);
    column.null();
    column
}

/// A point in time, in Unix milliseconds.
pub(super) fn time(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.big_integer().not_null();
    column
}

/// The same, which may not have come.
pub(super) fn time_or_null(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.big_integer().null();
    column
}

/// Yes or no.
pub(super) fn flag(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.boolean().not_null();
    column
}
