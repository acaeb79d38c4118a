//! A name and a password that came by a page, this server's or the app's.

use actix_web::HttpRequest;

use crate::oauth2::endpoint::body::address;
use crate::oauth2::model::{Secret, Subject};
use crate::oauth2::server::OAuth2Server;
use crate::oauth2::users::PasswordError;

impl OAuth2Server {
    /// Whose name and password these are: for a sign-in page of the app's own.
    ///
    /// It asks [`Users::verify_password`](crate::oauth2::Users::verify_password), but no oftener than somebody may
    /// guess: attempts are counted by name and by the address that `req` comes from, together with those at the
    /// built-in page and of the password grant. Observers are told what came of it.
    ///
    /// ```
    /// use actix_web::{HttpRequest, HttpResponse, web};
    /// use rf::oauth2::{OAuth2Server, PasswordError, Secret};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Sent { name: String, password: Secret }
    ///
    /// async fn sign_in(req: HttpRequest, server: web::Data<OAuth2Server>, sent: web::Form<Sent>) -> HttpResponse {
    ///     match server.verify_password(&req, &sent.name, &sent.password).await {
    ///         Ok(subject) => HttpResponse::Ok().body(format!("hello {subject}")),
    ///         Err(PasswordError::TooManyAttempts { retry_after }) => HttpResponse::TooManyRequests()
    ///             .insert_header(("Retry-After", retry_after))
    ///             .finish(),
    ///         Err(PasswordError::Wrong) => HttpResponse::Forbidden().finish(),
    ///         Err(_) => HttpResponse::ServiceUnavailable().finish(),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// When they are nobody's, were tried too often, or could not be looked up.
    pub async fn verify_password(
        &self,
        req: &HttpRequest,
        name: &str,
        password: &Secret,
    ) -> Result<Subject, PasswordError> {
        let context = self.grant_context(address(self, req));
        context.verify_password(name, password).await
    }
}
