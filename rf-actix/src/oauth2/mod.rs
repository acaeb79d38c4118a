//! An OAuth 2.0 authorization server, and the guards of the resources behind it.

mod client_auth;
pub(crate) mod configure;
pub mod page;
mod endpoint;
mod entity;
mod error;
mod event;
mod grant;
mod key;
mod migration;
pub mod model;
mod policy;
mod server;
mod settings;
pub mod store;
mod token;
mod users;

pub use error::{AuthError, Error, ErrorCode, HashError, OAuthError, StoreError};
pub use event::Event;
pub use migration::Migrator;
pub use model::*;
pub use policy::{DefaultPolicy, Policy};
pub use server::{OAuth2Server, OAuth2ServerBuilder};
pub use settings::{
    AccessTokenSettings, CheckMode, ClientSettings, OAuth2Settings, RefreshTokenSettings,
    ScopeTexts, SettingError, SigningAlgorithm, TokenFormat, UserSettings,
};
pub use store::sea_orm::connect;
pub use token::{Hasher, TokenKind, generate};
pub use users::{ConfigUsers, Users, UsersError};
