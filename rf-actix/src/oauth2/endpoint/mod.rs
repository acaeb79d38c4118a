//! HTTP: parse, call, render, and nothing else.

mod about_token;
mod answer;
pub(crate) mod apps;
pub(crate) mod authorize;
mod body;
mod browser;
mod cors;
mod handle;
mod introspect;
mod jwks;
pub(crate) mod login;
pub(crate) mod logout;
mod metadata;
mod revoke;
mod token;
mod visitor;

pub use authorize::AuthorizeParams;
pub(crate) use cors::{open_preflight, preflight, wrong_method};
pub(crate) use handle::Handle;
pub(crate) use introspect::introspect;
pub(crate) use jwks::jwks;
pub(crate) use metadata::metadata;
pub(crate) use revoke::revoke;
pub(crate) use token::token;
