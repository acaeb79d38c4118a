//! More keys than one answer holds.

use crate::{
    fault::{DENIED, FaultServer, Op, bucket::Bucket},
    server::Server,
};
use rf::storage::{Depth, Error, Key, Prefix, Scoped, Storage, StorageExt};
use std::collections::BTreeSet;

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("many/{n:05} & <ü>")).collect()
}

/// Puts files there without a request each.
async fn fill(server: &FaultServer, names: &[String]) {
    server.storage().put("seed", "x").await.unwrap();
    server.bucket(|bucket: &mut Bucket| {
        let seed = bucket.objects.remove("seed").unwrap();
        for name in names {
            bucket.objects.insert(name.clone(), seed.clone());
        }
    });
    server.ops();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_five_hundred_keys_list_completely_and_in_order() {
    let server = FaultServer::start();
    let names = names(2500);
    fill(&server, &names).await;
    let listed = server.storage().list("many").await.unwrap();
    let listed: Vec<String> = listed.iter().map(|file| file.key.to_string()).collect();
    assert!(listed == names, "{} keys, or out of order", listed.len());
    assert_eq!(server.ops(), [Op::List; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_an_odd_size_are_the_whole() {
    let server = FaultServer::start();
    let names = names(2500);
    fill(&server, &names).await;
    let storage = server.storage();
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = storage.list_page("many", cursor.as_deref(), 777).await;
        let page = page.unwrap();
        assert!(page.entries.len() <= 777);
        all.extend(page.entries.iter().map(|file| file.key.to_string()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert!(all == names, "{} keys, or out of order", all.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_fails_in_the_middle_is_an_error() {
    let server = FaultServer::start();
    fill(&server, &names(1500)).await;
    let later = |seen: &crate::fault::Request| {
        seen.op() == Op::List && (seen.asks("continuation-token") || seen.asks("start-after"))
    };
    server.fail_when(usize::MAX, later, DENIED);
    let listed = server.storage().list("many").await;
    assert!(listed.is_err(), "{} keys", listed.unwrap().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_delete_splits_at_a_thousand() {
    let server = FaultServer::start();
    let names = names(2500);
    fill(&server, &names).await;
    let keys: Vec<Key> = names.iter().map(|name| Key::parse(name).unwrap()).collect();
    let removed = server.storage().remove_many(&keys).await;
    assert_eq!(removed.len(), 2500);
    assert!(removed.iter().all(Result::is_ok));
    let mut sizes: Vec<usize> = server
        .seen(Op::DeleteMany)
        .iter()
        .map(|seen| seen.text().matches("<Key>").count())
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [500, 1000, 1000]);
    assert!(server.bucket(|bucket| bucket.objects.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_delete_tells_of_each_key() {
    let server = FaultServer::start();
    let storage = server.storage();
    let names = ["a", "locked/b", "none", "c & <d>", "locked/e"];
    fill(&server, &names.map(str::to_owned)).await;
    let keys: Vec<Key> = names
        .iter()
        .map(|name| Key::parse(*name).unwrap())
        .collect();
    let removed = storage.remove_many(&keys).await;
    for (key, result) in keys.iter().zip(&removed) {
        if key.as_str().starts_with("locked/") {
            assert!(
                matches!(result, Err(Error::PermissionDenied { key: blamed }) if blamed == key),
                "{key}: {result:?}"
            );
        } else {
            assert!(result.is_ok(), "{key}: {result:?}");
        }
    }
    let left: BTreeSet<String> = server.bucket(|bucket| bucket.objects.keys().cloned().collect());
    assert_eq!(left, ["locked/b", "locked/e"].map(str::to_owned).into());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_no_document_can_hold_does_not_spoil_a_batch_delete() {
    let server = FaultServer::start();
    let names = ["a", "b\u{fffe}", "\u{ffff}/c", "locked/d", "e"];
    fill(&server, &names.map(str::to_owned)).await;
    let keys = names.map(|name| Key::parse(name).unwrap());
    let removed = server.storage().remove_many(&keys).await;
    let failed: Vec<bool> = removed.iter().map(Result::is_err).collect();
    assert_eq!(failed, [false, false, false, true, false], "{removed:?}");
    let left = server.bucket(|bucket| bucket.objects.keys().cloned().collect::<Vec<_>>());
    assert_eq!(left, ["locked/d"]);
    assert_eq!(server.seen(Op::DeleteMany).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_cursor_on_a_scoped_disk_is_the_beginning() {
    let server = FaultServer::start();
    fill(&server, &["u/x/a", "u/x/f/b", "u/y"].map(str::to_owned)).await;
    let scoped = Scoped::new(server.storage(), Prefix::parse("u/x").unwrap());
    let all = scoped.list_page("", Some(""), 100).await.unwrap();
    assert_eq!(all.entries.len(), 2);
    let root = Prefix::default();
    let level = scoped.page(&root, Depth::Level, Some(""), 100).await;
    let level = level.unwrap();
    assert_eq!((level.entries.len(), level.folders.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_delete_that_is_refused_whole_blames_every_key() {
    let server = FaultServer::start();
    let keys = ["a", "b"].map(|name| Key::parse(name).unwrap());
    server.fail(1, Op::DeleteMany, DENIED);
    let removed = server.storage().remove_many(&keys).await;
    assert_eq!(removed.len(), 2);
    assert!(removed.iter().all(Result::is_err), "{removed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_checks_digests_takes_a_batch_delete() {
    let server = Server::start();
    let storage = server.storage();
    let keys = ["a", "ü & <d>", "none"].map(|name| Key::parse(name).unwrap());
    for key in &keys[..2] {
        storage.put(key, "x").await.unwrap();
    }
    let removed = storage.remove_many(&keys).await;
    assert!(removed.iter().all(Result::is_ok), "{removed:?}");
    assert!(storage.list("").await.unwrap().is_empty());
}
