//! What the endpoints that a person's browser talks to have in common: the session's cookie, pages, redirects, forms.

use crate::oauth2::{
    error::{ErrorCode, OAuthError},
    event::Event,
    page::ErrorView,
    server::OAuth2Server,
    session::{CookieKey, Session},
};
use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    cookie::{Cookie, SameSite, time},
    http::{
        StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, ORIGIN,
            REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
};

/// The path at which a browser finds `path`: below the issuer's, when that has one.
pub(super) fn public_path(server: &OAuth2Server, path: &str) -> String {
    let issuer = url::Url::parse(&server.settings().issuer);
    let base = issuer
        .as_ref()
        .map_or("", |url| url.path().trim_end_matches('/'));
    format!("{base}{path}")
}

pub(super) fn cookie_key(server: &OAuth2Server) -> CookieKey<'_> {
    CookieKey(server.cookie_key())
}

/// Whether people reach the server by https: the issuer says so, never the request.
fn is_https(server: &OAuth2Server) -> bool {
    server.settings().issuer.starts_with("https://")
}

/// With https the prefix keeps subdomains and plain http from planting a cookie of this name (RFC 6265bis §4.1.3).
fn cookie_name(server: &OAuth2Server) -> &'static str {
    if is_https(server) {
        "__Host-rf_session"
    } else {
        "rf_session"
    }
}

/// The session of the browser, if it has one that counts.
pub(super) fn session(server: &OAuth2Server, req: &HttpRequest) -> Option<Session> {
    let cookie = req.cookie(cookie_name(server))?;
    Session::open(cookie.value(), cookie_key(server), server.clock().now())
}

/// Browsers send `Sec-Fetch-Site` or `Origin` with every POST, and let no script write them.
pub(super) fn is_same_origin(server: &OAuth2Server, req: &HttpRequest) -> bool {
    let header = |name: &str| {
        req.headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    match header("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => header(ORIGIN.as_str()).is_some_and(|origin| {
            url::Url::parse(&server.settings().issuer)
                .is_ok_and(|issuer| issuer.origin().ascii_serialization() == origin)
        }),
    }
}

/// The cookie that keeps a session.
///
/// `Lax`, because a client's link to the authorization endpoint comes from another site.
pub(super) fn cookie(server: &OAuth2Server, session: &Session) -> Cookie<'static> {
    let lifetime = session.expires_at().since(server.clock().now());
    let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
    bare_cookie(
        server,
        session.seal(cookie_key(server)),
        time::Duration::seconds(seconds),
    )
}

/// The cookie that ends a session.
pub(super) fn no_cookie(server: &OAuth2Server) -> Cookie<'static> {
    bare_cookie(server, String::new(), time::Duration::ZERO)
}

fn bare_cookie(server: &OAuth2Server, value: String, max_age: time::Duration) -> Cookie<'static> {
    Cookie::build(cookie_name(server), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_https(server))
        .max_age(max_age)
        .finish()
}

/// An HTML page that cannot be framed, cached, or tell where the browser was (RFC 9700 §4.2.4, §4.16).
pub(super) fn page(server: &OAuth2Server, status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            server.pages().content_security_policy(),
        ))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((CACHE_CONTROL, "no-store"));
    response
}

/// Sends the browser on with a GET, whatever it came with (RFC 9700 §4.12).
pub(super) fn see_other(location: &str) -> HttpResponseBuilder {
    let mut response = HttpResponse::SeeOther();
    response
        .insert_header((LOCATION, location))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((CACHE_CONTROL, "no-store"));
    response
}

/// A page that says what is wrong, and leads nowhere.
pub(super) fn error_page(server: &OAuth2Server, error: &OAuthError) -> HttpResponse {
    let status = match error.code {
        ErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    error_page_as(server, status, error)
}

/// The same, where HTTP has a better status for it.
pub(super) fn error_page_as(
    server: &OAuth2Server,
    status: StatusCode,
    error: &OAuthError,
) -> HttpResponse {
    report(server, error);
    let title = match error.code {
        ErrorCode::ServerError => "Something went wrong",
        ErrorCode::TemporarilyUnavailable => "Please try again",
        _ => "This request cannot be answered",
    };
    let view = ErrorView::new(title, &error.description, error.code.as_str());
    page(server, status).body(server.pages().error(&view))
}

/// Tells the observer of a cause that nobody outside is told.
pub(super) fn report(server: &OAuth2Server, error: &OAuthError) {
    if let Some(cause) = &error.source {
        server.emit(&Event::Failed {
            what: "authorization",
            cause: cause.to_string(),
        });
    }
}
