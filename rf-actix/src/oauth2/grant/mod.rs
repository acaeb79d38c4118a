//! The grants, one file each and all of one shape: request in, tokens or a refusal out.

mod authorization_code;
mod client_credentials;
mod context;
mod refresh_token;

pub(crate) use context::{GrantContext, execute};
