//! The routes of `rf::oauth2`.

use super::endpoint::{authorize, login, logout};
use actix_web::web::{ServiceConfig, get, post, resource};

/// Registers the routes of this part.
pub fn oauth2(cfg: &mut ServiceConfig) {
    cfg.service(
        resource(authorize::PATH)
            .route(get().to(authorize::get))
            .route(post().to(authorize::post)),
    )
    .service(
        resource("/login")
            .route(get().to(login::get))
            .route(post().to(login::post)),
    )
    .service(resource("/logout").route(post().to(logout::post)));
}
