//! HTTP metrics, the scrape and the probes over real sockets.
#![allow(clippy::unwrap_used, reason = "tests")]

mod counted;
mod early;
mod endings;
mod exposition;
mod labels;
mod notices;
mod probes;
mod protocol;
mod scrape;
mod server;
