//! The browser's side of the authorization server, and the guards of a resource, over real sockets.
#![allow(clippy::unwrap_used, reason = "tests")]

mod consent;
mod flow;
mod guard;
mod login;
mod prompt;
mod request;
mod site;
