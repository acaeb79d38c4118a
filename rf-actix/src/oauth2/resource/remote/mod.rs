//! The resource side in another process: tokens are checked by the keys that their issuer publishes, or by asking it.

mod builder;
mod introspected;
mod key_set;
mod server;
mod signed;
#[cfg(test)]
mod tests;
mod time;

pub use builder::{ResourceServerBuilder, ResourceServerError};
pub use server::ResourceServer;
