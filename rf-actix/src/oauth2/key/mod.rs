//! The keys that sign: made once, kept in the database, shared by all instances.

mod jwk;
mod keyring;

pub(crate) use jwk::Jwk;
pub(crate) use keyring::Keyring;
