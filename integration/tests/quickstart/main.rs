//! The quickstart as a user meets it: a process, sockets, the `oauth2` crate as its client.
#![allow(clippy::unwrap_used, reason = "tests")]

mod app;
mod catalogue;
mod configuration;
mod crash;
mod crash_tokens;
mod files;
mod large;
mod leak;
mod numbers;
mod person;
mod shutdown;
mod tokens;
mod told;
mod upkeep;
