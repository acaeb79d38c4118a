//! The logging of whole applications, over real sockets.

mod access;
mod context;
mod install;
mod request_id;
mod server;
mod shutdown;
