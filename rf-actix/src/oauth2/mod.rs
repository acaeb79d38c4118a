//! An OAuth 2.0 authorization server, and the guards of the resources behind it.
//!
#![doc = include_str!("../docs/oauth2.md")]

mod authorization;
pub mod client;
mod client_auth;
pub(crate) mod configure;
pub(crate) mod declare;
mod discovery;
mod endpoint;
mod entity;
mod error;
mod event;
mod grant;
mod http;
mod kept;
mod key;
mod lifetime;
mod login_page;
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
#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub mod testing;
mod throttle;
mod token;
mod users;

pub use endpoint::AuthorizeParams;
pub use error::{AuthError, Error, ErrorCode, HashError, OAuthError, StoreError};
pub use event::Event;
pub use grant::{GrantContext, TokenGrant};
pub use key::{KeyHealth, KeyRotation};
#[cfg(feature = "identity")]
#[cfg_attr(docsrs, doc(cfg(feature = "identity")))]
pub use login_page::ActixIdentity;
pub use login_page::{CurrentLogin, LoginPage, login_page};
pub use migration::Migrator;
pub use model::*;
pub use policy::{DefaultPolicy, Policy, PolicyError};
pub(crate) use resource::authorize;
pub use resource::{
    AccessToken, BearerToken, RequireScope, RequireScopeService, ResourceServer,
    ResourceServerBuilder, ResourceServerError, ScopeGuard, ScopeRequirement, Scoped,
};
pub use server::{AuthorizedApp, ConfigUsers, OAuth2Server, OAuth2ServerBuilder};
pub use settings::{
    AccessTokenSettings, CheckMode, ClientSettings, InvalidKeyEncryptionKey, KeyEncryptionKey,
    OAuth2Settings, RefreshTokenSettings, ScopeTexts, SettingError, SigningAlgorithm, TokenFormat,
    UserSettings,
};
#[cfg(any(test, feature = "testing"))]
pub use store::sea_orm::TestDatabase;
pub use store::sea_orm::{connect, connect_with};
pub use token::{Hasher, TokenKind, generate};
pub use users::{PasswordError, Users, UsersError};

#[cfg(feature = "macros")]
pub use rf_actix_macros::{ScopeGuard, require_scope};
