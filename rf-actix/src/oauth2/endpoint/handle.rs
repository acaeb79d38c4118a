//! Finding the server.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};

use crate::oauth2::server::OAuth2Server;

/// The server that was handed to the app. Without one the caller learns nothing, and the log what to do.
pub(crate) fn server(request: &HttpRequest) -> Result<OAuth2Server, HttpResponse> {
    match request.app_data::<Data<OAuth2Server>>() {
        Some(server) => Ok(server.get_ref().clone()),
        None => {
            log::error!(
                target: "rf::oauth2",
                "no OAuth2Server is registered: add .configure(server.state()) to the App, before .configure(rf::oauth2)"
            );
            Err(HttpResponse::InternalServerError().finish())
        }
    }
}

/// The same as an extractor.
#[derive(Debug, Clone)]
pub(crate) struct Handle(OAuth2Server);

impl FromRequest for Handle {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = server(request).map(Self);
        ready(
            found.map_err(|response| {
                InternalError::from_response("no OAuth2Server", response).into()
            }),
        )
    }
}

impl Deref for Handle {
    type Target = OAuth2Server;

    fn deref(&self) -> &OAuth2Server {
        &self.0
    }
}
