//! Answers in JSON (RFC 6749 §5.1, §5.2).

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde::Serialize;

use crate::oauth2::error::{ErrorCode, OAuthError};

#[derive(Serialize)]
struct Body<'a> {
    error: &'static str,
    error_description: &'a str,
}

/// A success that nobody may keep.
pub(super) fn success(body: &impl Serialize) -> HttpResponse {
    no_store(StatusCode::OK).json(body)
}

/// A refusal.
pub(super) fn refusal(error: &OAuthError) -> HttpResponse {
    refusal_as(status(error), error)
}

/// A refusal that HTTP has a better status for.
pub(super) fn refusal_as(status: StatusCode, error: &OAuthError) -> HttpResponse {
    let mut response = no_store(status);
    if error.basic_challenge && status == StatusCode::UNAUTHORIZED {
        response.insert_header((
            WWW_AUTHENTICATE,
            "Basic realm=\"oauth2\", charset=\"UTF-8\"",
        ));
    }
    if let Some(seconds) = error.retry_after {
        response.insert_header((RETRY_AFTER, seconds));
    }
    response.json(Body {
        error: error.code.as_str(),
        error_description: &error.description,
    })
}

fn status(error: &OAuthError) -> StatusCode {
    match error.code {
        _ if error.retry_after.is_some() => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::InvalidClient => StatusCode::UNAUTHORIZED,
        ErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn no_store(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponseBuilder::new(status);
    response
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .insert_header((PRAGMA, HeaderValue::from_static("no-cache")));
    response
}

impl ResponseError for OAuthError {
    fn status_code(&self) -> StatusCode {
        status(self)
    }

    fn error_response(&self) -> HttpResponse {
        refusal(self)
    }
}
