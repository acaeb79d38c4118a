//! Refusals as `application/problem+json` (RFC 9457), with the request id to find the log line by.

use actix_web::{
    Error, ResponseError,
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
/// More than any of our own documents has.
const LONGEST: usize = 16 * 1024;

/// Makes every error answer of the scope it wraps a problem document; headers such as `Allow` stay.
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
    let mut problem = Map::new();
    problem.insert("type".to_owned(), json!("about:blank"));
    problem.insert("title".to_owned(), json!(status.canonical_reason()));
    problem.insert("status".to_owned(), json!(status.as_u16()));
    // What went wrong inside is for the log, under the same request id.
    if let Some(error) = response.error().filter(|_| status.is_client_error()) {
        problem.insert("detail".to_owned(), json!(error.to_string()));
    }
    let said_so =
        response.headers().get(header::CONTENT_TYPE) == Some(&HeaderValue::from_static(PROBLEM));
    let (response, body) = response.into_parts();
    if said_so
        && let Ok(Ok(said)) = body::to_bytes_limited(body, LONGEST).await
        && let Ok(Value::Object(said)) = serde_json::from_slice(&said)
    {
        problem.extend(said);
    }
    if let Some(id) = id {
        problem.insert("request_id".to_owned(), json!(id.as_str()));
    }
    let mut response = response.set_body(BoxBody::new(Value::Object(problem).to_string()));
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
    Ok(ServiceResponse::new(request, response))
}

/// Refuses changes that a page of another origin makes its visitor's browser send: nobody signs in here, so the
/// browser's word for where a request comes from is all there is (Fetch Metadata, `Sec-Fetch-Site`).
pub(crate) async fn from_elsewhere(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let site = request.headers().get("sec-fetch-site");
    let ours = site.is_none_or(|site| site == "same-origin" || site == "none");
    if ours || request.method().is_safe() {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let refused: Error = Problem::new(
        StatusCode::FORBIDDEN,
        "another site may not change anything here",
    )
    .into();
    Ok(request.error_response(refused))
}

/// A refusal with the words for the caller.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { status, detail }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }
}
