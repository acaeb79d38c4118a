//! Queries and pools of a SeaORM connection.
//!
//! - `watch`: the families, and what feeds them
//! - `pool`: the pool behind a connection
//! - `shape`: what a statement does and to which table, read from its SQL
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(unused, reason = "this build knows no pool")
)]

mod pool;
mod shape;
mod watch;

#[cfg(all(test, feature = "sqlite"))]
mod tests;
