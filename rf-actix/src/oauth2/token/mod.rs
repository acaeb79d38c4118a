//! Making and checking what the server hands out.

mod hasher;
mod secret;

pub use hasher::{HashError, Hasher};
pub use secret::{TokenKind, generate};
