//! `GET` and `POST /oauth/authorize` (RFC 6749 §3.1).

mod asked_again;
mod handler;
mod params;
mod render;

pub(crate) use handler::{get, post};
pub use params::AuthorizeParams;

/// Where the endpoint is.
pub(crate) const PATH: &str = "/oauth/authorize";
