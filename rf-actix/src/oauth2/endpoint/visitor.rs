//! Who sits at the browser: whom the app's own sign-in says, or else the built-in one.

use actix_web::cookie::Cookie;
use actix_web::{HttpRequest, HttpResponse};

use super::browser::{cookie, public_path, session};
use super::login;
use crate::oauth2::error::OAuthError;
use crate::oauth2::login_page;
use crate::oauth2::model::{ReturnTo, Subject};
use crate::oauth2::server::OAuth2Server;
use crate::oauth2::session::{Login, Session};

/// The session of a request, and whether the browser has it already.
pub(super) struct Visitor {
    pub(super) session: Option<Session>,
    is_new: bool,
}

impl Visitor {
    /// With a sign-in of the app's own, the built-in session follows it: it is there for the forms, and ends or
    /// changes with what the app says.
    pub(super) async fn of(server: &OAuth2Server, req: &HttpRequest) -> Result<Self, OAuthError> {
        let kept = session(server, req);
        let Some(page) = login_page::of(req) else {
            return Ok(Self {
                session: kept,
                is_new: false,
            });
        };
        let current = page.current(req).await.map_err(OAuthError::unavailable)?;
        let Some(current) = current else {
            return Ok(Self {
                session: None,
                is_new: false,
            });
        };
        OAuthError::require_usable(&current.subject)?;
        let login = Login {
            subject: current.subject,
            auth_time: current.auth_time.into(),
        };
        if let Some(kept) = kept.filter(|kept| kept.login() == Some(&login)) {
            return Ok(Self {
                session: Some(kept),
                is_new: false,
            });
        }
        let adopted = Session::adopted(login, server.clock().now(), server.settings().login_ttl);
        Ok(Self {
            session: Some(adopted),
            is_new: true,
        })
    }

    /// The answer, with the session's cookie where the browser lacks it.
    pub(super) fn answered(&self, server: &OAuth2Server, mut answer: HttpResponse) -> HttpResponse {
        if let Some(session) = self.session.as_ref().filter(|_| self.is_new) {
            let cookie: Cookie<'static> = cookie(server, session);
            if let Err(error) = answer.add_cookie(&cookie) {
                log::error!(target: "rf::oauth2", "the session's cookie cannot be written: {error}");
            }
        }
        answer
    }
}

/// What people know somebody as: a subject may be a number to them.
pub(super) async fn display_name(
    server: &OAuth2Server,
    subject: &Subject,
) -> Result<String, OAuthError> {
    let claims = server
        .users()
        .claims(subject)
        .await
        .map_err(OAuthError::unavailable)?;
    let name = claims
        .get("preferred_username")
        .and_then(|name| name.as_str());
    Ok(name.unwrap_or(subject.as_str()).to_owned())
}

/// Where somebody signs in, to come back to `path`.
pub(super) fn sign_in_at(
    server: &OAuth2Server,
    req: Option<&HttpRequest>,
    path: &str,
) -> Option<String> {
    let request = format!("{}{}", public_path(server, ""), path.replace('\\', "%5C"));
    let return_to = ReturnTo::parse(&request)?;
    Some(match req.and_then(login_page::of) {
        Some(page) => page.location(return_to.as_str()),
        None => login::path_to(server, &return_to),
    })
}
