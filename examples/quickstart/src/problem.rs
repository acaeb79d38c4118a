//! Errors of the API as `application/problem+json` (RFC 9457), with the request id to find the log line by.

use actix_web::{
    Error, HttpResponse,
    body::{self, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
    middleware::Next,
};
use rf::logging::RequestId;
use serde_json::{Map, Value, json};

const PROBLEM: &str = "application/problem+json";

/// Turns every error answer of the scope it wraps into a problem document; headers such as `WWW-Authenticate` stay.
pub(crate) async fn problems(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let answer = next.call(request).await?.map_into_boxed_body();
    let status = answer.status();
    if !status.is_client_error() && !status.is_server_error() {
        return Ok(answer);
    }
    let id = RequestId::of(answer.request());
    let (request, response) = answer.into_parts();
    let mut problem = Map::from_iter([
        ("type".to_owned(), json!("about:blank")),
        (
            "title".to_owned(),
            json!(status.canonical_reason().unwrap_or("Error")),
        ),
        ("status".to_owned(), json!(status.as_u16())),
    ]);
    // What went wrong inside is for the log, under the same request id.
    if let Some(error) = response.error().filter(|_| status.is_client_error()) {
        problem.insert("detail".to_owned(), json!(error.to_string()));
    }
    let (response, body) = response.into_parts();
    if is_problem(&response) {
        let said = body::to_bytes_limited(body, 64 * 1024)
            .await
            .ok()
            .and_then(Result::ok)
            .unwrap_or_default();
        if let Ok(Value::Object(said)) = serde_json::from_slice(&said) {
            problem.extend(said);
        }
    }
    if let Some(id) = id {
        problem.insert("request_id".to_owned(), json!(id.as_str()));
    }
    // The same response with another body: what it carries, its error for the access line too, stays.
    let mut response = response.set_body(BoxBody::new(Value::Object(problem).to_string()));
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
    Ok(ServiceResponse::new(request, response))
}

fn is_problem<B>(response: &HttpResponse<B>) -> bool {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(PROBLEM.as_bytes()))
}

/// A refusal with the words for the caller.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl actix_web::ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }
}
