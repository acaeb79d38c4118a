//! Who checks the tokens of an app: the authorization server in it, or the resource side of another one.

use std::sync::Arc;

use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web::Data};

use super::remote::ResourceServer;
use crate::oauth2::error::AuthError;
use crate::oauth2::model::Claims;
use crate::oauth2::server::OAuth2Server;

/// The handle that an app has.
pub(super) enum Checker {
    Remote(Data<ResourceServer>),
    Local(Data<OAuth2Server>),
}

impl Checker {
    /// Without a handle the caller learns nothing, and the log what to register.
    pub(super) fn of(req: &HttpRequest) -> Result<Self, actix_web::Error> {
        if let Some(remote) = req.app_data::<Data<ResourceServer>>() {
            return Ok(Self::Remote(remote.clone()));
        }
        if let Some(local) = req.app_data::<Data<OAuth2Server>>() {
            return Ok(Self::Local(local.clone()));
        }
        log::error!(
            target: "rf::oauth2",
            "{} needs an OAuth2Server or a ResourceServer and the app has neither: register it with `.configure(server.state())`",
            req.path()
        );
        Err(InternalError::new("", StatusCode::INTERNAL_SERVER_ERROR).into())
    }

    pub(super) async fn verified_claims(&self, token: &str) -> Result<Arc<Claims>, AuthError> {
        match self {
            Self::Remote(remote) => remote.verified_claims(token).await,
            Self::Local(local) => local.verified_claims(token).await,
        }
    }
}
