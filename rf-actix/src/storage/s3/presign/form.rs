//! Forms that a browser posts: the policy says what they may hold, the signature is over the policy.

use super::sign::{Signing, checksum};
use crate::storage::{error::Error, key::Key, options::Upload, s3::sigv4, storage::SignedUrl};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

/// S3 takes no longer file in one request.
const LONGEST: u64 = 5 << 30;
/// S3 puts the name of the sent file there, whatever the policy said.
const PLACEHOLDER: &str = "${filename}";

/// The address, and the fields to send before `file`. With a pattern for the type, the form adds `Content-Type`.
pub(super) fn form(signing: &Signing<'_>, key: &Key, upload: &Upload) -> Result<SignedUrl, Error> {
    if key.as_str().contains(PLACEHOLDER) {
        return Err(Error::Unsupported {
            op: "a form for a key with ${filename} in it",
        });
    }
    let mut fields = vec![("key".to_owned(), key.as_str().to_owned())];
    let mut patterns = vec![range(upload)?];
    match upload.content_type.as_deref() {
        None | Some("*/*") => {}
        Some(pattern) => match pattern.strip_suffix('*') {
            Some(front) if front.ends_with('/') && !front.contains(['*', ',']) => {
                patterns.push(json!(["starts-with", "$Content-Type", front]));
            }
            None if !pattern.contains(['*', ',']) => {
                fields.push(("Content-Type".to_owned(), pattern.to_owned()));
            }
            _ => {
                return Err(Error::Unsupported {
                    op: "more than one type, or this pattern, for a form (write one as image/png or image/*)",
                });
            }
        },
    }
    let mut add = |name: &str, value: String| fields.push((name.to_owned(), value));
    if let Some(acl) = signing.acl() {
        add("acl", acl.to_owned());
    }
    if let Some(checksum) = checksum(upload) {
        add("x-amz-checksum-sha256", checksum);
    }
    add("x-amz-algorithm", sigv4::ALGORITHM.to_owned());
    add("x-amz-credential", signing.credential());
    add("x-amz-date", signing.moment.stamp.clone());
    if let Some(token) = &signing.credentials.session_token {
        // Exposed to whom the form is given, as in a link.
        add("x-amz-security-token", token.expose().to_owned());
    }
    let policy = policy(signing, &fields, patterns);
    let signature = sigv4::sign(
        signing.credentials,
        &signing.moment,
        &signing.resolved.region,
        policy.as_bytes(),
    );
    fields.push(("policy".to_owned(), policy));
    fields.push(("x-amz-signature".to_owned(), signature));
    let address = signing.resolved.address("");
    let url = format!("{}://{}{}", address.scheme, address.authority, address.path);
    let form = SignedUrl::new(url, signing.expires_at()).method("POST");
    Ok(fields
        .into_iter()
        .fold(form, |form, (name, value)| form.field(name, value)))
}

/// Each field exactly as it stands, and what cannot be said by a field.
fn policy(signing: &Signing<'_>, fields: &[(String, String)], patterns: Vec<Value>) -> String {
    let mut conditions = vec![json!({ "bucket": signing.resolved.bucket })];
    for (name, value) in fields {
        conditions.push(json!(["eq", format!("${name}"), value]));
    }
    conditions.extend(patterns);
    let policy = json!({
        "expiration": humantime::format_rfc3339_millis(signing.end).to_string(),
        "conditions": conditions,
    });
    BASE64_STANDARD.encode(policy.to_string())
}

fn range(upload: &Upload) -> Result<Value, Error> {
    let most = upload.max_size.unwrap_or(LONGEST).min(LONGEST);
    let (least, most) = match upload.content_length {
        Some(exact) if exact > most => {
            return Err(Error::TooLarge {
                what: "the file",
                limit: most,
            });
        }
        Some(exact) => (exact, exact),
        None => (0, most),
    };
    Ok(json!(["content-length-range", least, most]))
}
