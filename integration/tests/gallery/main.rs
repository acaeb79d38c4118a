//! The gallery as a user meets it: a process, sockets, and a form with several files.
#![allow(clippy::unwrap_used, reason = "tests")]

mod albums;
mod app;
mod links;
mod page;
mod start;
