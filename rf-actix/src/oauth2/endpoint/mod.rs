//! The endpoints: each parses, calls and renders, and nothing more.

pub(crate) mod authorize;
mod browser;
mod handle;
pub(crate) mod login;
pub(crate) mod logout;

pub use authorize::AuthorizeParams;
pub(crate) use handle::{Handle, server};
