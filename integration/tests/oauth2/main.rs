//! The authorization server and the guards of a resource, over real sockets: what a client asks of the token side
//! (`bench`), what a browser sees (`site`), what a guarded route answers (`api`).
#![allow(clippy::unwrap_used, reason = "tests")]

mod api;
mod asking;
mod authenticating;
mod bench;
mod consent;
mod cors;
mod describing;
mod flow;
mod guard;
mod knowing;
mod login;
mod prompt;
mod request;
mod site;
mod socket;
mod state;
