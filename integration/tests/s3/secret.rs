//! Secrets are sent where they must be, and shown nowhere.

use crate::fault::{ACCESS_KEY, DENIED, Fault, FaultServer, Op, SECRET_KEY};
use rf::storage::{S3Config, S3Storage, StorageExt};

const TOKEN: &str = "the/token+of=a-session";

#[tokio::test]
async fn no_debug_and_no_error_shows_a_secret() {
    let server = FaultServer::start();
    let config = S3Config {
        session_token: Some(TOKEN.into()),
        attempts: 1,
        ..server.config()
    };
    let mut said = format!("{config:?} {config:#?}");
    let storage = S3Storage::new(config).unwrap();
    said.push_str(&format!("{storage:?} {storage:#?}"));
    for fault in [
        DENIED,
        Fault::Status(403, "SignatureDoesNotMatch"),
        Fault::Status(500, "InternalError"),
        Fault::Reset,
        Fault::ErrorIn200,
    ] {
        server.fail(1, Op::Put, fault.clone());
        server.fail(1, Op::Copy, fault);
        for result in [
            storage.put("a", "x").await.map(drop),
            storage.copy("a", "b").await.map(drop),
        ] {
            said.push_str(&format!("{result:?} "));
            if let Err(error) = result {
                said.push_str(&format!("{error} "));
            }
        }
    }
    for secret in [SECRET_KEY, TOKEN] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[tokio::test]
async fn a_session_token_is_sent_and_signed() {
    let server = FaultServer::start();
    let storage = S3Storage::new(S3Config {
        session_token: Some(TOKEN.into()),
        ..server.config()
    })
    .unwrap();
    storage.put("a", "x").await.unwrap();
    storage.list("").await.unwrap();
    for op in [Op::Put, Op::List] {
        let seen = &server.seen(op)[0];
        assert_eq!(seen.header("x-amz-security-token"), Some(TOKEN));
        let authorization = seen.header("authorization").unwrap();
        assert!(
            authorization.starts_with(&format!("AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/")),
            "{authorization}"
        );
        let signed = authorization.split("SignedHeaders=").nth(1).unwrap();
        let signed = signed.split(',').next().unwrap();
        assert!(
            signed.split(';').any(|name| name == "x-amz-security-token"),
            "{signed}"
        );
    }
}
