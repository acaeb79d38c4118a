//! Files are removed under conditions.

use crate::storage::{Condition, Error, Key, Storage, StorageExt};

pub(super) async fn many(storage: &dyn Storage) {
    for key in ["m/1", "m/2", "m/a b"] {
        storage.put(key, key).await.expect("a write");
    }
    let failed = storage.delete_many(["m/1", "m/none", "m/a b"]).await;
    assert!(failed.expect("an answer").is_empty());
    let left = storage.list("m").await.expect("a listing");
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(storage.delete_prefix("m").await.expect("an answer"), 1);
    assert!(storage.list("m").await.expect("a listing").is_empty());
}

pub(super) async fn conditions(storage: &dyn Storage) {
    let key = Key::parse("c/gone").expect("a key");
    let refused = async |condition| {
        let removed = storage.remove(&key, &condition).await;
        matches!(removed, Err(Error::PreconditionFailed { key: blamed }) if blamed == key)
    };
    let old = storage.put(&key, "1").await.expect("a write").metadata.etag;
    let new = storage.put(&key, "2").await.expect("a write").metadata.etag;
    assert!(
        refused(Condition::IfMatch(old)).await && refused(Condition::IfAbsent).await,
        "another version was removed"
    );
    assert_eq!(storage.get(&key).await.expect("a read"), "2");
    let removed = storage.remove(&key, &Condition::IfMatch(new.clone())).await;
    removed.expect("this version");
    assert!(!storage.exists(&key).await.expect("an answer"));
    assert!(
        refused(Condition::IfMatch(new)).await,
        "a version that is gone was removed"
    );
    for condition in [Condition::Always, Condition::IfAbsent] {
        let removed = storage.remove(&key, &condition).await;
        removed.expect("what is not there is removed already");
    }
}
