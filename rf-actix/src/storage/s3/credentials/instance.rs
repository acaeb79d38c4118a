//! The role of an instance (EC2), from its metadata service in version 2, which asks for a token first.

use super::{
    Credentials, NoCredentials,
    chain::Places,
    identity::{Lent, success},
};
use hyper::{Request, body::Bytes, http::request::Builder};
use std::time::Duration;

const FROM: &str = "the metadata service of the instance";
const SERVICE: &str = "http://169.254.169.254";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
/// Elsewhere than on an instance nobody answers: that must not take long.
const WITHIN: Duration = Duration::from_secs(2);

/// Asks for the role of the instance, then for its keys.
///
/// # Errors
/// Always when there are none: this is the last place.
pub(super) async fn find(places: &Places) -> Result<Credentials, NoCredentials> {
    let disabled = places
        .read("AWS_EC2_METADATA_DISABLED")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if disabled {
        return Err(nowhere("the metadata service is disabled"));
    }
    let service = places
        .read("AWS_EC2_METADATA_SERVICE_ENDPOINT")
        .unwrap_or_else(|| SERVICE.to_owned());
    let service = service.trim_end_matches('/');
    let token = Request::put(format!("{service}/latest/api/token"))
        .header("x-aws-ec2-metadata-token-ttl-seconds", "300");
    let token = ask(places, token).await?;
    let with_token = |path: &str| {
        Request::get(format!("{service}{path}")).header("x-aws-ec2-metadata-token", token.trim())
    };
    let roles = ask(places, with_token(ROLES)).await?;
    let role = roles
        .lines()
        .next()
        .map(str::trim)
        .filter(|role| !role.is_empty())
        .ok_or_else(|| nowhere("the instance has no role"))?;
    let keys = ask(places, with_token(&format!("{ROLES}{role}"))).await?;
    Lent::from_json(keys.as_bytes(), FROM)
}

async fn ask(places: &Places, request: Builder) -> Result<String, NoCredentials> {
    let request = request
        .body(Bytes::new())
        .map_err(|_| nowhere("AWS_EC2_METADATA_SERVICE_ENDPOINT is no address"))?;
    let answer = places
        .http
        .fetch(request, WITHIN)
        .await
        .map_err(|failure| nowhere(&format!("{FROM}: {failure}")))?;
    let body = success(answer, FROM).map_err(|refused| nowhere(&refused.0))?;
    String::from_utf8(body.into()).map_err(|_| nowhere("it does not speak text"))
}

/// What to write stands first: most who read this are on no instance.
fn nowhere(last: &str) -> NoCredentials {
    NoCredentials(format!(
        "write access_key and secret_key, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; there is no profile, web identity or container role either, and {last}"
    ))
}
