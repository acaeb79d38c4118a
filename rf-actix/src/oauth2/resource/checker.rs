//! Who checks the tokens of an app: the authorization server in it, or the resource side of another one.

use std::sync::Arc;

use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web::Data};

use super::bearer::plain_token;
use super::nearest::Nearest;
use super::remote::ResourceServer;
use crate::oauth2::error::AuthError;
use crate::oauth2::model::Claims;
use crate::oauth2::server::OAuth2Server;

/// The handle that an app has.
pub(super) enum Checker<'a> {
    Remote(&'a ResourceServer),
    Local(&'a OAuth2Server),
}

/// Which handle: its place in memory, where it stays for as long as there are requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CheckerId(usize);

impl<'a> Checker<'a> {
    pub(super) fn find(req: &'a HttpRequest) -> Option<Self> {
        let local = req.app_data::<Data<OAuth2Server>>();
        let local = local.map(|local| Self::Local(local));
        let Some(remote) = req.app_data::<Data<ResourceServer>>() else {
            return local;
        };
        let outer = remote.was_stated() && req.app_data() == Some(&Nearest::Local);
        local
            .filter(|_| outer)
            .or_else(|| Some(Self::Remote(remote)))
    }

    pub(super) fn id(&self) -> CheckerId {
        CheckerId(match self {
            Self::Remote(remote) => remote.place(),
            Self::Local(local) => local.place(),
        })
    }

    /// Without a handle the caller learns nothing, and the log what to register.
    pub(super) fn of(req: &'a HttpRequest) -> Result<Self, actix_web::Error> {
        if let Some(found) = Self::find(req) {
            return Ok(found);
        }
        log::error!(
            target: "rf::oauth2",
            "{} needs an OAuth2Server or a ResourceServer and the app has neither: register it with `.configure(server.state())`",
            req.path()
        );
        Err(InternalError::new("", StatusCode::INTERNAL_SERVER_ERROR).into())
    }

    /// The claims of the token in `req`, when it was found good lately and that is still believed. Whatever is not
    /// as plain as that is left to whoever may wait.
    pub(super) fn known_claims(&self, req: &HttpRequest) -> Option<Arc<Claims>> {
        let token = plain_token(req)?;
        match self {
            Self::Remote(remote) => remote.known_claims(token),
            Self::Local(local) => local.known_claims(token),
        }
    }

    pub(super) async fn verified_claims(&self, token: &str) -> Result<Arc<Claims>, AuthError> {
        match self {
            Self::Remote(remote) => remote.verified_claims(token).await,
            Self::Local(local) => local.verified_claims(token).await,
        }
    }
}
