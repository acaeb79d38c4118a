//! The routes of `rf::oauth2`.

use actix_web::web::ServiceConfig;

/// Registers the routes of this part.
pub fn oauth2(_cfg: &mut ServiceConfig) {}
