//! The routes of `rf::storage`.

use actix_web::web::ServiceConfig;

/// Registers the routes of this part.
pub fn storage(_cfg: &mut ServiceConfig) {}
