//! The logging of whole applications, over real sockets.

mod access;
mod changing;
mod context;
mod delivery;
mod install;
mod request_id;
mod sentry;
mod server;
mod shutdown;
