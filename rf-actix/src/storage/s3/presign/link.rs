//! Links for GET and PUT: the signature stands in the query.

use super::sign::{Signing, checksum};
use crate::storage::{
    disposition::disposition,
    error::Error,
    key::Key,
    options::Upload,
    s3::sigv4::{self, Canonical, UNSIGNED_PAYLOAD},
    storage::SignedUrl,
};
use std::collections::BTreeMap;

pub(super) fn download(signing: &Signing<'_>, key: &Key, attachment: bool) -> SignedUrl {
    let mut query = BTreeMap::new();
    if attachment {
        query.insert(
            "response-content-disposition".to_owned(),
            disposition(true, key.name()),
        );
    }
    link(signing, "GET", key, query, Vec::new())
}

/// # Errors
/// A link can hold an upload to what a header says exactly, and to nothing else.
pub(super) fn upload(
    signing: &Signing<'_>,
    key: &Key,
    upload: &Upload,
) -> Result<SignedUrl, Error> {
    if upload.max_size.is_some() {
        return Err(Error::Unsupported {
            op: "a largest size of an upload by PUT (take SignedUrlOptions::form, or say its content_length)",
        });
    }
    let mut headers = Vec::new();
    let mut must_send = |name: &str, value: String| headers.push((name.to_owned(), value));
    match upload.content_type.as_deref() {
        None | Some("*/*") => {}
        Some(pattern) if pattern.contains(['*', ',']) => {
            return Err(Error::Unsupported {
                op: "a pattern of types for an upload by PUT (take SignedUrlOptions::form, or name one type)",
            });
        }
        Some(exact) => must_send("content-type", sigv4::squeezed(exact)),
    }
    if let Some(length) = upload.content_length {
        must_send("content-length", length.to_string());
    }
    if let Some(acl) = signing.acl() {
        must_send("x-amz-acl", acl.to_owned());
    }
    if let Some(checksum) = checksum(upload) {
        must_send("x-amz-checksum-sha256", checksum);
    }
    Ok(link(signing, "PUT", key, BTreeMap::new(), headers))
}

fn link(
    signing: &Signing<'_>,
    method: &'static str,
    key: &Key,
    mut query: BTreeMap<String, String>,
    headers: Vec<(String, String)>,
) -> SignedUrl {
    let address = signing.resolved.address(key.as_str());
    let mut signed: BTreeMap<String, String> = headers.iter().cloned().collect();
    signed.insert("host".to_owned(), address.authority.clone());
    let names: Vec<&str> = signed.keys().map(String::as_str).collect();
    let mut add = |name: &str, value: String| query.insert(name.to_owned(), value);
    add("X-Amz-Algorithm", sigv4::ALGORITHM.to_owned());
    add("X-Amz-Credential", signing.credential());
    add("X-Amz-Date", signing.moment.stamp.clone());
    add("X-Amz-Expires", signing.seconds.to_string());
    add("X-Amz-SignedHeaders", names.join(";"));
    if let Some(token) = &signing.credentials.session_token {
        // Exposed to whom the link is given: without it the keys it was lent with are no keys.
        add("X-Amz-Security-Token", token.expose().to_owned());
    }
    let signature = Canonical {
        method,
        path: &address.path,
        query: &query,
        headers: &signed,
        payload: UNSIGNED_PAYLOAD,
    }
    .signature(
        signing.credentials,
        &signing.moment,
        &signing.resolved.region,
    );
    let url = format!(
        "{}://{}{}?{}&X-Amz-Signature={signature}",
        address.scheme,
        address.authority,
        address.path,
        sigv4::query(&query)
    );
    let link = SignedUrl::new(url, signing.expires_at()).method(method);
    headers
        .into_iter()
        .fold(link, |link, (name, value)| link.header(name, value))
}
