//! Which scripts may read the answers (Fetch standard, "CORS protocol").
//!
//! Metadata and keys are for everybody. Tokens are for the origins that their client has registered, on refusals
//! too, or a script could not tell what went wrong. Credentials of the browser are never asked for.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, HeaderValue, ORIGIN, VARY,
};
use actix_web::{HttpRequest, HttpResponse};

use super::answer::refusal_as;
use super::body::authorization;
use super::handle::Handle;
use crate::oauth2::client_auth::Credentials;
use crate::oauth2::error::OAuthError;
use crate::oauth2::model::{ClientId, Parameters};
use crate::oauth2::server::OAuth2Server;

/// Lets every origin read the answer.
pub(crate) fn for_any_origin(mut response: HttpResponse) -> HttpResponse {
    response
        .headers_mut()
        .insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// Lets the registered origins of the client that asked read the answer. When the request does not say which
/// client that is, the origin of any client will do: such an answer is a refusal.
pub(super) async fn for_client(
    server: &OAuth2Server,
    request: &HttpRequest,
    sent: Option<&Parameters>,
    mut response: HttpResponse,
) -> HttpResponse {
    response
        .headers_mut()
        .append(VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = request.headers().get(ORIGIN) else {
        return response;
    };
    if origin_is_allowed(server, origin, client_id(request, sent)).await {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        let exposed = HeaderValue::from_static("WWW-Authenticate, Retry-After");
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}

async fn origin_is_allowed(
    server: &OAuth2Server,
    origin: &HeaderValue,
    client: Option<ClientId>,
) -> bool {
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    // When the database fails, so does the request, and nobody needs to read how.
    match client {
        Some(id) => match server.store().client(&id).await {
            Ok(Some(found)) => found
                .client
                .allowed_origins
                .iter()
                .any(|known| known == origin),
            _ => false,
        },
        None => server
            .store()
            .origin_is_registered(origin)
            .await
            .unwrap_or(false),
    }
}

fn client_id(request: &HttpRequest, sent: Option<&Parameters>) -> Option<ClientId> {
    let named = sent.and_then(|sent| sent.get("client_id"));
    match Credentials::read(&authorization(request), named, None) {
        Ok(credentials) => Some(credentials.id),
        Err(_) => named.map(ClientId::from),
    }
}

/// Answers a preflight of the token and revocation endpoints. It does not name a client: the origin of any will
/// do, and the request itself is looked at again.
pub(crate) async fn preflight(server: Handle, request: HttpRequest) -> HttpResponse {
    let mut response =
        for_client(&server, &request, None, HttpResponse::NoContent().finish()).await;
    let headers = response.headers_mut();
    if headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("POST"),
        );
        let allowed = HeaderValue::from_static("authorization, content-type");
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
    response
}

/// Answers a preflight of what everybody may read.
pub(crate) async fn open_preflight() -> HttpResponse {
    let mut response = for_any_origin(HttpResponse::NoContent().finish());
    let headers = response.headers_mut();
    headers.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET"),
    );
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

/// Refuses a method, and says which there are (RFC 9110 §15.5.6).
pub(crate) fn wrong_method(allowed: &'static str) -> HttpResponse {
    let error = OAuthError::invalid_request("this method is not allowed here");
    let mut response = refusal_as(StatusCode::METHOD_NOT_ALLOWED, &error);
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(allowed));
    response
}
