//! Files over real sockets: serving, uploading and signed links.
#![allow(clippy::unwrap_used, reason = "tests")]

mod app;
mod field;
mod form_link;
mod hook;
mod hostile;
mod kill;
mod link;
mod path;
mod serve;
mod typed;
mod upload;
