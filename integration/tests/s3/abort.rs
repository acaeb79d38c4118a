//! Whatever goes wrong with an upload by parts, nothing is left open.

use crate::fault::{
    DENIED, Fault, FaultServer, MIB, Op, Request, SLOW_DOWN, bucket::Bucket, pattern,
};
use rf::storage::{
    Condition, Error, Key, S3Config, S3Storage, Storage, StorageExt, WriteOptions, Writer,
};
use std::sync::Arc;

async fn writer(storage: &S3Storage) -> Box<dyn Writer> {
    let key = Key::parse("large").unwrap();
    storage.writer(&key, WriteOptions::new()).await.unwrap()
}

fn impatient(server: &FaultServer) -> S3Storage {
    S3Storage::new(S3Config {
        attempts: 2,
        ..server.config()
    })
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_refused_for_good_aborts_the_upload() {
    let server = FaultServer::start();
    let third = |seen: &Request| seen.op() == Op::Part && seen.part_number() == 3;
    server.fail_when(usize::MAX, third, DENIED);
    let put = server.storage().put("large", pattern(17 * MIB)).await;
    assert!(
        matches!(put, Err(Error::PermissionDenied { .. })),
        "{put:?}"
    );
    server.until_no_upload_is_open().await;
    assert_eq!(server.bucket(|bucket| bucket.begun), 1);
    assert!(!server.storage().exists("large").await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_fails_until_patience_ends_aborts_the_upload() {
    let server = FaultServer::start();
    server.fail(usize::MAX, Op::Part, SLOW_DOWN);
    let put = impatient(&server).put("large", pattern(6 * MIB)).await;
    assert!(put.as_ref().is_err_and(Error::is_outage), "{put:?}");
    server.until_no_upload_is_open().await;
    assert_eq!(server.bucket(|bucket| bucket.begun), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complete_that_answers_200_and_an_error_is_an_error() {
    let server = FaultServer::start();
    server.fail(usize::MAX, Op::Complete, Fault::ErrorIn200);
    let put = impatient(&server).put("large", pattern(6 * MIB)).await;
    assert!(
        matches!(&put, Err(Error::Backend { code, .. }) if code == "InternalError"),
        "{put:?}"
    );
    server.until_no_upload_is_open().await;
    assert!(!server.storage().exists("large").await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_that_comes_too_late_aborts_the_upload() {
    let server = FaultServer::start();
    let storage = server.storage();
    storage.put("seed", "first").await.unwrap();
    // It was not there when the upload began.
    let first = |bucket: &mut Bucket| {
        let seed = bucket.objects["seed"].clone();
        bucket.objects.insert("large".to_owned(), seed);
    };
    server.fail(1, Op::Create, Fault::Then(Arc::new(first)));
    let create = WriteOptions::new().condition(Condition::IfAbsent);
    let late = storage.put_with("large", pattern(6 * MIB), create).await;
    assert!(matches!(late, Err(Error::AlreadyExists { .. })), "{late:?}");
    server.until_no_upload_is_open().await;
    assert_eq!(server.bucket(|bucket| bucket.begun), 1);
    assert_eq!(storage.get("large").await.unwrap(), "first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_dropped_on_the_way_aborts_the_upload() {
    let server = FaultServer::start();
    let storage = server.storage();
    let mut writer = writer(&storage).await;
    writer.write(pattern(12 * MIB).into()).await.unwrap();
    server.until_seen(Op::Part, 1).await;
    drop(writer);
    server.until_no_upload_is_open().await;
    assert_eq!(server.bucket(|bucket| bucket.begun), 1);
    assert!(!storage.exists("large").await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aborted_writer_has_aborted_the_upload_when_it_says_so() {
    let server = FaultServer::start();
    let storage = server.storage();
    let mut writer = writer(&storage).await;
    writer.write(pattern(12 * MIB).into()).await.unwrap();
    server.until_seen(Op::Part, 1).await;
    writer.abort().await.unwrap();
    assert!(server.bucket(|bucket| bucket.uploads.is_empty()));
    server.until_no_upload_is_open().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_cancelled_aborts_the_upload() {
    let server = FaultServer::start();
    let storage = server.storage();
    let mut writer = writer(&storage).await;
    writer.write(pattern(6 * MIB).into()).await.unwrap();
    server.fail_when(usize::MAX, |seen| seen.op() == Op::Complete, SLOW_DOWN);
    let commit = tokio::spawn(writer.commit());
    server.until_seen(Op::Complete, 1).await;
    commit.abort();
    assert!(commit.await.unwrap_err().is_cancelled());
    server.until_no_upload_is_open().await;
    assert_eq!(server.bucket(|bucket| bucket.begun), 1);
    assert!(!storage.exists("large").await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_on_its_way_when_the_writer_is_dropped_does_not_keep_the_upload_open() {
    let server = FaultServer::start();
    let storage = server.storage();
    server.fail(1, Op::Part, Fault::Held);
    let mut writer = writer(&storage).await;
    let writing = tokio::spawn(async move {
        writer.write(pattern(12 * MIB).into()).await.unwrap();
        writer.commit().await
    });
    server.until_seen(Op::Part, 1).await;
    writing.abort();
    assert!(writing.await.unwrap_err().is_cancelled());
    server.release();
    server.until_no_upload_is_open().await;
    assert_eq!(server.bucket(|bucket| bucket.begun), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_being_created_when_the_writer_is_dropped_is_aborted() {
    let server = FaultServer::start();
    let storage = server.storage();
    server.fail(1, Op::Create, Fault::Held);
    let writing = tokio::spawn(async move { storage.put("large", pattern(12 * MIB)).await });
    server.until_seen(Op::Create, 1).await;
    writing.abort();
    assert!(writing.await.unwrap_err().is_cancelled());
    assert_eq!(server.bucket(|bucket| bucket.uploads.len()), 1);
    server.release();
    server.until_no_upload_is_open().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abort_that_fails_at_first_is_tried_again() {
    let server = FaultServer::start();
    let storage = server.storage();
    server.fail(1, Op::Abort, SLOW_DOWN);
    let mut writer = writer(&storage).await;
    writer.write(pattern(6 * MIB).into()).await.unwrap();
    server.until_seen(Op::Create, 1).await;
    drop(writer);
    server.until_no_upload_is_open().await;
    assert!(server.seen(Op::Abort).len() > 1);
}
