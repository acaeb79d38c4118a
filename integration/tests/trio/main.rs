//! The three examples of OAuth2 as their users meet them: an authorization server with people of its own, an API in
//! another process, and a shop that signs people in with the one and orders at the other.
#![allow(clippy::unwrap_used, reason = "tests")]

mod process;
mod shop;
mod start;
