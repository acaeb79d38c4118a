//! The S3 backend against two servers in this process: one of somebody else that checks every signature, and one of
//! ours that fails on demand.
#![allow(clippy::unwrap_used, reason = "tests")]

mod abort;
mod conform;
mod disk;
mod fault;
mod link;
mod list;
mod read;
mod rename;
mod retry;
mod secret;
mod server;
mod write;
