//! `GET /oauth/jwks` (RFC 7517 §5).

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use serde::Serialize;

use super::cors::for_any_origin;
use super::handle::Handle;
use crate::oauth2::key::Jwk;

#[derive(Serialize)]
struct JwkSet<'a> {
    keys: Vec<&'a Jwk>,
}

pub(crate) async fn jwks(server: Handle) -> HttpResponse {
    server.follow_keys().await;
    let known = server.keyring().known();
    let keys = known.iter().map(|key| key.jwk()).collect();
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, "public, max-age=300"));
    for_any_origin(response.json(JwkSet { keys }))
}
