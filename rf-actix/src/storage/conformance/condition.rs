//! Files are written under conditions.

use super::inputs;
use crate::storage::{Condition, Error, Storage, StorageExt, WriteOptions};
use futures_util::future::join_all;

pub(super) async fn conditions(storage: &dyn Storage) {
    let put = |content: &'static str, condition| {
        storage.put_with(
            "condition",
            content,
            WriteOptions::new().condition(condition),
        )
    };
    let first = put("1", Condition::IfAbsent)
        .await
        .expect("there is none yet");
    assert_eq!(first.created, Some(true));
    assert!(matches!(
        put("2", Condition::IfAbsent).await,
        Err(Error::AlreadyExists { .. })
    ));
    let second = put("2", Condition::IfMatch(first.metadata.etag.clone()))
        .await
        .expect("nobody else wrote");
    assert_eq!(second.created, Some(false));
    let late = put("3", Condition::IfMatch(first.metadata.etag)).await;
    assert!(matches!(late, Err(Error::PreconditionFailed { .. })));
    assert_eq!(
        storage.get("condition").await.expect("a get"),
        "2",
        "a refused write changed the file"
    );
    storage.delete("condition").await.expect("a delete");
    let gone = put("4", Condition::IfMatch(second.metadata.etag)).await;
    assert!(matches!(gone, Err(Error::PreconditionFailed { .. })));
    assert!(!storage.exists("condition").await.expect("exists"));
}

pub(super) async fn refused_conditions(storage: &dyn Storage) {
    let create = WriteOptions::new().condition(Condition::IfAbsent);
    let refused = storage.put_with("condition", "1", create).await;
    assert!(
        matches!(refused, Err(Error::Unsupported { .. })),
        "a condition that cannot be kept is refused, not ignored"
    );
    assert!(!storage.exists("condition").await.expect("exists"));
}

pub(super) async fn created_once(storage: &dyn Storage) {
    let inputs = inputs();
    let create = WriteOptions::new().condition(Condition::IfAbsent);
    let puts = inputs
        .iter()
        .map(|input| storage.put_with("race/create", input.clone(), create.clone()));
    let winners: Vec<_> = join_all(puts)
        .await
        .into_iter()
        .enumerate()
        .filter(|(_, put)| put.is_ok())
        .collect();
    assert_eq!(winners.len(), 1, "create-if-absent has exactly one winner");
    assert_eq!(
        storage.get("race/create").await.expect("a get"),
        inputs[winners[0].0]
    );
}
