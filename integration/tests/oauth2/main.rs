//! The token side of the authorization server, over real sockets.
#![allow(clippy::unwrap_used, reason = "tests")]

mod asking;
mod authenticating;
mod bench;
mod cors;
mod describing;
mod knowing;
