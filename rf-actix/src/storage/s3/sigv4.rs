//! Signature Version 4 of AWS, as S3 wants it: every path encoded once.

use super::credentials::Credentials;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, time::SystemTime};

pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
pub(super) const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// All but the unreserved (RFC 3986 §2.3).
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const PATH: &AsciiSet = &VALUE.remove(b'/');

pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, VALUE).to_string()
}

/// The same, with slashes left alone.
pub(super) fn encode_path(text: &str) -> String {
    utf8_percent_encode(text, PATH).to_string()
}

/// A point in time as signatures write it.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    /// `20130524T000000Z`
    pub(super) stamp: String,
}

impl Moment {
    pub(super) fn at(time: SystemTime) -> Self {
        let mut stamp = humantime::format_rfc3339_seconds(time).to_string();
        stamp.retain(|c| !matches!(c, '-' | ':'));
        Self { stamp }
    }

    /// `20130524`
    pub(super) fn date(&self) -> &str {
        &self.stamp[..8]
    }

    /// What a signature is good for.
    pub(super) fn scope(&self, region: &str) -> String {
        format!("{}/{region}/s3/aws4_request", self.date())
    }
}

/// A request in the one form that both sides sign.
pub(super) struct Canonical<'a> {
    pub(super) method: &'a str,
    /// Encoded.
    pub(super) path: &'a str,
    /// Names and values as they are meant, not encoded. In the order of their encoded names, which for those S3 knows
    /// is that of the names.
    pub(super) query: &'a BTreeMap<String, String>,
    /// With small letters; all of them are signed.
    pub(super) headers: &'a BTreeMap<String, String>,
    /// In hexadecimal digits, or [`UNSIGNED_PAYLOAD`].
    pub(super) payload: &'a str,
}

impl Canonical<'_> {
    /// The names of the headers that are signed.
    pub(super) fn signed_headers(&self) -> String {
        let names: Vec<&str> = self.headers.keys().map(String::as_str).collect();
        names.join(";")
    }

    pub(super) fn signature(
        &self,
        credentials: &Credentials,
        moment: &Moment,
        region: &str,
    ) -> String {
        let headers: String = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}:{}\n", squeezed(value)))
            .collect();
        let request = format!(
            "{}\n{}\n{}\n{headers}\n{}\n{}",
            self.method,
            self.path,
            query(self.query),
            self.signed_headers(),
            self.payload
        );
        let text = format!(
            "{ALGORITHM}\n{}\n{}\n{}",
            moment.stamp,
            moment.scope(region),
            digest(request.as_bytes())
        );
        sign(credentials, moment, region, text.as_bytes())
    }
}

/// A query as it is signed and sent.
pub(super) fn query(parameters: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    pairs.join("&")
}

/// A header without spaces around it and with one where there are more: what is signed, whatever is sent.
pub(super) fn squeezed(value: &str) -> String {
    let words: Vec<&str> = value
        .split([' ', '\t'])
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// SHA-256 in hexadecimal digits.
pub(super) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Signs any text with the key of a day, a region and S3.
pub(super) fn sign(
    credentials: &Credentials,
    moment: &Moment,
    region: &str,
    text: &[u8],
) -> String {
    // Exposed to derive the key, which is what it is for.
    let secret = format!("AWS4{}", credentials.secret_key.expose());
    let key = [moment.date(), region, "s3", "aws4_request"]
        .iter()
        .fold(secret.into_bytes(), |key, step| mac(&key, step.as_bytes()));
    hex::encode(mac(&key, text))
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length (RFC 2104 §2)");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}
