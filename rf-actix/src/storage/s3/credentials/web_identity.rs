//! A role that is lent for a token the platform puts into a file: pods of Kubernetes, jobs of CI.

use super::{
    Credentials, NoCredentials,
    chain::Places,
    identity::{Lent, success},
};
use crate::storage::s3::sigv4;
use hyper::{Request, body::Bytes};
use serde::Deserialize;
use std::{collections::BTreeMap, time::Duration};

const FROM: &str = "the token service (AssumeRoleWithWebIdentity)";
const WITHIN: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "AssumeRoleWithWebIdentityResult")]
    result: Assumed,
}

#[derive(Deserialize)]
struct Assumed {
    #[serde(rename = "Credentials")]
    lent: Lent,
}

/// Trades the token in `AWS_WEB_IDENTITY_TOKEN_FILE` for keys of the role in `AWS_ROLE_ARN`.
///
/// # Errors
/// When the file cannot be read, or the service does not lend the role.
pub(super) async fn find(places: &Places) -> Result<Option<Credentials>, NoCredentials> {
    let Some(path) = places.read("AWS_WEB_IDENTITY_TOKEN_FILE") else {
        return Ok(None);
    };
    let role = places.read("AWS_ROLE_ARN").ok_or_else(|| {
        NoCredentials::because("write AWS_ROLE_ARN beside AWS_WEB_IDENTITY_TOKEN_FILE")
    })?;
    // Read each time: the platform replaces it every hour or so.
    let token = tokio::task::spawn_blocking(move || std::fs::read_to_string(path))
        .await
        .ok()
        .and_then(Result::ok)
        .ok_or_else(|| {
            NoCredentials::because("the file AWS_WEB_IDENTITY_TOKEN_FILE names cannot be read")
        })?;
    let session = places
        .read("AWS_ROLE_SESSION_NAME")
        .unwrap_or_else(|| "rf-actix".to_owned());
    let form = BTreeMap::from([
        ("Action".to_owned(), "AssumeRoleWithWebIdentity".to_owned()),
        ("Version".to_owned(), "2011-06-15".to_owned()),
        ("RoleArn".to_owned(), role),
        ("RoleSessionName".to_owned(), session),
        ("WebIdentityToken".to_owned(), token.trim().to_owned()),
    ]);
    let endpoint = places
        .read("AWS_ENDPOINT_URL_STS")
        .unwrap_or_else(|| service(&places.region));
    let request = Request::post(format!("{}/", endpoint.trim_end_matches('/')))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(sigv4::query(&form)))
        .map_err(|_| NoCredentials::because("AWS_ENDPOINT_URL_STS is no address"))?;
    let answer = places
        .http
        .fetch(request, WITHIN)
        .await
        .map_err(|failure| NoCredentials(format!("{FROM}: {failure}")))?;
    let body = success(answer, FROM)?;
    let answer: Answer = std::str::from_utf8(&body)
        .ok()
        .and_then(|text| quick_xml::de::from_str(text).ok())
        .ok_or_else(|| NoCredentials(format!("{FROM} answered something else than credentials")))?;
    answer.result.lent.into_credentials(FROM).map(Some)
}

fn service(region: &str) -> String {
    let china = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://sts.{region}.amazonaws.com{china}")
}
