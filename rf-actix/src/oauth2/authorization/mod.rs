//! The authorization request, from its parameters to its outcome (RFC 6749 §4.1, RFC 9700).
//!
//! No HTTP here: parameters in, [`Outcome`] out. `check` is the list of checks in the order they are made,
//! `decide` what the person at the browser has to do with it, `consent` their answer, `redirect` how the client
//! is told.

mod check;
mod consent;
mod decide;
mod outcome;
mod prompt;
mod redirect;

pub(crate) use check::check;
pub(crate) use consent::{Answer, answer};
pub(crate) use decide::{Person, back, decide};
pub(crate) use outcome::{Context, Outcome, Question};
