//! Reading a form from the raw body.

use std::net::IpAddr;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::{BytesMut, Payload};
use actix_web::{HttpMessage, HttpRequest};
use futures_util::StreamExt;
use tokio::time::timeout;

use crate::oauth2::error::OAuthError;
use crate::oauth2::model::Parameters;
use crate::oauth2::server::OAuth2Server;
use crate::remote;

/// Far more than any request of the protocol.
const MAX_BODY: usize = 64 * 1024;
/// For the whole of it: nobody holds a connection by a byte a minute.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why a body is no form, and the status that says it best.
pub(super) type Unreadable = (StatusCode, OAuthError);

/// The parameters of the body; those of the query do not count (RFC 6749 §2.3.1, §3.2).
///
/// The body is read before its type is looked at: an unread one costs the connection.
pub(super) async fn form(
    request: &HttpRequest,
    payload: Payload,
) -> Result<Parameters, Unreadable> {
    let sent = fields(request, payload).await?;
    // RFC 6749 §3.2.
    match sent.first_repeated() {
        Some(name) => {
            let name: String = name.chars().take(40).collect();
            Err(bad(format!("parameter {name} is repeated")))
        }
        None => Ok(sent),
    }
}

/// The same, for a form in which a field may be repeated.
pub(super) async fn fields(
    request: &HttpRequest,
    payload: Payload,
) -> Result<Parameters, Unreadable> {
    let refuse = |status, why: &'static str| Err((status, OAuthError::invalid_request(why)));
    let body = match timeout(PATIENCE, read(payload)).await {
        Ok(read) => read?,
        Err(_) => return refuse(StatusCode::REQUEST_TIMEOUT, "the body took too long"),
    };
    let kind = request.content_type();
    if !kind
        .trim()
        .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    {
        return refuse(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body must be application/x-www-form-urlencoded",
        );
    }
    Parameters::parse(&body).map_err(|error| bad(error.to_string()))
}

fn bad(why: String) -> Unreadable {
    (StatusCode::BAD_REQUEST, OAuthError::invalid_request(why))
}

async fn read(mut payload: Payload) -> Result<BytesMut, Unreadable> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| bad("the body could not be read".to_owned()))?;
        if body.len() + chunk.len() > MAX_BODY {
            let error = OAuthError::invalid_request("the body is too large");
            return Err((StatusCode::PAYLOAD_TOO_LARGE, error));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// All `Authorization` headers.
pub(super) fn authorization(request: &HttpRequest) -> Vec<&[u8]> {
    let headers = request.headers().get_all(AUTHORIZATION);
    headers.map(|value| value.as_bytes()).collect()
}

/// Who asks: whoever is on the other end of the connection, or of that of a trusted proxy.
pub(super) fn address(server: &OAuth2Server, request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr().map(|peer| peer.ip());
    remote::address(peer, request.headers(), server.trusted_proxies())
}
