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
mod client_secret;
mod digest;
mod grant;
mod grant_type;
mod key;
mod parameters;
mod redirect_uri;
mod return_to;
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
pub use client::{AuthMethod, Client, ClientId, RegisteredClient};
pub(crate) use client_secret::ClientSecretKind;
pub use client_secret::{ClientSecret, Registered, StoredSecret};
pub use digest::Digest;
pub use grant::{Consent, Grant, GrantId};
pub use grant_type::{GrantName, GrantType, UnknownGrantType};
pub use key::{KeyPurpose, SigningKey};
pub(crate) use parameters::decode_form;
pub use parameters::{MalformedParameters, Parameters};
pub use redirect_uri::{InvalidRedirectUri, RedirectUri};
pub(crate) use return_to::ReturnTo;
pub(crate) use scope::is_in_family;
pub use scope::{InvalidScope, Scope, ScopeSet};
pub use secret::Secret;
pub use subject::Subject;
pub use time::{Clock, Timestamp};
pub use token::{AccessTokenRecord, RefreshTokenRecord, TokenState};
pub use token_request::{TokenParams, TokenResponse};
