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
pub(super) use identity::{Credentials, Environment, NoCredentials, process_environment};
