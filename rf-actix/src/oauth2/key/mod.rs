//! The keys that sign: made once, kept in the database, shared and followed by all instances.

mod health;
mod jwk;
mod keyring;
mod pair;
mod rotation;
mod seal;

pub use health::KeyHealth;
pub(crate) use jwk::Jwk;
pub(crate) use keyring::Keyring;
pub(crate) use pair::{SigningError, TYP, TokenKey};
pub use rotation::KeyRotation;
