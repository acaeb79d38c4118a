//! `POST /oauth/introspect` (RFC 7662). For servers: no script may read it.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};

use super::about_token::{client_and_token, report};
use super::answer::{refusal, refusal_as, success};
use super::body::form;
use super::handle::Handle;
use crate::oauth2::error::OAuthError;
use crate::oauth2::model::Parameters;
use crate::oauth2::server::OAuth2Server;
use crate::oauth2::token::Introspection;

pub(crate) async fn introspect(
    server: Handle,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    match form(&request, payload).await {
        Ok(sent) => match answer(&server, &request, &sent).await {
            Ok(found) => success(&found),
            Err(error) => {
                report(&server, "introspection", &error);
                refusal(&error)
            }
        },
        Err((status, error)) => refusal_as(status, &error),
    }
}

async fn answer(
    server: &OAuth2Server,
    request: &HttpRequest,
    sent: &Parameters,
) -> Result<Introspection, OAuthError> {
    let (client, token) = client_and_token(server, request, sent).await?;
    server.introspect_token(&token, &client).await
}
