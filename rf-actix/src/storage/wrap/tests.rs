#![allow(clippy::unwrap_used, reason = "tests")]

use super::{Observed, ReadOnly, Scoped};
use crate::storage::{
    Condition, Disks, Error, MemoryStorage, Observer, Op, Outcome, Prefix, SignedUrlOptions,
    Storage, StorageExt, WriteOptions, conformance,
};
use futures_util::TryStreamExt;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

fn prefix(text: &str) -> Prefix {
    Prefix::parse(text).unwrap()
}

#[actix_web::test]
async fn memory_and_every_decorator_conform() {
    conformance::run(&MemoryStorage::new()).await;
    conformance::run(&Scoped::new(MemoryStorage::new(), prefix("a/b"))).await;
    conformance::run(&Scoped::new(
        Scoped::new(MemoryStorage::new(), prefix("a")),
        prefix("b"),
    ))
    .await;
    conformance::run(&Observed::new(
        MemoryStorage::new(),
        "m",
        Observer::new(|_| {}),
    ))
    .await;
    let disks = Disks::builder()
        .disk("m", MemoryStorage::new())
        .build()
        .unwrap();
    conformance::run(&disks.default_disk().scoped("users/1").unwrap()).await;
}

#[actix_web::test]
async fn a_file_moved_across_onto_itself_stays_however_it_is_reached() {
    let memory = MemoryStorage::new();
    memory.put("a/b/x", "here").await.unwrap();
    let disks = Disks::builder().disk("m", memory.clone()).build().unwrap();
    let disk = disks.default_disk();
    let folder = disk.scoped("a").unwrap().scoped("b").unwrap();
    let watched = Observed::new(memory.clone(), "m", Observer::new(|_| {}));
    let inner = Scoped::new(Scoped::new(watched.clone(), prefix("a")), prefix("b"));
    let itself = folder.move_across("x", &disk, "a/b/x").await.unwrap();
    assert_eq!(itself.metadata.key.as_str(), "a/b/x");
    let itself = watched.move_across("a/b/x", &inner, "x").await.unwrap();
    assert_eq!(itself.metadata.key.as_str(), "x");
    inner.copy_across("x", &memory, "a/b/x").await.unwrap();
    assert_eq!(memory.get("a/b/x").await.unwrap(), "here");
    inner.move_across("x", &memory, "a/x").await.unwrap();
    assert!(!memory.exists("a/b/x").await.unwrap());
    assert_eq!(memory.get("a/x").await.unwrap(), "here");
    let other = MemoryStorage::new();
    memory.move_across("a/x", &other, "a/x").await.unwrap();
    assert_eq!(other.get("a/x").await.unwrap(), "here");
    assert!(!memory.exists("a/x").await.unwrap());
}

#[actix_web::test]
async fn a_scope_shows_nothing_of_the_rest() {
    let all = MemoryStorage::new();
    for key in ["u/1/mine", "u/10/other", "u/2/other", "top"] {
        all.put(key, key).await.unwrap();
    }
    let mine = Scoped::new(all.clone(), prefix("u/1"));
    let listed = mine.list("").await.unwrap();
    assert_eq!(
        listed
            .iter()
            .map(|file| file.key.as_str())
            .collect::<Vec<_>>(),
        ["mine"]
    );
    assert!(mine.get("../2/other").await.is_err());
    let error = mine.get("none").await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("u/1"), "{error:?}");
    let taken = mine
        .put_with(
            "mine",
            "",
            WriteOptions::new().condition(Condition::IfAbsent),
        )
        .await
        .unwrap_err();
    assert!(!format!("{taken:?}").contains("u/1"), "{taken:?}");
    assert_eq!(mine.metadata("mine").await.unwrap().key.as_str(), "mine");
    // A cursor is text of the client's: whatever it says, it only leaves out what is in the scope.
    for cursor in ["", "../", "../2/", "/", "zzz", "\u{10ffff}"] {
        let page = mine.list_page("", Some(cursor), 10).await.unwrap();
        assert!(
            page.entries.iter().all(|file| file.key.as_str() == "mine"),
            "{cursor:?}"
        );
    }
    mine.put("new", "x").await.unwrap();
    assert_eq!(all.get("u/1/new").await.unwrap(), "x");
    let long = "k".repeat(255);
    let key = [long.as_str(); 4].join("/");
    assert!(matches!(
        mine.put(&key, "").await,
        Err(Error::InvalidKey { .. })
    ));
}

#[actix_web::test]
async fn a_read_only_storage_refuses_every_change() {
    let files = MemoryStorage::new();
    files.put("a", "1").await.unwrap();
    let storage = ReadOnly::new(files);
    assert_eq!(storage.get("a").await.unwrap(), "1");
    assert_eq!(storage.list("").await.unwrap().len(), 1);
    storage.check().await.unwrap();
    let refusals = [
        storage.put("a", "2").await.map(drop),
        storage.delete("a").await,
        storage.copy("a", "b").await.map(drop),
        storage.move_to("a", "b").await.map(drop),
        storage
            .signed_url_with("a", SignedUrlOptions::upload(Duration::from_secs(5)))
            .await
            .map(drop),
    ];
    assert!(
        refusals
            .iter()
            .all(|refusal| matches!(refusal, Err(Error::ReadOnly))),
        "{refusals:?}"
    );
}

#[actix_web::test]
async fn every_operation_is_told_with_its_bytes_and_outcome() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&events);
    let disks = Disks::builder()
        .disk("m", MemoryStorage::new())
        .observer(move |event| {
            sink.lock()
                .unwrap()
                .push((event.op, event.outcome, event.bytes))
        })
        .build()
        .unwrap();
    let disk = disks.disk("m").unwrap().scoped("x").unwrap();
    disk.put("a", "12345").await.unwrap();
    disk.get("a").await.unwrap();
    let _ = disk.get("none").await;
    drop(
        disk.writer(&"b".parse().unwrap(), WriteOptions::new())
            .await
            .unwrap(),
    );
    disk.delete("a").await.unwrap();
    disk.check().await.unwrap();
    let told = events.lock().unwrap().clone();
    assert_eq!(
        told,
        [
            (Op::Write, Outcome::Ok, 5),
            (Op::Read, Outcome::Ok, 5),
            (Op::Read, Outcome::Failed("not_found"), 0),
            (Op::Write, Outcome::Abandoned, 0),
            (Op::Delete, Outcome::Ok, 0),
        ]
    );
}

#[actix_web::test]
async fn a_stream_let_go_is_told_as_abandoned() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&events);
    let folder = tempfile::tempdir().unwrap();
    let local = crate::storage::LocalStorage::new(folder.path()).unwrap();
    let tell = Observer::new(move |event| {
        sink.lock()
            .unwrap()
            .push((event.op, event.outcome, event.bytes))
    });
    let storage = Observed::new(local, "m", tell);
    storage.put("big", vec![0; 600_000]).await.unwrap();
    let mut stream = storage.read("big").await.unwrap().into_stream();
    let first = stream.try_next().await.unwrap().unwrap().len() as u64;
    drop(stream);
    assert_eq!(
        events.lock().unwrap().last(),
        Some(&(Op::Read, Outcome::Abandoned, first))
    );
    storage.get("big").await.unwrap();
    assert_eq!(
        events.lock().unwrap().last(),
        Some(&(Op::Read, Outcome::Ok, 600_000))
    );
}

#[actix_web::test]
async fn the_limit_of_a_disk_holds_for_every_way_in() {
    let disk = Disks::builder()
        .disk("m", MemoryStorage::new())
        .build()
        .unwrap()
        .default_disk()
        .limited(4);
    disk.put("a", "1234").await.unwrap();
    assert!(matches!(
        disk.put("a", "12345").await,
        Err(Error::TooLarge { limit: 4, .. })
    ));
    assert!(matches!(
        disk.limited(9).put("a", "12345").await,
        Err(Error::TooLarge { limit: 4, .. })
    ));
}
