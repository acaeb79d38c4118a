//! Files as HTTP responses: conditions, ranges, and headers that keep what users uploaded harmless.

mod disposition;
mod parts;
pub(super) mod precondition;
mod range;
mod refusal;
mod response;

pub use response::ServeOptions;
