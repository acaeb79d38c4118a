//! How a refusal is told: status, challenge (RFC 6750 §3) and problem details (RFC 9457).

use crate::oauth2::error::AuthError;
use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE},
    },
};
use serde_json::json;

/// The protection space that every challenge names; a challenge needs at least one attribute (RFC 6750 §3).
const REALM: &str = "api";

impl ResponseError for AuthError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Missing | Self::Invalid(_) => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope { .. } => StatusCode::FORBIDDEN,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut response = HttpResponse::build(status);
        if let Some(challenge) = challenge(self) {
            response.insert_header((WWW_AUTHENTICATE, challenge));
        }
        let body = json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or_default(),
            "status": status.as_u16(),
            "detail": detail(self),
        });
        response
            .insert_header((CONTENT_TYPE, "application/problem+json"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .body(body.to_string())
    }
}

/// What the caller is told. Why a token does not count stays inside: it would help who guesses.
fn detail(error: &AuthError) -> String {
    match error {
        AuthError::Missing => "send an access token in the Authorization header".into(),
        AuthError::Malformed(reason) => (*reason).into(),
        AuthError::Invalid(_) => "the access token is expired, revoked or not valid here".into(),
        AuthError::InsufficientScope { required } => {
            format!("the access token lacks the scope {required}")
        }
        AuthError::Unavailable(_) => "the access token cannot be checked now, try again".into(),
    }
}

fn challenge(error: &AuthError) -> Option<String> {
    let code = match error {
        // A request that brought no token is told no error (RFC 6750 §3.1).
        AuthError::Missing => return Some(format!("Bearer realm=\"{REALM}\"")),
        AuthError::Unavailable(_) => return None,
        AuthError::Malformed(_) => "invalid_request",
        AuthError::Invalid(_) => "invalid_token",
        AuthError::InsufficientScope { .. } => "insufficient_scope",
    };
    let description = detail(error);
    let mut challenge =
        format!("Bearer realm=\"{REALM}\", error=\"{code}\", error_description=\"{description}\"");
    if let AuthError::InsufficientScope { required } = error {
        // Neither a scope nor the texts above can hold a quote or a backslash (RFC 6749 §3.3).
        challenge.push_str(&format!(", scope=\"{required}\""));
    }
    Some(challenge)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::oauth2::store::StoreError;
    use actix_web::body::to_bytes;

    fn header(response: &HttpResponse, name: &str) -> Option<String> {
        let value = response.headers().get(name)?;
        Some(value.to_str().unwrap().to_owned())
    }

    #[test]
    fn no_token_is_a_bare_challenge_without_an_error_code() {
        let response = AuthError::Missing.error_response();
        assert_eq!(response.status(), 401);
        assert_eq!(
            header(&response, "www-authenticate").unwrap(),
            "Bearer realm=\"api\""
        );
    }

    #[test]
    fn an_invalid_token_is_401_and_keeps_the_reason_inside() {
        let response = AuthError::Invalid("the signature is wrong").error_response();
        assert_eq!(response.status(), 401);
        let challenge = header(&response, "www-authenticate").unwrap();
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
        assert!(!challenge.contains("signature"), "{challenge}");
    }

    #[test]
    fn a_missing_scope_is_403_and_names_the_scope() {
        let required = "files:read files:write".parse().unwrap();
        let response = AuthError::InsufficientScope { required }.error_response();
        assert_eq!(response.status(), 403);
        let challenge = header(&response, "www-authenticate").unwrap();
        assert!(
            challenge.contains("error=\"insufficient_scope\""),
            "{challenge}"
        );
        assert!(
            challenge.ends_with("scope=\"files:read files:write\""),
            "{challenge}"
        );
    }

    #[test]
    fn a_malformed_request_is_400() {
        let response = AuthError::Malformed("two tokens").error_response();
        assert_eq!(response.status(), 400);
        assert!(
            header(&response, "www-authenticate")
                .unwrap()
                .contains("invalid_request")
        );
    }

    #[actix_web::test]
    async fn a_failing_database_is_503_without_challenge_and_without_its_cause() {
        let response = AuthError::Unavailable(StoreError::new("password=hunter2")).error_response();
        assert_eq!(response.status(), 503);
        assert_eq!(header(&response, "www-authenticate"), None);
        assert_eq!(
            header(&response, "content-type").unwrap(),
            "application/problem+json"
        );
        let body = to_bytes(response.into_body()).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["status"], 503);
        assert!(!body.to_string().contains("hunter2"));
    }
}
