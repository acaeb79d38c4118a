//! The routes of `rf::metrics`.

use actix_web::web::ServiceConfig;

/// Registers the routes of this part.
pub fn metrics(_cfg: &mut ServiceConfig) {}
