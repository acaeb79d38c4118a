//! An OAuth 2.0 authorization server, and the guards of the resources behind it.
//!
#![doc = include_str!("../docs/oauth2.md")]

mod authorization;
mod client_auth;
pub(crate) mod configure;
pub(crate) mod declare;
mod endpoint;
mod entity;
mod error;
mod event;
mod grant;
mod key;
mod lifetime;
mod migration;
pub mod model;
pub mod page;
mod policy;
mod resource;
mod scope;
mod server;
mod session;
mod settings;
pub mod store;
mod throttle;
mod token;
mod users;

pub use endpoint::AuthorizeParams;
pub use error::{AuthError, Error, ErrorCode, HashError, OAuthError, StoreError};
pub use event::Event;
pub use grant::{GrantContext, TokenGrant};
pub use key::KeyRotation;
pub use migration::Migrator;
pub use model::*;
pub use policy::{DefaultPolicy, Policy, PolicyError};
pub(crate) use resource::authorize;
pub use resource::{AccessToken, BearerToken, ScopeGuard, ScopeRequirement, Scoped};
pub use server::{ConfigUsers, OAuth2Server, OAuth2ServerBuilder};
pub use settings::{
    AccessTokenSettings, CheckMode, ClientSettings, InvalidKeyEncryptionKey, KeyEncryptionKey,
    OAuth2Settings, RefreshTokenSettings, ScopeTexts, SettingError, SigningAlgorithm, TokenFormat,
    UserSettings,
};
#[cfg(any(test, feature = "testing"))]
pub use store::sea_orm::TestDatabase;
pub use store::sea_orm::{connect, connect_with};
pub use token::{Hasher, TokenKind, generate};
pub use users::{Users, UsersError};

#[cfg(feature = "macros")]
pub use rf_actix_macros::{ScopeGuard, require_scope};
