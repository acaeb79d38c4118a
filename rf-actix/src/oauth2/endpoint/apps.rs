//! `/oauth/apps`: what somebody has allowed, and taking it back; as a page and as JSON.

use std::time::{Duration, UNIX_EPOCH};

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::Handle;
use super::body::form;
use super::browser::{
    cookie_key, error_page, error_page_as, is_same_origin, page, public_path, see_other,
};
use super::visitor::{Visitor, display_name, sign_in_at};
use crate::oauth2::error::{ErrorCode, OAuthError};
use crate::oauth2::model::{ClientId, ScopeSet};
use crate::oauth2::page::{AppLine, AppsView, ScopeLine};
use crate::oauth2::server::{AuthorizedApp, OAuth2Server};

/// Where the page is.
pub(crate) const PATH: &str = "/oauth/apps";

/// The list: a page, or `{"apps":[{"client_id","name","scope","since"}]}` for who accepts JSON.
pub(crate) async fn get(server: Handle, req: HttpRequest) -> HttpResponse {
    let json = accepts_json(&req);
    let visitor = match Visitor::of(&server, &req).await {
        Ok(visitor) => visitor,
        Err(error) => return error_page(&server, &error),
    };
    let session = visitor.session.as_ref();
    let Some((session, login)) = session.and_then(|session| Some((session, session.login()?)))
    else {
        return match sign_in_at(&server, Some(&req), PATH).filter(|_| !json) {
            Some(location) => see_other(&location).finish(),
            None => problem(StatusCode::UNAUTHORIZED, "sign in first"),
        };
    };
    let apps = match server.authorized_apps(&login.subject).await {
        Ok(apps) => apps,
        Err(error) if json => return unavailable(&server, error.into()),
        Err(error) => return error_page(&server, &error.into()),
    };
    if json {
        return HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((VARY, "Accept"))
            .json(json!({ "apps": apps }));
    }
    let name = match display_name(&server, &login.subject).await {
        Ok(name) => name,
        Err(error) => return error_page(&server, &error),
    };
    let csrf = session.csrf(cookie_key(&server));
    let lines: Vec<AppLine<'_>> = apps.iter().map(|app| line(&server, app)).collect();
    let action = public_path(&server, PATH);
    let mut view = AppsView::new(&csrf, &name, &lines);
    view.action = &action;
    let answer = page(&server, StatusCode::OK)
        .insert_header((VARY, "Accept"))
        .body(server.pages().apps(&view));
    visitor.answered(&server, answer)
}

/// The form of the page: `csrf` and `client_id`.
pub(crate) async fn post(server: Handle, req: HttpRequest, body: web::Payload) -> HttpResponse {
    let sent = match form(&req, body).await {
        Ok(sent) => sent,
        Err((status, error)) => return error_page_as(&server, status, &error),
    };
    let visitor = match Visitor::of(&server, &req).await {
        Ok(visitor) => visitor,
        Err(error) => return error_page(&server, &error),
    };
    let csrf = sent.get("csrf").unwrap_or_default();
    let subject = (visitor.session.as_ref())
        .filter(|session| session.issued(csrf, cookie_key(&server)))
        .and_then(|session| session.login());
    let (Some(login), Some(client)) = (subject, sent.get("client_id")) else {
        // A form of another site, or of a session that is over.
        let error =
            OAuthError::invalid_request("this page belongs to another session, open it again");
        return error_page_as(&server, StatusCode::FORBIDDEN, &error);
    };
    match server
        .withdraw_consent(&login.subject, &client.into())
        .await
    {
        Ok(()) => see_other(&public_path(&server, PATH)).finish(),
        Err(error) => error_page(&server, &error.into()),
    }
}

/// The same for scripts of this origin: `DELETE /oauth/apps/{client_id}`, 204 also when there was nothing.
pub(crate) async fn delete(
    server: Handle,
    req: HttpRequest,
    client: web::Path<String>,
) -> HttpResponse {
    let visitor = match Visitor::of(&server, &req).await {
        Ok(visitor) => visitor,
        Err(error) => return unavailable(&server, error),
    };
    let Some(login) = visitor.session.as_ref().and_then(|session| session.login()) else {
        return problem(StatusCode::UNAUTHORIZED, "sign in first");
    };
    if !is_same_origin(&server, &req) {
        return problem(StatusCode::FORBIDDEN, "this was asked for by another site");
    }
    let client = ClientId::from(client.into_inner());
    match server.withdraw_consent(&login.subject, &client).await {
        Ok(()) => HttpResponse::NoContent()
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish(),
        Err(error) => unavailable(&server, error.into()),
    }
}

fn line<'a>(server: &'a OAuth2Server, app: &'a AuthorizedApp) -> AppLine<'a> {
    let since = UNIX_EPOCH + Duration::from_secs(u64::try_from(app.since.as_secs()).unwrap_or(0));
    let mut since = humantime::format_rfc3339_seconds(since).to_string();
    since.truncate("2027-01-15".len());
    AppLine {
        client_id: app.client_id.as_str(),
        name: &app.name,
        scopes: scopes(server, &app.scope),
        since,
    }
}

fn scopes<'a>(server: &'a OAuth2Server, held: &'a ScopeSet) -> Vec<ScopeLine<'a>> {
    let text = |scope: &str| server.settings().scopes.text(scope).unwrap_or_default();
    held.iter()
        .map(|scope| ScopeLine {
            scope: scope.as_str(),
            text: text(scope.as_str()),
        })
        .collect()
}

fn accepts_json(req: &HttpRequest) -> bool {
    let accept = req
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    accept
        .is_some_and(|accept| accept.contains("application/json") && !accept.contains("text/html"))
}

fn unavailable(server: &OAuth2Server, error: OAuthError) -> HttpResponse {
    super::browser::report(server, &error);
    let status = match error.code {
        ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    problem(status, &error.description)
}

fn problem(status: StatusCode, detail: &str) -> HttpResponse {
    let body = json!({ "type": "about:blank", "title": status.canonical_reason(), "status": status.as_u16(), "detail": detail });
    HttpResponse::build(status)
        .content_type("application/problem+json")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((VARY, "Accept"))
        .body(body.to_string())
}
