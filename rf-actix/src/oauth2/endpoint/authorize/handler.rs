//! The two methods.

use super::{PATH, asked_again, render};
use crate::oauth2::{
    authorization::{Answer, Context, Person, answer, check, decide},
    endpoint::{
        Handle,
        body::fields,
        browser::{cookie_key, error_page, error_page_as, public_path, see_other},
        visitor::Visitor,
    },
    error::OAuthError,
    model::Parameters,
    server::OAuth2Server,
};
use actix_web::{HttpRequest, HttpResponse, web};

/// Takes an authorization request (RFC 6749 §4.1.1).
pub(crate) async fn get(server: Handle, req: HttpRequest) -> HttpResponse {
    let query = req.query_string();
    let Ok(sent) = Parameters::parse(query.as_bytes()) else {
        return error_page(
            &server,
            &OAuthError::invalid_request("the request is malformed"),
        );
    };
    let context = context(&server);
    let visitor = match Visitor::of(&server, &req).await {
        Ok(visitor) => visitor,
        Err(error) => return error_page(&server, &error),
    };
    let session = &visitor.session;
    let outcome = match check(&context, &sent).await {
        Err(outcome) => outcome,
        Ok(checked) => {
            let person = session
                .as_ref()
                .and_then(|session| session.login())
                .map(|login| Person {
                    subject: &login.subject,
                    auth_time: login.auth_time,
                    asked_again_at: asked_again::noted(query, context.now, cookie_key(&server)),
                });
            decide(&context, checked, person).await
        }
    };
    let answer = render::outcome(&server, Some(&req), outcome, query, session.as_ref()).await;
    visitor.answered(&server, answer)
}

/// Takes the answer of the consent page, or an authorization request in a body (RFC 6749 §3.1).
pub(crate) async fn post(server: Handle, req: HttpRequest, body: web::Payload) -> HttpResponse {
    let sent = match fields(&req, body).await {
        Ok(sent) => sent,
        Err((status, error)) => return error_page_as(&server, status, &error),
    };
    if sent.get("ticket").is_none() {
        // The same request by GET: the cookie of a person who is signed in comes with it, also from another site.
        return see_other(&location(&server, &sent)).finish();
    }
    let visitor = match Visitor::of(&server, &req).await {
        Ok(visitor) => visitor,
        Err(error) => return error_page(&server, &error),
    };
    let parts = (visitor.session)
        .as_ref()
        .and_then(|session| Some((session, session.login()?)));
    let (Some((session, login)), Some(sent)) = (parts, Answer::parse(&sent)) else {
        let error = OAuthError::invalid_request("this page belongs to another session");
        return error_page(&server, &error);
    };
    let person = Person {
        subject: &login.subject,
        auth_time: login.auth_time,
        asked_again_at: None,
    };
    let outcome = answer(&context(&server), sent, &session.digest(), person).await;
    render::outcome(&server, Some(&req), outcome, "", Some(session)).await
}

impl OAuth2Server {
    /// Checks an authorization request, and sends the browser on to `/oauth/authorize`, where people sign in and
    /// consent.
    ///
    /// A request that fails its checks is answered here: by a page, or by a redirect to the client
    /// (RFC 6749 §4.1.2.1). For an endpoint of your own at another path; [`rf::oauth2`](crate::oauth2()) brings the
    /// one at `/oauth/authorize`, which sees the session that this method cannot.
    ///
    /// ```
    /// use actix_web::{HttpResponse, web};
    /// use rf::oauth2::{AuthorizeParams, OAuth2Server};
    ///
    /// async fn authorize(params: web::Query<AuthorizeParams>, oauth: web::Data<OAuth2Server>) -> HttpResponse {
    ///     oauth.authorize(params.into_inner()).await
    /// }
    /// ```
    pub async fn authorize(&self, params: super::AuthorizeParams) -> HttpResponse {
        let sent = params.into_parameters();
        match check(&context(self), &sent).await {
            Ok(_) => see_other(&location(self, &sent)).finish(),
            Err(outcome) => render::outcome(self, None, outcome, "", None).await,
        }
    }
}

/// The request as a link.
fn location(server: &OAuth2Server, sent: &Parameters) -> String {
    format!("{}?{}", public_path(server, PATH), sent.to_query())
}

pub(super) fn context(server: &OAuth2Server) -> Context<'_> {
    Context {
        settings: server.settings(),
        store: server.store(),
        users: server.users(),
        policy: server.policy(),
        now: server.clock().now(),
    }
}
