//! `GET` and `POST /login`: the built-in sign-in page.

mod page;
mod return_to;

pub(in crate::oauth2::endpoint) use page::path_to;
pub(crate) use page::{get, post};
pub(crate) use return_to::ReturnTo;

/// Where the page is.
pub(crate) const PATH: &str = "/login";
