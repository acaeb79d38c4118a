//! Errors and panics to Sentry, and to what speaks like it: GlitchTip, self-hosted Sentry.

mod dsn;
mod event;
mod tracker;
mod worker;

pub use self::{dsn::SentryError, tracker::Sentry};
