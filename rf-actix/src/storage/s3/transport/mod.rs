//! How requests of rusoto travel: hyper 1 on a runtime of its own, signed at each attempt, with timeouts and retries.

mod answer;
mod attempt;
mod dispatch;
mod document;
mod failure;
mod http;
mod outgoing;
mod retry;
#[cfg(test)]
mod tests;

pub(super) use crate::engine::Task;
pub(super) use answer::ATTEMPTS;
pub(super) use dispatch::Transport;
pub(super) use document::status_of;
pub(super) use failure::{Failure, Outage, classify, classify_io};
pub(super) use http::Http;
pub(super) use retry::pause;
