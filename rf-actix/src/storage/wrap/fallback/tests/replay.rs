//! The primary is back: what waited arrives, in order and checked.

use super::{
    Place,
    flaky::{Flaky, PROBE, Point},
    until,
};
use crate::storage::{Error, MemoryStorage, Storage, StorageExt, WriteOptions, wrap::Fallback};
use std::{fs, path::PathBuf, sync::Arc};

/// The files of the journal on the host, in order.
fn journal(place: &Place) -> Vec<PathBuf> {
    let folder = place.folder.path().join("fallback-drive/pending");
    let mut files: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files
}

#[actix_web::test]
async fn what_was_acknowledged_arrives_after_restarts() {
    let place = Place::new();
    let files = place.open();
    for key in ["kept", "replaced", "deleted", "moved"] {
        files.put(key, "before").await.unwrap();
    }
    let mut begun = files
        .writer(&"begun".parse().unwrap(), WriteOptions::new())
        .await
        .unwrap();
    begun.write(vec![1; 300_000].into()).await.unwrap();
    place.primary.close();
    begun.write(vec![2; 300_000].into()).await.unwrap();
    files.put("replaced", "while away").await.unwrap();
    files.delete("deleted").await.unwrap();
    files.put("new", "1").await.unwrap();
    begun.commit().await.unwrap();
    drop(files);

    let files = place.open();
    assert_eq!(files.get("replaced").await.unwrap(), "while away");
    assert!(!files.exists("deleted").await.unwrap());
    assert_eq!(files.state().pending, 4);
    files.put("new", "2").await.unwrap();
    let moved = files.move_to("moved", "there").await;
    assert!(moved.as_ref().is_err_and(Error::is_outage), "{moved:?}");
    files.move_to("replaced", "there").await.unwrap();
    files.put("deleted", "again").await.unwrap();
    files.delete("deleted").await.unwrap();
    drop(files);

    let files = place.open();
    place.primary.up();
    files.settled().await.unwrap();
    let begun = [vec![1; 300_000], vec![2; 300_000]].concat();
    let expected = [
        ("begun", begun),
        ("kept", b"before".to_vec()),
        ("moved", b"before".to_vec()),
        ("new", b"2".to_vec()),
        ("there", b"while away".to_vec()),
    ];
    let expected = expected.map(|(key, content)| (key.to_owned(), content));
    assert_eq!(place.arrived().await, expected);
    assert!(place.waiting().await.is_empty());
    assert!(files.state().primary_up);
}

#[actix_web::test]
async fn a_crash_between_arrival_and_removal_replays_once_more() {
    let place = Place::new();
    let files = place.open();
    files.put("gone", "1").await.unwrap();
    place.primary.down();
    let options = WriteOptions::new().note("who", "me");
    files.put_with("a", "1", options).await.unwrap();
    files.delete("gone").await.unwrap();
    let aside = tempfile::tempdir().unwrap();
    for file in journal(&place) {
        // A rename keeps the attributes that a copy of the bytes would lose: records need none.
        fs::copy(&file, aside.path().join(file.file_name().unwrap())).unwrap();
    }
    place.primary.up();
    files.settled().await.unwrap();
    let arrived = place.arrived().await;
    drop(files);
    let folder = place.folder.path().join("fallback-drive/pending");
    fs::create_dir_all(&folder).unwrap();
    for file in fs::read_dir(aside.path()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    let files = place.open();
    files.settled().await.unwrap();
    assert_eq!(place.arrived().await, arrived);
    assert_eq!(arrived, [("a".to_owned(), b"1".to_vec())]);
    assert_eq!(
        place.primary.files.metadata("a").await.unwrap().user["who"],
        "me"
    );
    assert!(place.waiting().await.is_empty());
}

#[actix_web::test]
async fn an_older_file_that_stayed_behind_does_not_count() {
    let place = Place::new();
    let files = place.open();
    place.primary.down();
    files.put("a", "older").await.unwrap();
    let older = journal(&place).remove(0);
    let kept = fs::read(&older).unwrap();
    files.put("a", "newer").await.unwrap();
    drop(files);
    fs::write(&older, kept).unwrap();
    let files = place.open();
    assert_eq!(files.get("a").await.unwrap(), "newer");
    assert_eq!(journal(&place).len(), 1);
    files.put("b", "").await.unwrap();
    let last = journal(&place).pop().unwrap();
    assert!(
        last.ends_with("00000000000000000003"),
        "numbers go on after the highest: {last:?}"
    );
}

#[actix_web::test]
async fn what_the_primary_refuses_is_kept_and_holds_up_nothing_else() {
    let place = Place::new();
    let files = place.open();
    place.primary.down();
    files.put("refused", "1").await.unwrap();
    files.put("other", "2").await.unwrap();
    files.delete("third").await.unwrap();
    place.primary.refuse(Some("refused"));
    place.primary.up();
    until(&files, |state| state.pending == 1).await;
    assert_eq!(place.arrived().await, [("other".to_owned(), b"2".to_vec())]);
    assert!(files.state().primary_up);
    assert_eq!(files.get("refused").await.unwrap(), "1");
    // Newer ones queue behind it, and those of others do not.
    files.put("refused", "3").await.unwrap();
    files.put("other", "4").await.unwrap();
    assert_eq!(files.state().pending, 1);
    place.primary.refuse(None);
    files.settled().await.unwrap();
    let expected = [
        ("other".to_owned(), b"4".to_vec()),
        ("refused".to_owned(), b"3".to_vec()),
    ];
    assert_eq!(place.arrived().await, expected);
}

#[actix_web::test]
async fn a_file_that_always_fails_holds_up_nothing_else() {
    let place = Place::new();
    let files = place.open();
    place.primary.down();
    files.put("large", "1").await.unwrap();
    for n in 0..5 {
        files.put(format!("k{n}"), "2").await.unwrap();
    }
    place.primary.fail(Some("large"));
    place.primary.up();
    until(&files, |state| state.pending == 1 && state.primary_up).await;
    assert_eq!(place.arrived().await.len(), 5);
    assert_eq!(files.get("large").await.unwrap(), "1");
    // The primary is there: whoever asks for a condition is judged by it.
    files.create("new", "3").await.unwrap();
    assert!(files.state().primary_up);
    place.primary.fail(None);
    files.settled().await.unwrap();
    assert_eq!(place.primary.files.get("large").await.unwrap(), "1");
}

#[actix_web::test]
async fn an_older_file_that_cannot_be_removed_keeps_the_newer_one_waiting() {
    let place = Place::new();
    let secondary = Flaky::over(place.local());
    let files = place.open_on(secondary.shared());
    place.primary.down();
    files.put("a", "older").await.unwrap();
    secondary.refuse(Some("fallback-drive/pending/00000000000000000001"));
    files.put("a", "newer").await.unwrap();
    assert_eq!(place.waiting().await.len(), 2);
    let (journal, key) = (&files.shared.journal, "a".parse().unwrap());
    let refused = journal.settle(&key, 2).await;
    assert!(refused.is_err(), "the older one would come back");
    assert_eq!((files.state().pending, place.waiting().await.len()), (1, 2));
    drop(files);
    let files = place.open_on(secondary.shared());
    assert_eq!(files.get("a").await.unwrap(), "newer");
    assert!(files.shared.journal.settle(&key, 2).await.is_err());
    secondary.refuse(None);
    place.primary.up();
    files.settled().await.unwrap();
    assert!(place.waiting().await.is_empty());
    let arrived = place.arrived().await;
    assert_eq!(arrived, [("a".to_owned(), b"newer".to_vec())]);
}

#[actix_web::test]
async fn what_arrived_is_gone_from_the_medium_before_anything_newer_is_taken() {
    let place = Place::new();
    let secondary = Flaky::over(place.local());
    let files = place.open_on(secondary.shared());
    place.primary.down();
    files.put("a", "1").await.unwrap();
    files.delete("b").await.unwrap();
    assert_eq!(secondary.syncs(), 0);
    place.primary.up();
    files.settled().await.unwrap();
    assert_eq!(secondary.syncs(), 2);
}

#[actix_web::test]
async fn an_outage_during_the_replay_stops_nothing_for_good() {
    for point in [Point::Create, Point::Write, Point::Commit, Point::Answer] {
        let place = Place::new();
        let files = place.open();
        place.primary.down();
        for n in 0..5 {
            files.put(format!("k{n}"), vec![n; 300_000]).await.unwrap();
        }
        files.delete("none").await.unwrap();
        place.primary.up();
        place.primary.slip_at(point);
        files.settled().await.unwrap();
        let expected: Vec<_> = (0..5)
            .map(|n| (format!("k{n}"), vec![n; 300_000]))
            .collect();
        assert_eq!(place.arrived().await, expected, "{point:?}");
        until(&files, |state| state.primary_up).await;
    }
}

#[actix_web::test]
async fn content_that_was_damaged_on_the_secondary_never_arrives() {
    let place = Place::new();
    let files = place.open();
    place.primary.down();
    files.put("damaged", "a fine text").await.unwrap();
    files.put("torn", "another text").await.unwrap();
    files.put("whole", "the third one").await.unwrap();
    let paths = journal(&place);
    drop(files);
    let mut bytes = fs::read(&paths[0]).unwrap();
    bytes[0] ^= 1;
    fs::write(&paths[0], bytes).unwrap();
    let bytes = fs::read(&paths[1]).unwrap();
    fs::write(&paths[1], &bytes[3..]).unwrap();
    fs::write(paths[1].with_file_name("notes.txt"), "of somebody else").unwrap();
    place.primary.up();
    let files = place.open();
    until(&files, |state| state.pending == 1).await;
    assert_eq!(
        place.arrived().await,
        [("whole".to_owned(), b"the third one".to_vec())]
    );
    assert!(
        paths[0].exists() && paths[1].exists(),
        "nothing is thrown away"
    );
    assert!(files.state().primary_up);
}

#[actix_web::test]
async fn a_primary_that_refuses_the_probe_is_there() {
    let place = Place::new();
    let files = place.open();
    place.primary.down();
    files.put("a", "1").await.unwrap();
    place.primary.refuse(Some(PROBE));
    place.primary.up();
    files.settled().await.unwrap();
    assert!(files.state().primary_up);
    let refused = files.check().await;
    assert!(
        matches!(refused, Err(Error::PermissionDenied { .. })),
        "{refused:?}"
    );
}

#[actix_web::test]
async fn the_thread_ends_with_the_last_clone() {
    let primary: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let held = Arc::downgrade(&primary);
    let secondary: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let files = Fallback::builder("drive", primary, secondary)
        .build()
        .unwrap();
    let clone = files.clone();
    drop(files);
    clone.put("a", "1").await.unwrap();
    assert!(held.upgrade().is_some());
    drop(clone);
    assert!(held.upgrade().is_none());
}
