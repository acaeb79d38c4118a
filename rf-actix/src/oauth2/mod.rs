//! An OAuth 2.0 authorization server, and the guards of the resources behind it.

pub(crate) mod configure;
mod error;
mod event;
pub mod model;
mod policy;
mod server;
mod settings;
pub mod store;
mod token;
mod users;

pub use error::{AuthError, Error, ErrorCode, OAuthError};
pub use event::Event;
pub use model::*;
pub use policy::{DefaultPolicy, Policy};
pub use server::OAuth2Server;
pub use settings::{
    AccessTokenSettings, CheckMode, ClientSettings, OAuth2Settings, RefreshTokenSettings,
    ScopeTexts, SettingError, SigningAlgorithm, TokenFormat, UserSettings,
};
pub use token::{HashError, Hasher, TokenKind, generate};
pub use users::{ConfigUsers, Users, UsersError};
