//! Links and forms, by the examples of AWS and by what they must hold.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::sign::Signing;
use crate::storage::{
    error::Error,
    key::Key,
    options::{SignedUrlOptions, Visibility},
    s3::{config::S3Config, credentials::Credentials, resolved::Resolved},
    storage::SignedUrl,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: Duration = Duration::from_secs(86_400);

fn aws() -> S3Config {
    S3Config {
        bucket: "examplebucket".to_owned(),
        endpoint: Some("https://s3.amazonaws.com".to_owned()),
        path_style: Some(false),
        ..S3Config::default()
    }
}

/// 2013-05-24, as in the examples.
fn then() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_369_353_600)
}

fn credentials() -> Credentials {
    Credentials {
        access_key: "AKIAIOSFODNN7EXAMPLE".into(),
        secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
        session_token: None,
        expires_at: None,
    }
}

fn lent() -> Credentials {
    Credentials {
        session_token: Some("to/ken=".into()),
        expires_at: Some(then() + Duration::from_secs(60)),
        ..credentials()
    }
}

fn sign_with(
    config: &S3Config,
    credentials: &Credentials,
    key: &str,
    options: &SignedUrlOptions,
) -> Result<SignedUrl, Error> {
    let resolved = Resolved::new(config).unwrap();
    Signing::new(&resolved, credentials, then(), options.expires)?
        .sign(&Key::parse(key).unwrap(), options)
}

fn sign(key: &str, options: &SignedUrlOptions) -> Result<SignedUrl, Error> {
    sign_with(&aws(), &credentials(), key, options)
}

fn field<'a>(form: &'a SignedUrl, name: &str) -> Option<&'a str> {
    let found = form.fields.iter().find(|(field, _)| field == name);
    found.map(|(_, value)| value.as_str())
}

fn policy(form: &SignedUrl) -> Value {
    let text = BASE64_STANDARD
        .decode(field(form, "policy").unwrap())
        .unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn a_download_is_signed_as_in_the_example_of_aws() {
    let link = sign("test.txt", &SignedUrlOptions::download(DAY)).unwrap();
    assert_eq!(
        link.url,
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
         &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
         &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    );
    assert_eq!((link.method, link.expires_at), ("GET", then() + DAY));
}

#[test]
fn links_live_between_a_second_and_seven_days() {
    for wrong in [
        Duration::ZERO,
        Duration::from_millis(999),
        DAY * 7 + Duration::from_millis(1),
    ] {
        for options in [
            SignedUrlOptions::download(wrong),
            SignedUrlOptions::upload(wrong),
            SignedUrlOptions::form(wrong),
        ] {
            let refused = sign("a", &options).unwrap_err();
            assert!(matches!(refused, Error::InvalidExpiry { given } if given == wrong));
        }
    }
    let longest = sign("a", &SignedUrlOptions::download(DAY * 7)).unwrap();
    assert!(longest.url.contains("X-Amz-Expires=604800&"));
}

#[test]
fn awkward_keys_are_encoded_once_wherever_the_bucket_stands() {
    let key = "a b/%3F?#&é+.txt";
    let encoded = "a%20b/%253F%3F%23%26%C3%A9%2B.txt?X-Amz-Algorithm";
    let options = SignedUrlOptions::download(DAY);
    let hosted = sign(key, &options).unwrap().url;
    assert!(
        hosted.starts_with(&format!("https://examplebucket.s3.amazonaws.com/{encoded}")),
        "{hosted}"
    );
    let config = S3Config {
        endpoint: Some("http://127.0.0.1:9000/store/".to_owned()),
        path_style: None,
        ..aws()
    };
    let own = sign_with(&config, &credentials(), key, &options)
        .unwrap()
        .url;
    assert!(
        own.starts_with(&format!(
            "http://127.0.0.1:9000/store/examplebucket/{encoded}"
        )),
        "{own}"
    );
}

#[test]
fn a_download_that_is_saved_says_under_which_name() {
    let link = sign(
        "a/é\"x.txt",
        &SignedUrlOptions::download(DAY).attachment(true),
    )
    .unwrap();
    let url = url::Url::parse(&link.url).unwrap();
    let (_, value) = url
        .query_pairs()
        .find(|(name, _)| name == "response-content-disposition")
        .unwrap();
    assert_eq!(
        value,
        "attachment; filename=\"__x.txt\"; filename*=UTF-8''%C3%A9%22x.txt"
    );
}

#[test]
fn links_of_lent_keys_hold_their_token_and_die_with_them() {
    let link = sign_with(&aws(), &lent(), "a", &SignedUrlOptions::download(DAY)).unwrap();
    assert!(
        link.url.contains("&X-Amz-Security-Token=to%2Fken%3D&"),
        "{}",
        link.url
    );
    assert_eq!(link.expires_at, then() + Duration::from_secs(60));
    let form = sign_with(&aws(), &lent(), "a", &SignedUrlOptions::form(DAY)).unwrap();
    assert_eq!(field(&form, "x-amz-security-token"), Some("to/ken="));
    assert!(
        policy(&form)["conditions"]
            .as_array()
            .unwrap()
            .contains(&json!(["eq", "$x-amz-security-token", "to/ken="]))
    );
}

#[test]
fn an_upload_is_held_to_the_headers_it_must_send() {
    let options = SignedUrlOptions::upload(DAY)
        .content_type("image/png")
        .content_length(5)
        .sha256([0; 32]);
    let config = S3Config {
        visibility: Some(Visibility::Public),
        ..aws()
    };
    let link = sign_with(&config, &credentials(), "a.png", &options).unwrap();
    assert_eq!(link.method, "PUT");
    let headers: Vec<(&str, &str)> = link
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        headers,
        [
            ("content-type", "image/png"),
            ("content-length", "5"),
            ("x-amz-acl", "public-read"),
            (
                "x-amz-checksum-sha256",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
            ),
        ]
    );
    assert!(link.url.contains(
        "&X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bx-amz-acl%3Bx-amz-checksum-sha256&"
    ));
    let other = sign_with(&config, &credentials(), "a.png", &options.content_length(6)).unwrap();
    assert_ne!(link.url, other.url);
}

#[test]
fn what_a_link_cannot_hold_an_upload_to_needs_a_form() {
    for options in [
        SignedUrlOptions::upload(DAY).max_size(5),
        SignedUrlOptions::upload(DAY).content_type("image/*"),
    ] {
        let refused = sign("a", &options).unwrap_err();
        assert!(matches!(refused, Error::Unsupported { op } if op.contains("form")));
    }
}

#[test]
fn a_form_may_hold_what_its_policy_says_and_nothing_else() {
    let options = SignedUrlOptions::form(DAY)
        .max_size(9)
        .content_type("image/*");
    let form = sign("a/b c.png", &options).unwrap();
    assert_eq!(
        (form.method, form.url.as_str()),
        ("POST", "https://examplebucket.s3.amazonaws.com/")
    );
    assert_eq!(
        policy(&form),
        json!({
            "expiration": "2013-05-25T00:00:00.000Z",
            "conditions": [
                { "bucket": "examplebucket" },
                ["eq", "$key", "a/b c.png"],
                ["eq", "$x-amz-algorithm", "AWS4-HMAC-SHA256"],
                ["eq", "$x-amz-credential", "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"],
                ["eq", "$x-amz-date", "20130524T000000Z"],
                ["content-length-range", 0, 9],
                ["starts-with", "$Content-Type", "image/"],
            ],
        })
    );
    assert_eq!(field(&form, "key"), Some("a/b c.png"));
    assert_eq!(field(&form, "x-amz-signature").map(str::len), Some(64));
}

#[test]
fn a_form_may_be_held_to_exact_bytes() {
    let options = SignedUrlOptions::form(DAY)
        .max_size(9)
        .content_length(5)
        .content_type("image/png")
        .sha256([0; 32]);
    let form = sign("a.png", &options).unwrap();
    let policy = policy(&form);
    let conditions = policy["conditions"].as_array().unwrap();
    assert!(conditions.contains(&json!(["content-length-range", 5, 5])));
    assert!(conditions.contains(&json!(["eq", "$Content-Type", "image/png"])));
    assert_eq!(field(&form, "Content-Type"), Some("image/png"));
    assert!(field(&form, "x-amz-checksum-sha256").is_some());
    let refused = sign("a.png", &options.content_length(10)).unwrap_err();
    assert!(matches!(refused, Error::TooLarge { limit: 9, .. }));
}

#[test]
fn a_form_does_not_let_the_browser_complete_the_key() {
    let refused = sign("a/${filename}", &SignedUrlOptions::form(DAY)).unwrap_err();
    assert!(matches!(refused, Error::Unsupported { .. }));
    for pattern in ["image/png,image/gif", "*/png", "image*"] {
        let options = SignedUrlOptions::form(DAY).content_type(pattern);
        assert!(
            matches!(sign("a", &options), Err(Error::Unsupported { .. })),
            "{pattern}"
        );
    }
}
