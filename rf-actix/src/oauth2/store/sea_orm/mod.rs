//! The store on SQLite, PostgreSQL and MySQL or MariaDB, through SeaORM.
//!
//! One code for all of them: no `RETURNING`, no locks but those of a conditional `UPDATE`, and transactions that
//! are tried again when the database says that they got in each other's way.

mod client;
mod code;
mod connect;
mod consent;
mod grant;
mod interaction;
mod key;
mod migrate;
mod purge;
mod row;
mod token;
mod write;

pub use connect::connect;
pub use write::SeaOrmStore;
