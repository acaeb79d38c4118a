//! Finding the server.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

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
