//! What the authorization server needs of it.

use std::sync::Arc;
use std::time::SystemTime;

use actix_web::HttpRequest;
use actix_web::web::ServiceConfig;
use futures_util::future::LocalBoxFuture;

use crate::oauth2::model::Subject;
use crate::oauth2::users::UsersError;

/// The app's own sign-in: who sits at the browser, and where they sign in.
///
/// Hand it over beside the server: `App::new().configure(server.state()).configure(login_page(page))`. The built-in
/// page at `/login` then leads to it, and the consent page believes it. The app's
/// [`Users`](crate::oauth2::Users) still say who counts and what tokens tell of them.
///
/// ```
/// use actix_web::{App, HttpRequest};
/// use futures_util::future::{LocalBoxFuture, ready};
/// use rf::oauth2::{CurrentLogin, LoginPage, UsersError, login_page};
///
/// /// Whoever a proxy in front says it is.
/// struct Proxy;
///
/// impl LoginPage for Proxy {
///     fn current<'a>(&'a self, req: &'a HttpRequest) -> LocalBoxFuture<'a, Result<Option<CurrentLogin>, UsersError>> {
///         let name = req.headers().get("x-user").and_then(|name| name.to_str().ok());
///         let login = name.map(|name| CurrentLogin::new(name, std::time::UNIX_EPOCH));
///         Box::pin(ready(Ok(login)))
///     }
///
///     fn location(&self, return_to: &str) -> String {
///         format!("/sign-in?next={}", return_to.replace('&', "%26"))
///     }
/// }
///
/// App::new().configure(login_page(Proxy)).configure(rf::oauth2);
/// ```
pub trait LoginPage: Send + Sync + 'static {
    /// Who is signed in in the browser that sent `req`.
    ///
    /// # Errors
    /// When it could not be found out.
    fn current<'a>(
        &'a self,
        req: &'a HttpRequest,
    ) -> LocalBoxFuture<'a, Result<Option<CurrentLogin>, UsersError>>;

    /// Where somebody signs in, to go on to `return_to` afterwards: a path of this server with a query, to be
    /// percent-encoded as a value. Somebody who is signed in is sent there too, to do it once more, when a client
    /// asks for that (`prompt=login`, `max_age`).
    fn location(&self, return_to: &str) -> String;
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CurrentLogin {
    /// Who.
    pub subject: Subject,
    /// When they last proved it; the epoch when nobody knows. A client that wants a new sign-in then gets
    /// `login_required` behind it, since nobody can tell whether there was one.
    pub auth_time: SystemTime,
}

impl CurrentLogin {
    /// `subject`, who proved it at `auth_time`.
    pub fn new(subject: impl Into<Subject>, auth_time: SystemTime) -> Self {
        Self {
            subject: subject.into(),
            auth_time,
        }
    }
}

/// How handlers find it.
#[derive(Clone)]
struct Handle(Arc<dyn LoginPage>);

/// Hands the app's own sign-in to the authorization server: `.configure(login_page(page))`.
pub fn login_page(page: impl LoginPage) -> impl FnOnce(&mut ServiceConfig) {
    let handle = Handle(Arc::new(page));
    move |cfg| {
        cfg.app_data(handle);
    }
}

/// The sign-in of this app, if it has its own.
pub(crate) fn of(req: &HttpRequest) -> Option<Arc<dyn LoginPage>> {
    req.app_data::<Handle>().map(|handle| Arc::clone(&handle.0))
}
