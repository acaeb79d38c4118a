//! What the server needs of a database, in the protocol's verbs; [`sea_orm`] is the one adapter.

mod app;
mod client;
mod code;
mod consent;
mod grant;
mod interaction;
mod key;
mod purge;
pub mod sea_orm;
mod token;

pub use super::error::StoreError;
pub use app::{Allowed, AppStore};
pub use client::ClientStore;
pub use code::CodeStore;
pub use consent::ConsentStore;
pub use grant::GrantStore;
pub use interaction::InteractionStore;
pub use key::KeyStore;
pub use purge::{Purge, Store};
pub use token::{Issued, TokenStore};
