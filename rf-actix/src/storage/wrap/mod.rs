//! Decorators: each a [`Storage`](super::Storage) round another, implementing every method.

mod fallback;
mod observed;
mod read_only;
mod scoped;

#[cfg(test)]
mod tests;

pub use fallback::{Fallback, FallbackBuilder, FallbackState};
pub use observed::Observed;
pub use read_only::ReadOnly;
pub use scoped::Scoped;
