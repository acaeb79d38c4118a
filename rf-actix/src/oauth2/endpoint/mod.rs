//! HTTP: parse, call, render, and nothing else.

mod about_token;
mod answer;
mod body;
mod cors;
mod handle;
mod introspect;
mod jwks;
mod metadata;
mod revoke;
mod token;

pub(crate) use cors::{open_preflight, preflight, wrong_method};
pub(crate) use introspect::introspect;
pub(crate) use jwks::jwks;
pub(crate) use metadata::metadata;
pub(crate) use revoke::revoke;
pub(crate) use token::token;
