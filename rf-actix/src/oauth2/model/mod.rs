//! The words of the protocol as plain types: no I/O, no HTTP, no database.
//!
//! ```
//! use rf::oauth2::{RedirectUri, ScopeSet};
//!
//! let scopes: ScopeSet = "read write".parse()?;
//! assert!(scopes.contains("read"));
//!
//! let registered: RedirectUri = "https://app.example.com/callback".parse()?;
//! assert!(!registered.matches("https://app.example.com/callback/"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod authorization;
mod claims;
mod client;
mod digest;
mod grant;
mod key;
mod parameters;
mod redirect_uri;
mod scope;
mod secret;
mod subject;
mod time;
mod token;
mod token_request;

pub use authorization::{
    AuthorizationCode, AuthorizationRequest, CodeChallenge, Interaction, InvalidChallenge,
};
pub use claims::{Claims, Principal};
pub(crate) use client::ClientSecretKind;
pub use client::{
    AuthMethod, Client, ClientId, ClientSecret, GrantType, RegisteredClient, UnknownGrantType,
};
pub use digest::Digest;
pub use grant::{Consent, Grant, GrantId};
pub use key::{KeyPurpose, SigningKey};
pub(crate) use parameters::decode_form;
pub use parameters::{MalformedParameters, Parameters};
pub use redirect_uri::{InvalidRedirectUri, RedirectUri};
pub use scope::{InvalidScope, Scope, ScopeSet};
pub use secret::Secret;
pub use subject::Subject;
pub use time::{Clock, Timestamp};
pub use token::{AccessTokenRecord, RefreshTokenRecord, TokenState};
pub use token_request::{TokenParams, TokenResponse};
