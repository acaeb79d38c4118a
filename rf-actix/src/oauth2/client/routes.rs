//! Where a sign-in starts and where it ends.

use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::web::{ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};

use super::builder::SignInError;
use super::callback;
use super::pending::Pending;
use super::sign_in::{Inner, SignIn};
use crate::oauth2::model::{Parameters, ReturnTo};
use crate::oauth2::page::{DefaultPages, ErrorView, Pages, content_security_policy};

pub(super) fn register(cfg: &mut ServiceConfig, sign_in: &SignIn) {
    let path = sign_in.0.at.path().to_owned();
    let (starting, coming, leaving) = (sign_in.clone(), sign_in.clone(), sign_in.clone());
    cfg.service(
        resource(format!("{path}/callback")).get(move |req: HttpRequest| {
            let sign_in = coming.clone();
            async move { callback::get(&sign_in.0, &req).await }
        }),
    )
    .service(
        resource(format!("{path}/out")).post(move |req: HttpRequest| {
            let sign_in = leaving.clone();
            async move { sign_out(&sign_in.0, &req).await }
        }),
    )
    .service(resource(path).get(move |req: HttpRequest| {
        let sign_in = starting.clone();
        async move { start(&sign_in.0, &req).await }
    }));
}

/// Goes to the provider, and notes in the browser what must come back.
async fn start(inner: &Inner, req: &HttpRequest) -> HttpResponse {
    let sent = Parameters::parse(req.query_string().as_bytes()).unwrap_or_default();
    let Some(return_to) = ReturnTo::parse(sent.get("return_to").unwrap_or("/")) else {
        // RFC 9700 §4.11: no open redirector.
        return page(
            StatusCode::BAD_REQUEST,
            "This request cannot be answered",
            "return_to must be a path on this server",
            "",
        );
    };
    let started = match inner.provider.start().await {
        Ok(started) => started,
        Err(error) => return failed(&error),
    };
    let pending = Pending {
        state: started.state,
        verifier: started.verifier,
        return_to: return_to.as_str().to_owned(),
        started_at: inner.now(),
    };
    match inner.pending.add(req, &pending) {
        Some(cookies) => see_other(started.location.as_str(), &cookies),
        None => page(
            StatusCode::BAD_REQUEST,
            "This request cannot be answered",
            "the request is too long",
            "",
        ),
    }
}

/// Takes the tokens back and ends the session. Nobody is signed out by another site.
async fn sign_out(inner: &Inner, req: &HttpRequest) -> HttpResponse {
    let Some(session) = inner.session(req) else {
        return see_other("/", &inner.forget(req));
    };
    if !is_same_origin(inner, req) {
        return page(
            StatusCode::FORBIDDEN,
            "This request cannot be answered",
            "signing out was asked for by another site",
            "",
        );
    }
    if let Err(error) = inner.provider.revoke(&session.tokens).await {
        // The person wants to be gone from here, whether or not the provider answers.
        log::warn!(target: "rf::oauth2", "tokens of a session that ended could not be revoked: {error}");
    }
    see_other("/", &inner.forget(req))
}

/// Browsers send `Sec-Fetch-Site` or `Origin` with every POST, and let no script write them.
fn is_same_origin(inner: &Inner, req: &HttpRequest) -> bool {
    let header = |name: &str| {
        req.headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    match header("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => header(ORIGIN.as_str())
            .is_some_and(|origin| inner.at.origin().ascii_serialization() == origin),
    }
}

/// Sends the browser on.
pub(super) fn see_other(location: &str, cookies: &[Cookie<'static>]) -> HttpResponse {
    let mut answer = HttpResponse::SeeOther();
    answer
        .insert_header((LOCATION, location))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((CACHE_CONTROL, "no-store"));
    for cookie in cookies {
        answer.cookie(cookie.clone());
    }
    answer.finish()
}

/// A page about what went wrong; the log has the cause.
pub(super) fn failed(error: &SignInError) -> HttpResponse {
    // Some of it may be what the query said: as a string it stays in its line.
    log::warn!(target: "rf::oauth2", "somebody is not signed in: {:?}", error.to_string());
    match error {
        SignInError::Refused { code, .. } if code == "access_denied" => page(
            StatusCode::FORBIDDEN,
            "You are not signed in",
            "the sign-in was cancelled",
            code,
        ),
        SignInError::Refused { code, .. } => page(
            StatusCode::BAD_GATEWAY,
            "You are not signed in",
            "the sign-in provider refused",
            code,
        ),
        SignInError::Answer(reason) => page(
            StatusCode::BAD_REQUEST,
            "This sign-in did not start here",
            &format!("start again: {reason}"),
            "",
        ),
        SignInError::Provider(_) | SignInError::Setting { .. } | SignInError::Ended => page(
            StatusCode::SERVICE_UNAVAILABLE,
            "Please try again",
            "the sign-in provider cannot be reached",
            "",
        ),
    }
}

fn page(status: StatusCode, title: &str, detail: &str, code: &str) -> HttpResponse {
    let known = code
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let view = ErrorView::new(title, detail, if known { code } else { "" });
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, content_security_policy()))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(DefaultPages::default().error(&view))
}
