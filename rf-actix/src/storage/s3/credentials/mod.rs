//! Who signs, and where that is found out.

mod cache;
mod chain;
mod container;
mod identity;
mod instance;
mod profile;
#[cfg(test)]
mod tests;
mod web_identity;

pub(super) use cache::CredentialsCache;
pub(super) use chain::Chain;
pub(in crate::storage) use chain::keys_are_told;
pub(super) use identity::{Credentials, NoCredentials};
pub(in crate::storage) use identity::{Environment, process_environment};
