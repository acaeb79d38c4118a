//! Making and checking what the server hands out.

mod hasher;
mod introspection;
mod issuer;
mod known;
mod revocation;
mod rotation;
mod secret;
mod verifier;

pub use hasher::Hasher;
pub use secret::{TokenKind, generate};

pub(crate) use introspection::{Introspection, introspect};
pub(crate) use issuer::{Issuer, Order};
pub(crate) use known::KnownTokens;
pub(crate) use revocation::revoke;
pub(crate) use rotation::successor;
pub(crate) use secret::random_bytes;
pub(crate) use verifier::{Epoch, FRESH, Verifier, check_header};
