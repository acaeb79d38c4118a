//! The tables and how they come to be, one file per step.

mod column;
mod m0001_initial;
mod m0002_clients;
mod m0003_keys;
mod migrator;

pub use migrator::Migrator;
