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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Of the examples AWS publishes.
    fn example() -> Credentials {
        Credentials {
            access_key: "AKIAIOSFODNN7EXAMPLE".into(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            session_token: None,
            expires_at: None,
        }
    }

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn requests_are_signed_as_in_the_examples_of_aws() {
        let moment = Moment::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_369_353_600));
        assert_eq!(moment.stamp, "20130524T000000Z");
        let empty = digest(b"");
        let get = map(&[
            ("host", "examplebucket.s3.amazonaws.com"),
            ("range", "bytes=0-9"),
            ("x-amz-content-sha256", &empty),
            ("x-amz-date", &moment.stamp),
        ]);
        let body = digest(b"Welcome to Amazon S3.");
        let put = map(&[
            ("date", "Fri, 24 May 2013 00:00:00 GMT"),
            ("host", "examplebucket.s3.amazonaws.com"),
            ("x-amz-content-sha256", &body),
            ("x-amz-date", &moment.stamp),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ]);
        let list = map(&[
            ("host", "examplebucket.s3.amazonaws.com"),
            ("x-amz-content-sha256", &empty),
            ("x-amz-date", &moment.stamp),
        ]);
        let none = BTreeMap::new();
        let lifecycle = map(&[("lifecycle", "")]);
        let page = map(&[("max-keys", "2"), ("prefix", "J")]);
        let put_path = encode_path("/test$file.text");
        let examples = [
            (
                "GET",
                "/test.txt",
                &none,
                &get,
                &empty,
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
            (
                "PUT",
                &put_path,
                &none,
                &put,
                &body,
                "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            ),
            (
                "GET",
                "/",
                &lifecycle,
                &list,
                &empty,
                "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
            ),
            (
                "GET",
                "/",
                &page,
                &list,
                &empty,
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
        ];
        for (method, path, query, headers, payload, expected) in examples {
            let canonical = Canonical {
                method,
                path,
                query,
                headers,
                payload,
            };
            assert_eq!(
                canonical.signature(&example(), &moment, "us-east-1"),
                expected
            );
        }
    }

    #[test]
    fn a_policy_is_signed_as_in_the_example_of_aws() {
        let moment = Moment::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_451_347_200));
        assert_eq!(moment.stamp, "20151229T000000Z");
        let policy = concat!(
            "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7",
            "ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91",
            "c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3Qi",
            "OiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwi",
            "fSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRh",
            "LXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVT",
            "MjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNy",
            "ZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9",
            "LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAi",
            "MjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9",
        );
        assert_eq!(
            sign(&example(), &moment, "us-east-1", policy.as_bytes()),
            "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
        );
    }
}
