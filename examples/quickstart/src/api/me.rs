//! `GET /api/me`

use actix_web::{HttpResponse, Responder};
use rf::prelude::*;
use serde_json::json;

/// Who the token speaks for; any token will do.
pub(crate) async fn me(token: AccessToken) -> impl Responder {
    HttpResponse::Ok().json(json!({
        "sub": token.subject(),
        "client_id": token.client_id(),
        "scope": token.scopes().to_string(),
    }))
}
