//! Renaming and removing: a version that somebody else wrote is never lost.

use crate::fault::{
    Fault, FaultServer, MIB, Op,
    bucket::{Bucket, Stored},
    http::digest,
};
use rf::storage::{
    Condition, Depth, Error, Key, Prefix, S3Config, S3Storage, Storage, StorageExt, Visibility,
    WriteOptions, Writer,
};
use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

fn write_over(bucket: &mut Bucket, content: &[u8]) {
    let old = bucket.objects["a"].clone();
    let new = Stored {
        content: Arc::new(content.to_vec()),
        etag: digest(content),
        ..old
    };
    bucket.objects.insert("a".to_owned(), new);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_while_a_file_is_renamed_is_renamed_too() {
    let server = FaultServer::start();
    let storage = server.storage();
    storage.put("a", "old").await.unwrap();
    let write = |bucket: &mut Bucket| write_over(bucket, b"new");
    server.fail(1, Op::Copy, Fault::Then(Arc::new(write)));
    let moved = storage.move_to("a", "b").await.unwrap();
    assert_eq!(storage.get("b").await.unwrap(), "new");
    assert_eq!(storage.metadata("b").await.unwrap().etag, moved.etag);
    assert!(!storage.exists("a").await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_written_again_and_again_is_not_renamed_and_not_lost() {
    let server = FaultServer::start();
    let storage = server.storage();
    storage.put("a", "old").await.unwrap();
    let count = AtomicU8::new(0);
    let write = move |bucket: &mut Bucket| {
        write_over(bucket, &[count.fetch_add(1, Ordering::SeqCst)]);
    };
    server.fail(usize::MAX, Op::Copy, Fault::Then(Arc::new(write)));
    let moved = storage.move_to("a", "b").await;
    assert!(
        matches!(moved, Err(Error::PreconditionFailed { .. })),
        "{moved:?}"
    );
    let copies = server.seen(Op::Copy).len() as u8;
    assert_eq!(storage.get("a").await.unwrap(), vec![copies - 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_takes_no_condition_of_a_removal_renames_all_the_same() {
    let server = FaultServer::start();
    let storage = server.storage();
    storage.put("a", "x").await.unwrap();
    server.fail(1, Op::Delete, Fault::Status(501, "NotImplemented"));
    storage.move_to("a", "b").await.unwrap();
    assert!(!storage.exists("a").await.unwrap());
    assert_eq!(storage.get("b").await.unwrap(), "x");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_whose_answer_was_lost_has_removed_the_version() {
    let server = FaultServer::start();
    let storage = server.storage();
    let written = storage.put("a", "x").await.unwrap();
    server.fail(1, Op::Delete, Fault::Lost);
    let key = Key::parse("a").unwrap();
    let version = Condition::IfMatch(written.metadata.etag);
    storage.remove(&key, &version).await.unwrap();
    assert_eq!(server.seen(Op::Delete).len(), 2, "the answer was not lost");
    let gone = storage.remove(&key, &version).await;
    assert!(
        matches!(gone, Err(Error::PreconditionFailed { .. })),
        "{gone:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_file_on_a_public_disk_stays_private_when_it_is_copied_and_renamed() {
    let server = FaultServer::start();
    let storage = S3Storage::new(S3Config {
        visibility: Some(Visibility::Public),
        ..server.config()
    })
    .unwrap();
    storage.put("a", "secret").await.unwrap();
    storage
        .change_visibility("a", Visibility::Private)
        .await
        .unwrap();
    storage.copy("a", "b").await.unwrap();
    storage.move_to("a", "c").await.unwrap();
    for key in ["b", "c"] {
        let seen = storage.get_visibility(key).await.unwrap();
        assert_eq!(seen, Visibility::Private, "{key}");
    }
}

async fn large(storage: &S3Storage, key: &Key) -> Box<dyn Writer> {
    let mut writer = storage.writer(key, WriteOptions::new()).await.unwrap();
    writer.write(vec![7; 6 * MIB].into()).await.unwrap();
    writer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_without_a_name_yet_is_seen_by_nobody() {
    let server = FaultServer::start();
    let storage = server.storage();
    let mut writer = large(&storage, &Key::provisional()).await;
    // It is whole under its first key, and not yet copied to its last one.
    server.fail(1, Op::Copy, Fault::Held);
    writer.retarget(Key::parse("named").unwrap()).unwrap();
    let commit = tokio::spawn(writer.commit());
    server.until_seen(Op::Complete, 1).await;
    let root = Prefix::default();
    let level = storage.page(&root, Depth::Level, None, 100).await;
    let level = level.unwrap();
    assert!(level.folders.is_empty(), "{level:?}");
    let listed = storage.list("").await.unwrap();
    assert!(
        listed.iter().all(|file| file.key.as_str() == "named"),
        "{listed:?}"
    );
    server.release();
    commit.await.unwrap().unwrap();
    let left = server.bucket(|bucket| bucket.objects.keys().cloned().collect::<Vec<_>>());
    assert_eq!(left, ["named"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_begun_under_the_key_of_another_leaves_that_alone() {
    let server = FaultServer::start();
    let storage = server.storage();
    let key = Key::parse("there").unwrap();
    storage.put(&key, "old").await.unwrap();
    let mut writer = large(&storage, &key).await;
    let refused = writer.retarget(Key::parse("named").unwrap());
    assert!(
        matches!(refused, Err(Error::Unsupported { .. })),
        "{refused:?}"
    );
    drop(writer);
    server.until_no_upload_is_open().await;
    assert_eq!(storage.get("there").await.unwrap(), "old");
}
