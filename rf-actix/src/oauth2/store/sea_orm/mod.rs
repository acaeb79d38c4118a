//! The store on SQLite, PostgreSQL and MySQL or MariaDB, through SeaORM.
//!
//! One code for all of them: no `RETURNING`, no locks but those of a conditional `UPDATE`, and transactions that
//! are tried again when the database says that they got in each other's way.

mod app;
mod change;
mod client;
mod code;
mod connect;
mod consent;
mod find;
mod grant;
mod group;
mod interaction;
mod key;
mod migrate;
mod purge;
mod row;
#[cfg(any(test, feature = "testing"))]
mod test_database;
mod token;
mod write;

pub use connect::{connect, connect_with};
#[cfg(any(test, feature = "testing"))]
pub use test_database::TestDatabase;
pub use write::SeaOrmStore;
