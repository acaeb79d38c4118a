//! `POST /oauth/token` (RFC 6749 §3.2).

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};

use super::answer::{refusal, refusal_as, success};
use super::body::{address, authorization, form};
use super::cors::for_client;
use super::handle::Handle;
use crate::oauth2::model::TokenParams;

pub(crate) async fn token(server: Handle, request: HttpRequest, payload: Payload) -> HttpResponse {
    let sent = form(&request, payload).await;
    let response = match &sent {
        Ok(sent) => {
            let params = TokenParams::from_parameters(sent);
            let headers = authorization(&request);
            let address = address(&server, &request);
            match server.token(&params, &headers, address).await {
                Ok(tokens) => success(&tokens),
                Err(error) => refusal(&error),
            }
        }
        Err((status, error)) => refusal_as(*status, error),
    };
    for_client(&server, &request, sent.as_ref().ok(), response).await
}
