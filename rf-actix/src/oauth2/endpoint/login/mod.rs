//! `GET` and `POST /login`: the built-in sign-in page.

mod page;
mod password;

pub(in crate::oauth2::endpoint) use page::path_to;
pub(crate) use page::{get, post};

/// Where the page is.
pub(crate) const PATH: &str = "/login";
