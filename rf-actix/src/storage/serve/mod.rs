//! Files as HTTP responses: conditions, ranges, and headers that keep what users uploaded harmless.

mod parts;
pub(super) mod precondition;
mod range;
mod refusal;
mod response;

use super::disposition;
pub use response::ServeOptions;
