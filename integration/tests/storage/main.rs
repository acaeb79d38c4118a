//! Files over real sockets: serving, uploading and signed links.
#![allow(clippy::unwrap_used, reason = "tests")]

mod app;
mod kill;
mod link;
mod path;
mod serve;
mod typed;
mod upload;
