//! A storage that goes on writing while it cannot be reached.
//!
//! What happens to the files is one journal on the secondary storage (`journal`), a file an operation (`record`). A
//! write goes to both storages at once until one of them is done (`writer`), and a thread of its own takes to the
//! primary what waits (`replay`).

mod compose;
#[expect(
    clippy::module_inception,
    reason = "the type the module is named after has a file of its own"
)]
mod fallback;
mod journal;
mod listing;
mod record;
mod replay;
mod shared;
mod writer;

#[cfg(test)]
mod tests;

pub use fallback::{Fallback, FallbackBuilder, FallbackState};
