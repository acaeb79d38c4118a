//! What is tried again, and what is not.

use crate::fault::{DENIED, Fault, FaultServer, MIB, Op, SLOW_DOWN, assert_same, pattern};
use rf::storage::{Error, Key, S3Config, S3Storage, Storage, StorageExt};
use std::{collections::BTreeMap, time::Duration};

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_503_is_survived_with_the_same_bytes() {
    let server = FaultServer::start();
    let storage = server.storage();
    server.fail(2, Op::Part, SLOW_DOWN);
    server.fail(1, Op::Create, SLOW_DOWN);
    server.fail(1, Op::Complete, SLOW_DOWN);
    storage.put("large", pattern(11 * MIB)).await.unwrap();
    assert_same(&storage.get("large").await.unwrap(), &pattern(11 * MIB));
    let mut tries: BTreeMap<u32, Vec<Vec<u8>>> = BTreeMap::new();
    for part in server.seen(Op::Part) {
        tries.entry(part.part_number()).or_default().push(part.body);
    }
    assert_eq!(tries.len(), 3);
    assert_eq!(tries.values().map(Vec::len).sum::<usize>(), 5);
    for again in tries.values() {
        again.iter().for_each(|bytes| assert_same(bytes, &again[0]));
    }
    server.until_no_upload_is_open().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_by_itself_is_tried_again_for_every_operation() {
    let server = FaultServer::start();
    let storage = server.storage();
    for fault in [
        SLOW_DOWN,
        Fault::Status(500, "InternalError"),
        Fault::Status(429, "TooManyRequests"),
        Fault::Reset,
    ] {
        for op in [
            Op::Put,
            Op::Get,
            Op::Head,
            Op::List,
            Op::Copy,
            Op::DeleteMany,
            Op::Delete,
        ] {
            server.fail(1, op, fault.clone());
        }
        storage.put("a", "x").await.unwrap();
        assert_eq!(storage.get("a").await.unwrap(), "x");
        assert_eq!(storage.metadata("a").await.unwrap().size, 1);
        assert_eq!(storage.list("").await.unwrap().len(), 1);
        storage.copy("a", "b").await.unwrap();
        let removed = storage.remove_many(&[Key::parse("b").unwrap()]).await;
        assert!(removed.iter().all(Result::is_ok), "{removed:?}");
        storage.delete("a").await.unwrap();
        for op in [Op::Put, Op::Get, Op::List, Op::Copy] {
            assert_eq!(server.seen(op).len(), 2, "{fault:?} of {op:?}");
        }
        server.ops();
    }
}

#[tokio::test]
async fn a_200_with_an_error_that_passes_is_tried_again() {
    let server = FaultServer::start();
    let storage = server.storage();
    storage.put("a", "x").await.unwrap();
    server.fail(1, Op::Copy, Fault::ErrorIn200);
    storage.copy("a", "b").await.unwrap();
    assert_eq!(server.seen(Op::Copy).len(), 2);
    assert_eq!(storage.get("b").await.unwrap(), "x");
}

#[tokio::test]
async fn a_refusal_and_a_missing_file_are_not_tried_again() {
    let server = FaultServer::start();
    let storage = server.storage();
    for op in [Op::Put, Op::Get, Op::Head] {
        server.fail(1, op, DENIED);
    }
    for refused in [
        storage.put("a", "x").await.map(drop),
        storage.get("a").await.map(drop),
        storage.metadata("a").await.map(drop),
    ] {
        assert!(
            matches!(refused, Err(Error::PermissionDenied { .. })),
            "{refused:?}"
        );
    }
    for missing in [
        storage.get("a").await.map(drop),
        storage.metadata("a").await.map(drop),
    ] {
        assert!(
            matches!(missing, Err(Error::NotFound { .. })),
            "{missing:?}"
        );
    }
    assert_eq!(server.seen(Op::Put).len(), 1);
    assert_eq!(server.seen(Op::Get).len(), 2);
    assert_eq!(server.seen(Op::Head).len(), 2);
}

#[tokio::test]
async fn patience_ends_with_the_last_attempt() {
    let server = FaultServer::start();
    let storage = S3Storage::new(S3Config {
        attempts: 3,
        ..server.config()
    })
    .unwrap();
    server.fail(usize::MAX, Op::Put, Fault::Status(500, "InternalError"));
    let error = storage.put("a", "x").await.unwrap_err();
    assert!(error.is_outage(), "{error:?}");
    assert!(
        matches!(&error, Error::Backend { code, status: 500, request_id: Some(id) }
            if code == "InternalError" && id == "RQ7"),
        "{error:?}"
    );
    assert_eq!(server.seen(Op::Put).len(), 3);
}

#[tokio::test]
async fn patience_ends_with_the_deadline() {
    let server = FaultServer::start();
    let storage = S3Storage::new(S3Config {
        attempts: 1_000_000,
        deadline: Duration::from_millis(300),
        ..server.config()
    })
    .unwrap();
    server.fail(usize::MAX, Op::Put, SLOW_DOWN);
    let error = storage.put("a", "x").await.unwrap_err();
    assert!(error.is_outage(), "{error:?}");
    assert!(server.seen(Op::Put).len() < 1000);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_outage() {
    let config = FaultServer::start().config();
    let storage = S3Storage::new(S3Config {
        attempts: 2,
        ..config
    })
    .unwrap();
    for error in [
        storage.put("a", "x").await.map(drop).unwrap_err(),
        storage.get("a").await.map(drop).unwrap_err(),
        storage.check().await.unwrap_err(),
    ] {
        assert!(error.is_outage() && error.is_retryable(), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_a_timeout() {
    let server = FaultServer::start();
    let storage = S3Storage::new(S3Config {
        attempts: 1,
        idle_timeout: Duration::from_millis(200),
        ..server.config()
    })
    .unwrap();
    server.fail(1, Op::Head, Fault::Silent);
    let error = storage.metadata("a").await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    assert!(error.is_outage());
}
