//! The form, and what it brings back.

use super::PATH;
use crate::oauth2::{
    endpoint::{
        Handle,
        authorize::PATH as AUTHORIZE,
        body::fields,
        browser::{
            cookie, cookie_key, error_page, error_page_as, is_same_origin, page, public_path,
            see_other, session,
        },
    },
    error::OAuthError,
    login_page,
    model::{ClientId, Parameters, ReturnTo, Secret},
    page::{LoginError, LoginView},
    server::OAuth2Server,
    session::Session,
    users::PasswordError,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::RETRY_AFTER},
    web,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Shows the form. Somebody who is signed in sees it too: they may want to be somebody else.
pub(crate) async fn get(server: Handle, req: HttpRequest) -> HttpResponse {
    let sent = Parameters::parse(req.query_string().as_bytes()).unwrap_or_default();
    match return_to(&server, &sent) {
        Ok(return_to) => match login_page::of(&req) {
            Some(page) => see_other(&page.location(return_to.as_str())).finish(),
            None => show(&server, &req, &return_to, "", None).await,
        },
        Err(error) => error_page(&server, &error),
    }
}

/// Checks the password, starts a new session and goes on to `return_to`.
pub(crate) async fn post(server: Handle, req: HttpRequest, body: web::Payload) -> HttpResponse {
    let sent = match fields(&req, body).await {
        Ok(sent) => sent,
        Err((status, error)) => return error_page_as(&server, status, &error),
    };
    let return_to = match return_to(&server, &sent) {
        Ok(return_to) => return_to,
        Err(error) => return error_page(&server, &error),
    };
    if let Some(page) = login_page::of(&req) {
        return see_other(&page.location(return_to.as_str())).finish();
    }
    let name = sent.get("username").unwrap_or_default();
    // A form of another site would sign the person in as somebody else (login CSRF, RFC 6819 §4.4.1.8).
    let session = session(&server, &req);
    let ours = session.as_ref().is_some_and(|session| {
        sent.get("csrf")
            .is_some_and(|csrf| session.issued(csrf, cookie_key(&server)))
    });
    if session.is_none() && !is_same_origin(&server, &req) {
        // The person may have a session whose cookie another site's form does not bring: an answer that sets one
        // would replace it. The way to the form brings it.
        return see_other(&path_to(&server, &return_to)).finish();
    }
    if !ours {
        return show(&server, &req, &return_to, name, Some(LoginError::Expired)).await;
    }
    let password = Secret::from(sent.get("password").unwrap_or_default());
    let error = match server.verify_password(&req, name, &password).await {
        Ok(subject) => {
            if let Err(error) = OAuthError::require_usable(&subject) {
                return error_page(&server, &error);
            }
            let now = server.clock().now();
            let session = Session::signed_in(subject, now, server.settings().login_ttl);
            return see_other(return_to.as_str())
                .cookie(cookie(&server, &session))
                .finish();
        }
        Err(PasswordError::Wrong) => LoginError::WrongCredentials,
        Err(PasswordError::TooManyAttempts { retry_after }) => {
            LoginError::TooManyAttempts { retry_after }
        }
        Err(PasswordError::Unavailable(cause)) => {
            return error_page(&server, &OAuthError::unavailable(cause));
        }
    };
    show(&server, &req, &return_to, name, Some(error)).await
}

/// The login page that goes on to `return_to`.
pub(in crate::oauth2::endpoint) fn path_to(server: &OAuth2Server, return_to: &ReturnTo) -> String {
    let encoded = utf8_percent_encode(return_to.as_str(), NON_ALPHANUMERIC);
    format!("{}?return_to={encoded}", public_path(server, PATH))
}

/// Where to go on to; the front page when nothing is said.
fn return_to(server: &OAuth2Server, sent: &Parameters) -> Result<ReturnTo, OAuthError> {
    let front_page = || public_path(server, "/");
    let path = sent.get("return_to").map_or_else(front_page, str::to_owned);
    ReturnTo::parse(&path)
        .ok_or_else(|| OAuthError::invalid_request("return_to must be a path on this server"))
}

async fn show(
    server: &OAuth2Server,
    req: &HttpRequest,
    return_to: &ReturnTo,
    name: &str,
    error: Option<LoginError>,
) -> HttpResponse {
    // The session that the browser has is kept: the form may be open in several tabs.
    let session = session(server, req).unwrap_or_else(|| Session::anonymous(server.clock().now()));
    let csrf = session.csrf(cookie_key(server));
    let client = client_name(server, return_to).await;
    let action = public_path(server, PATH);
    let mut view = LoginView::new(&csrf, return_to.as_str());
    view.action = &action;
    view.client_name = client.as_deref();
    view.username = name;
    view.error = error;
    let status = match error {
        None => StatusCode::OK,
        Some(LoginError::TooManyAttempts { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(_) => StatusCode::FORBIDDEN,
    };
    let mut response = page(server, status);
    if let Some(LoginError::TooManyAttempts { retry_after }) = error {
        response.insert_header((RETRY_AFTER, retry_after));
    }
    response
        .cookie(cookie(server, &session))
        .body(server.pages().login(&view))
}

/// The client that waits behind this sign-in, so that people see what they sign in for.
async fn client_name(server: &OAuth2Server, return_to: &ReturnTo) -> Option<String> {
    let endpoint = public_path(server, AUTHORIZE);
    let query = return_to
        .as_str()
        .strip_prefix(&endpoint)?
        .strip_prefix('?')?;
    let sent = Parameters::parse(query.as_bytes()).ok()?;
    let id = ClientId::from(sent.get("client_id")?);
    // The name is a kindness; when it cannot be had, the form is shown without it.
    let found = server.store().client(&id).await.ok().flatten()?;
    (!found.disabled).then(|| found.client.display_name().to_owned())
}
