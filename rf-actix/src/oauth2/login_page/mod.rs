//! The app's own sign-in, in place of the built-in page.

#[cfg(feature = "identity")]
mod actix_identity;
mod port;

#[cfg(feature = "identity")]
pub use actix_identity::ActixIdentity;
pub(crate) use port::of;
pub use port::{CurrentLogin, LoginPage, login_page};
