//! The grants, one file each and all of one shape: request in, tokens or a refusal out.

mod authorization_code;
mod client_credentials;
mod context;
mod list;
mod password;
mod refresh_token;
mod token_grant;

pub use context::GrantContext;
pub(crate) use list::{Grants, execute};
pub use token_grant::TokenGrant;
