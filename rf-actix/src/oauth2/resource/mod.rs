//! The resource side: who calls, and whether they may (RFC 6750).
//!
//! ```
//! use actix_web::{Responder, get};
//! use rf::oauth2::{AccessToken, ScopeGuard, Scoped};
//! use rf::require_scope;
//!
//! #[get("/me")]
//! async fn me(token: AccessToken) -> impl Responder {
//!     token.subject().to_owned()
//! }
//!
//! #[get("/orders")]
//! #[require_scope("orders:read")]
//! async fn orders() -> impl Responder {
//!     "[]"
//! }
//!
//! #[derive(ScopeGuard)]
//! #[scope(any("orders:write", "admin"))]
//! struct WriteOrders;
//!
//! async fn order(body: Scoped<WriteOrders, String>) -> String {
//!     body.into_inner() // read only after the token was checked
//! }
//! # actix_web::App::new().service(me).service(orders).route("/order", actix_web::web::post().to(order));
//! ```

mod access_token;
mod bearer;
mod challenge;
mod requirement;
mod scoped;

pub use access_token::AccessToken;
pub use bearer::BearerToken;
pub use requirement::{ScopeGuard, ScopeRequirement};
pub use scoped::Scoped;
pub(crate) use scoped::authorize;
