//! `POST /logout`: signing out.

use super::{
    Handle,
    body::fields,
    browser::{
        cookie_key, error_page_as, is_same_origin, no_cookie, public_path, see_other, session,
    },
};
use crate::oauth2::{error::OAuthError, event::Event, server::OAuth2Server, session::Session};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{ACCEPT, CACHE_CONTROL},
    },
    web,
};

/// Ends the session of the browser: 303 to `/`, or 204 for a script that accepts JSON.
///
/// Nobody is signed out by another site: the request shows that it comes from this origin, or brings the session's
/// form token as `csrf`. Tokens that clients hold stay; they are revoked at `/oauth/revoke`.
pub(crate) async fn post(server: Handle, req: HttpRequest, body: web::Payload) -> HttpResponse {
    let session = session(&server, &req);
    if let Some(session) = &session {
        if !is_same_origin(&server, &req) && !brings_token(&server, &req, session, body).await {
            let error = OAuthError::invalid_request("signing out was asked for by another site");
            return error_page_as(&server, StatusCode::FORBIDDEN, &error);
        }
        if let Some(login) = session.login() {
            server.emit(&Event::LoggedOut {
                subject: login.subject.clone(),
            });
        }
    }
    let accepts_json = req
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json"));
    let mut answer = if accepts_json {
        let mut answer = HttpResponse::NoContent();
        answer.insert_header((CACHE_CONTROL, "no-store"));
        answer
    } else {
        see_other(&public_path(&server, "/"))
    };
    // The cookie does not come with a form of another site, but what such a form is answered would still replace
    // it: only who showed a session loses it.
    if session.is_some() {
        answer.cookie(no_cookie(&server));
    }
    answer.finish()
}

async fn brings_token(
    server: &OAuth2Server,
    req: &HttpRequest,
    session: &Session,
    body: web::Payload,
) -> bool {
    fields(req, body).await.is_ok_and(|form| {
        form.get("csrf")
            .is_some_and(|csrf| session.issued(csrf, cookie_key(server)))
    })
}
