//! Conditions while the primary is away.

use super::Place;
use crate::storage::{Condition, Error, Key, Storage, StorageExt, WriteOptions};

#[actix_web::test]
async fn a_condition_is_judged_against_what_waits() {
    let place = Place::new();
    let files = place.open();
    place.primary.down();
    let put = |content: &'static str, condition| {
        files.put_with("a", content, WriteOptions::new().condition(condition))
    };
    let first = files.put("a", "1").await.unwrap().metadata.etag;
    assert!(
        matches!(put("2", Condition::IfAbsent).await, Err(Error::AlreadyExists { key }) if key.as_str() == "a")
    );
    let second = put("2", Condition::IfMatch(first.clone())).await.unwrap();
    assert_eq!(second.created, Some(false));
    let second = second.metadata.etag;
    let late = put("3", Condition::IfMatch(first.clone())).await;
    assert!(
        matches!(late, Err(Error::PreconditionFailed { .. })),
        "{late:?}"
    );
    let key = Key::parse("a").unwrap();
    for condition in [Condition::IfAbsent, Condition::IfMatch(first)] {
        let refused = files.remove(&key, &condition).await;
        assert!(
            matches!(refused, Err(Error::PreconditionFailed { .. })),
            "{refused:?}"
        );
    }
    assert_eq!(files.get("a").await.unwrap(), "2");
    files
        .remove(&key, &Condition::IfMatch(second.clone()))
        .await
        .unwrap();
    let gone = files
        .remove(&key, &Condition::IfMatch(second.clone()))
        .await;
    assert!(
        matches!(gone, Err(Error::PreconditionFailed { .. })),
        "{gone:?}"
    );
    files.remove(&key, &Condition::IfAbsent).await.unwrap();
    let gone = put("4", Condition::IfMatch(second)).await;
    assert!(
        matches!(gone, Err(Error::PreconditionFailed { .. })),
        "{gone:?}"
    );
    let created = put("5", Condition::IfAbsent).await.unwrap();
    assert_eq!(created.created, Some(true));
    place.primary.up();
    files.settled().await.unwrap();
    assert_eq!(place.arrived().await, [("a".to_owned(), b"5".to_vec())]);
}

#[actix_web::test]
async fn what_only_the_primary_can_judge_is_never_acknowledged() {
    let place = Place::new();
    let files = place.open();
    let old = files.put("old", "1").await.unwrap().metadata.etag;
    let key = Key::parse("old").unwrap();
    let absent = WriteOptions::new().condition(Condition::IfAbsent);
    let mut begun = files.writer(&key, absent.clone()).await.unwrap();
    begun.write("2".into()).await.unwrap();
    place.primary.down();
    let outages = [
        begun.commit().await.map(drop),
        files.put_with("new", "2", absent).await.map(drop),
        files
            .put_with(
                "old",
                "2",
                WriteOptions::new().condition(Condition::IfMatch(old.clone())),
            )
            .await
            .map(drop),
        files.remove(&key, &Condition::IfMatch(old)).await,
    ];
    for outage in outages {
        assert!(outage.as_ref().is_err_and(Error::is_outage), "{outage:?}");
    }
    assert_eq!(files.state().pending, 0);
    assert!(place.waiting().await.is_empty());
}

#[actix_web::test]
async fn a_condition_on_what_arrived_meanwhile_is_no_outage() {
    let place = Place::new();
    let files = place.open();
    place.primary.down();
    let waited = files.put("a", "1").await.unwrap().metadata.etag;
    let mut begun = Vec::new();
    for condition in [Condition::IfMatch(waited), Condition::IfAbsent] {
        let options = WriteOptions::new().condition(condition);
        let key = Key::parse("a").unwrap();
        let mut writer = files.writer(&key, options).await.unwrap();
        writer.write("2".into()).await.unwrap();
        begun.push(writer);
    }
    place.primary.up();
    files.settled().await.unwrap();
    let exists = begun.pop().unwrap().commit().await;
    assert!(
        matches!(exists, Err(Error::AlreadyExists { .. })),
        "{exists:?}"
    );
    let changed = begun.pop().unwrap().commit().await;
    assert!(
        matches!(changed, Err(Error::PreconditionFailed { .. })),
        "{changed:?}"
    );
    assert_eq!(files.get("a").await.unwrap(), "1");
    assert!(place.waiting().await.is_empty());
}

#[actix_web::test]
async fn of_many_who_create_a_removed_file_one_wins() {
    let place = Place::new();
    let files = place.open();
    place.primary.down();
    files.delete("a").await.unwrap();
    let create = WriteOptions::new().condition(Condition::IfAbsent);
    let puts = (0..16u8).map(|n| files.put_with("a", vec![n; 300_000], create.clone()));
    let puts = futures_util::future::join_all(puts).await;
    let won: Vec<_> = (0..16u8).zip(puts).filter(|(_, put)| put.is_ok()).collect();
    assert_eq!(won.len(), 1, "{won:?}");
    assert_eq!(files.get("a").await.unwrap(), vec![won[0].0; 300_000]);
}
