//! The calls that are made of others.

use crate::storage::{Error, MemoryStorage, Storage, StorageExt, Visibility, WriteOptions};
use futures_util::TryStreamExt;
use sha2::{Digest, Sha256};

pub(super) async fn calls(storage: &dyn Storage) {
    joined(storage).await;
    checksums(storage).await;
    across(storage).await;
    visibility(storage).await;
    let value = vec![1, 2, 3];
    storage.put_json("s/v.json", &value).await.expect("a put");
    let read: Vec<i32> = storage.read_json("s/v.json").await.expect("a read");
    assert_eq!(read, value);
    let wrong = storage.read_json::<String, _>("s/v.json").await;
    assert!(matches!(wrong, Err(Error::MediaType { .. })));
    assert_eq!(storage.size("s/v.json").await.expect("a size"), 7);
    let listed: Vec<_> = storage.files("s").try_collect().await.expect("a listing");
    let whole = storage.list("s").await.expect("a listing");
    assert_eq!(listed.len(), whole.len());
}

async fn joined(storage: &dyn Storage) {
    let options = WriteOptions::new().content_type("x/y").note("who", "me");
    storage
        .put_with("s/log", "b", options)
        .await
        .expect("a put");
    storage.append("s/log", "c").await.expect("an append");
    let written = storage.prepend("s/log", "a").await.expect("a prepend");
    assert_eq!(storage.get("s/log").await.expect("a get"), "abc");
    let known = storage.metadata("s/log").await.expect("metadata");
    assert_eq!(known.content_type, "x/y", "the type stays");
    assert_eq!(known.user["who"], "me", "notes stay");
    assert_eq!(written.metadata.size, 3);
    storage.append("s/new", "first").await.expect("an append");
    assert_eq!(storage.get("s/new").await.expect("a get"), "first");
}

async fn checksums(storage: &dyn Storage) {
    let digest: [u8; 32] = Sha256::digest(b"content").into();
    let options = WriteOptions::new().sha256(digest);
    storage
        .put_with("s/sum", "content", options.clone())
        .await
        .expect("the content it says");
    let wrong = storage.put_with("s/sum", "other", options).await;
    assert!(matches!(wrong, Err(Error::Checksum { .. })), "{wrong:?}");
    assert_eq!(storage.get("s/sum").await.expect("a get"), "content");
    assert_eq!(
        storage.checksum("s/sum").await.expect("a checksum"),
        hex::encode(digest)
    );
}

async fn across(storage: &dyn Storage) {
    let other = MemoryStorage::new();
    let options = WriteOptions::new().content_type("x/y").note("who", "me");
    storage
        .put_with("s/here", "content", options)
        .await
        .expect("a put");
    storage
        .copy_across("s/here", &other, "there")
        .await
        .expect("a copy");
    let there = other.metadata("there").await.expect("metadata");
    assert_eq!((there.content_type.as_str(), there.size), ("x/y", 7));
    assert_eq!(there.user["who"], "me");
    other
        .move_across("there", storage, "s/back")
        .await
        .expect("a move");
    assert!(!other.exists("there").await.expect("exists"));
    assert_eq!(storage.get("s/back").await.expect("a get"), "content");
    let itself = storage.move_across("s/back", storage, "s/back").await;
    let itself = itself.expect("a move onto itself");
    assert_eq!(
        (itself.metadata.size, itself.created),
        (7, Some(false)),
        "a move onto itself tells what is there"
    );
    storage
        .copy_across("s/back", storage, "s/back")
        .await
        .expect("a copy onto itself");
    assert_eq!(storage.get("s/back").await.expect("a get"), "content");
    let missing = storage.move_across("s/none", storage, "s/none").await;
    assert!(matches!(missing, Err(Error::NotFound { .. })));
    let missing = storage.move_across("s/none", &other, "x").await;
    assert!(matches!(missing, Err(Error::NotFound { .. })));
}

async fn visibility(storage: &dyn Storage) {
    storage.put("s/seen", "x").await.expect("a put");
    if !storage.capabilities().visibility {
        let refused = storage
            .change_visibility("s/seen", Visibility::Public)
            .await;
        assert!(matches!(refused, Err(Error::Unsupported { .. })));
        return;
    }
    for visibility in [Visibility::Public, Visibility::Private] {
        storage
            .change_visibility("s/seen", visibility)
            .await
            .expect("a change");
        storage.append("s/seen", "y").await.expect("an append");
        storage.prepend("s/seen", "z").await.expect("a prepend");
        storage.copy("s/seen", "s/copy").await.expect("a copy");
        storage.move_to("s/copy", "s/moved").await.expect("a move");
        for key in ["s/seen", "s/moved"] {
            let seen = storage.get_visibility(key).await.expect("an answer");
            assert_eq!(seen, visibility, "{key}");
        }
    }
    let missing = storage.get_visibility("s/none").await;
    assert!(
        matches!(missing, Err(Error::NotFound { .. })),
        "{missing:?}"
    );
}
