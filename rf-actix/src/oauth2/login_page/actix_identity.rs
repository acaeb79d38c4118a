//! The sign-in of apps that use actix-identity on actix-session.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_identity::{Identity, IdentityExt};
use actix_session::SessionExt;
use actix_web::{HttpMessage, HttpRequest};
use futures_util::future::{LocalBoxFuture, ready};
use url::form_urlencoded::byte_serialize;

use super::port::{CurrentLogin, LoginPage};
use crate::oauth2::model::{ReturnTo, Subject};
use crate::oauth2::users::UsersError;

/// Milliseconds since the epoch; actix-identity keeps whole seconds, and only when it has a deadline.
const AUTH_TIME: &str = "rf_auth_time";

/// People sign in on a page of the app, which keeps who they are by actix-identity.
///
/// The app wraps itself in actix-session's and actix-identity's middlewares as ever, and calls
/// [`sign_in`](Self::sign_in) once somebody has proved who they are: the identity is their subject.
///
/// ```
/// use actix_web::{App, HttpRequest, HttpResponse, Responder, post};
/// use rf::oauth2::{ActixIdentity, login_page};
///
/// #[post("/sign-in")]
/// async fn sign_in(req: HttpRequest) -> actix_web::Result<impl Responder> {
///     // … the password was right:
///     ActixIdentity::sign_in(&req, &"user-17".into())?;
///     Ok(HttpResponse::SeeOther().insert_header(("location", "/")).finish())
/// }
///
/// App::new()
///     .service(sign_in)
///     .configure(login_page(ActixIdentity::at("/sign-in")))
///     .configure(rf::oauth2);
/// ```
#[derive(Debug, Clone)]
pub struct ActixIdentity {
    path: String,
}

impl ActixIdentity {
    /// People sign in at `path`, which gets where to go on to as `return_to`: a path of this server, which the page
    /// must check to be one before it goes there ([`ActixIdentity::return_to`]).
    pub fn at(path: impl Into<String>) -> Self {
        Self { path: path.into() }
    }

    /// Signs `subject` in, in a new session: a cookie planted before is worth nothing after.
    ///
    /// # Errors
    /// When the app is not wrapped in the two middlewares, or the session cannot be written.
    pub fn sign_in(req: &HttpRequest, subject: &Subject) -> Result<(), actix_web::Error> {
        Identity::login(&req.extensions(), subject.to_string())
            .map_err(actix_web::error::ErrorInternalServerError)?;
        let session = req.get_session();
        session.renew();
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        session.insert(
            AUTH_TIME,
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        )?;
        Ok(())
    }

    /// `text` if every browser takes it for a path of this server, else `/` (RFC 9700 §4.11).
    pub fn return_to(text: Option<&str>) -> &str {
        text.filter(|text| ReturnTo::parse(text).is_some())
            .unwrap_or("/")
    }
}

impl LoginPage for ActixIdentity {
    fn current<'a>(
        &'a self,
        req: &'a HttpRequest,
    ) -> LocalBoxFuture<'a, Result<Option<CurrentLogin>, UsersError>> {
        Box::pin(ready(current(req)))
    }

    fn location(&self, return_to: &str) -> String {
        let encoded: String = byte_serialize(return_to.as_bytes()).collect();
        format!("{}?return_to={encoded}", self.path)
    }
}

fn current(req: &HttpRequest) -> Result<Option<CurrentLogin>, UsersError> {
    // Nobody signed in and no middleware look alike from here; the latter is told by the sign-in, which fails.
    let Ok(identity) = req.get_identity() else {
        return Ok(None);
    };
    let subject = identity.id().map_err(|error| error.to_string())?;
    let millis: Option<u64> = req
        .get_session()
        .get(AUTH_TIME)
        .map_err(|error| error.to_string())?;
    let at = UNIX_EPOCH + Duration::from_millis(millis.unwrap_or_default().min(1 << 50));
    Ok(Some(CurrentLogin::new(subject, at)))
}
