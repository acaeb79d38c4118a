//! How a request finds the server.

use crate::oauth2::server::OAuth2Server;
use actix_web::{
    FromRequest, HttpRequest, dev::Payload, error::InternalError, http::StatusCode, web,
};
use std::{
    future::{Ready, ready},
    ops::Deref,
};

/// The server of the app, as an extractor that says what is missing when there is none.
#[derive(Debug, Clone)]
pub(crate) struct Handle(web::Data<OAuth2Server>);

/// The server of the app. Without one the caller learns nothing, and the log what to register.
pub(crate) fn server(req: &HttpRequest) -> Result<Handle, actix_web::Error> {
    let found = req
        .app_data::<web::Data<OAuth2Server>>()
        .cloned()
        .map(Handle);
    found.ok_or_else(|| {
        log::error!(
            target: "rf::oauth2",
            "{} needs an OAuth2Server and the app has none: register it with `.configure(server.state())` or `.app_data(web::Data::new(server.clone()))`",
            req.path()
        );
        InternalError::new("", StatusCode::INTERNAL_SERVER_ERROR).into()
    })
}

impl FromRequest for Handle {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(server(req))
    }
}

impl Deref for Handle {
    type Target = OAuth2Server;

    fn deref(&self) -> &OAuth2Server {
        &self.0
    }
}
