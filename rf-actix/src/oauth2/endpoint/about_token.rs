//! What revocation and introspection have in common: a client that proves who it is names a token.

use std::sync::Arc;

use actix_web::HttpRequest;

use super::body::{address, authorization};
use crate::oauth2::client_auth::Credentials;
use crate::oauth2::error::OAuthError;
use crate::oauth2::event::Event;
use crate::oauth2::model::{Parameters, RegisteredClient, Secret};
use crate::oauth2::server::OAuth2Server;

/// The client, and the token it names.
pub(super) async fn client_and_token(
    server: &OAuth2Server,
    request: &HttpRequest,
    sent: &Parameters,
) -> Result<(Arc<RegisteredClient>, Secret), OAuthError> {
    let secret = sent.get("client_secret").map(Secret::from);
    let headers = authorization(request);
    let credentials = Credentials::read(&headers, sent.get("client_id"), secret.as_ref())?;
    let client = server
        .authenticate(&credentials, address(server, request))
        .await?;
    let token = sent.get("token").map(Secret::from);
    let token = token.ok_or_else(|| OAuthError::invalid_request("token is missing"))?;
    Ok((client, token))
}

/// Tells the observer of what is no fault of the caller.
pub(super) fn report(server: &OAuth2Server, what: &'static str, error: &OAuthError) {
    if let Some(cause) = &error.source {
        server.emit(&Event::Failed {
            what,
            cause: cause.to_string(),
        });
    }
}
