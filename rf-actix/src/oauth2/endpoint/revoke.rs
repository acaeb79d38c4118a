//! `POST /oauth/revoke` (RFC 7009).

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};

use super::about_token::{client_and_token, report};
use super::answer::{refusal, refusal_as};
use super::body::form;
use super::cors::for_client;
use super::handle::Handle;
use crate::oauth2::error::OAuthError;
use crate::oauth2::model::Parameters;
use crate::oauth2::server::OAuth2Server;

pub(crate) async fn revoke(server: Handle, request: HttpRequest, payload: Payload) -> HttpResponse {
    let sent = form(&request, payload).await;
    let response = match &sent {
        Ok(sent) => match answer(&server, &request, sent).await {
            Ok(()) => HttpResponse::Ok()
                .insert_header(("Cache-Control", "no-store"))
                .finish(),
            Err(error) => {
                report(&server, "revocation", &error);
                refusal(&error)
            }
        },
        Err((status, error)) => refusal_as(*status, error),
    };
    for_client(&server, &request, sent.as_ref().ok(), response).await
}

async fn answer(
    server: &OAuth2Server,
    request: &HttpRequest,
    sent: &Parameters,
) -> Result<(), OAuthError> {
    let (client, token) = client_and_token(server, request, sent).await?;
    server.revoke_token(&token, &client).await
}
