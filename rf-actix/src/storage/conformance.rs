//! What every backend must do, as one suite to run against yours.
//!
//! ```
//! # #[actix_web::main]
//! # async fn main() {
//! rf::storage::conformance::run(&rf::storage::MemoryStorage::new()).await;
//! # }
//! ```

mod condition;
mod level;
mod name;
mod removal;
mod sugar;

use super::{Error, Metadata, Page, Storage, StorageExt, WriteOptions};
use bytes::Bytes;
use futures_util::{TryStreamExt, future::join_all};
use std::time::{Duration, SystemTime};

/// Keys that trip what is careless about text.
const AWKWARD: [&str; 16] = [
    "a b",
    " lead",
    "a+b",
    "100%",
    "a#b",
    "a?b",
    "x&y=z",
    "~'(a)*!",
    "ünï/çödé",
    "\u{e9}",
    "e\u{301}",
    "😀/😀.png",
    "%2e%2e",
    "*",
    "[a]{b}",
    "a..b",
];

/// Runs the suite on an empty storage, and leaves it empty.
///
/// # Panics
/// When the storage does something else; the message says what.
pub async fn run(storage: &dyn Storage) {
    whole_files(storage).await;
    awkward_keys(storage).await;
    if storage.capabilities().conditions {
        condition::conditions(storage).await;
        removal::conditions(storage).await;
        condition::created_once(storage).await;
    } else {
        condition::refused_conditions(storage).await;
    }
    removal::many(storage).await;
    replaced_as_one(storage).await;
    writers(storage).await;
    name::told_at_the_end(storage).await;
    ranges(storage).await;
    listing(storage).await;
    level::listing(storage).await;
    level::any_text_is_a_cursor(storage).await;
    level::glob_characters_mean_themselves(storage).await;
    sugar::calls(storage).await;
    copy_and_move(storage).await;
    storage.check().await.expect("a healthy storage");
    for file in storage.list("").await.expect("a listing") {
        storage.delete(&file.key).await.expect("a delete");
    }
    assert!(
        storage.list("").await.expect("a listing").is_empty(),
        "deleted files are listed"
    );
}

async fn whole_files(storage: &dyn Storage) {
    assert!(
        matches!(storage.get("none").await, Err(Error::NotFound { key }) if key.as_str() == "none")
    );
    assert!(matches!(
        storage.metadata("none").await,
        Err(Error::NotFound { .. })
    ));
    storage
        .delete("none")
        .await
        .expect("removing nothing is fine");
    for size in [0, 1, 65_536, 65_537, 262_144, 600_000] {
        let content = pattern(size);
        let asking = WriteOptions::new().ask_created(true);
        let written = storage
            .put_with("whole/file.txt", content.clone(), asking)
            .await
            .expect("a put");
        assert_eq!(
            written.created,
            Some(size == 0),
            "only the first put creates"
        );
        assert_eq!(written.metadata.size, size as u64);
        let known = storage.metadata("whole/file.txt").await.expect("metadata");
        assert!(
            same(&known, &written.metadata),
            "what commit says is what is there: {known:?}, {written:?}"
        );
        assert_eq!(known.content_type, "text/plain");
        assert_eq!(storage.get("whole/file.txt").await.expect("a get"), content);
    }
    let options = WriteOptions::new().content_type("x/y").note("who", "mé");
    let first = storage
        .put_with("whole/typed", "1", options.clone())
        .await
        .expect("a put")
        .metadata;
    assert_eq!(
        (first.content_type.as_str(), first.user["who"].as_str()),
        ("x/y", "mé")
    );
    let second = storage
        .put_with("whole/typed", "2", options)
        .await
        .expect("a put")
        .metadata;
    assert_ne!(first.etag, second.etag, "another write is another tag");
    assert!(storage.exists("whole/typed").await.expect("exists"));
    storage.delete("whole/typed").await.expect("a delete");
    assert!(!storage.exists("whole/typed").await.expect("exists"));
    assert!(
        !storage.exists("whole").await.expect("exists"),
        "a folder is no file"
    );
    assert!(matches!(
        storage.put("../x", "").await,
        Err(Error::InvalidKey { .. })
    ));
}

async fn awkward_keys(storage: &dyn Storage) {
    for key in AWKWARD {
        let key = format!("awkward/{key}");
        storage.put(&key, key.clone()).await.expect("a put");
        assert_eq!(storage.read_string(&key).await.expect("a get"), key);
        let copied = storage
            .copy(&key, format!("{key}-copy"))
            .await
            .expect("a copy");
        assert_eq!(copied.key.as_str(), format!("{key}-copy"));
    }
    let listed = storage.list("awkward").await.expect("a listing");
    for key in AWKWARD {
        assert!(
            listed
                .iter()
                .any(|file| file.key.as_str() == format!("awkward/{key}")),
            "{key:?} is not listed"
        );
    }
}

fn inputs() -> Vec<Bytes> {
    (0..16u8).map(|n| Bytes::from(vec![n; 300_000])).collect()
}

async fn replaced_as_one(storage: &dyn Storage) {
    let inputs = inputs();
    let puts = inputs
        .iter()
        .map(|input| storage.put("race/replace", input.clone()));
    for put in join_all(puts).await {
        put.expect("a put");
    }
    let last = storage.get("race/replace").await.expect("a get");
    assert!(
        inputs.contains(&last),
        "concurrent puts end as exactly one of the inputs"
    );
}

async fn writers(storage: &dyn Storage) {
    storage.put("writer", "old").await.expect("a put");
    let key = "writer".parse().expect("a key");
    let mut writer = storage
        .writer(&key, WriteOptions::new())
        .await
        .expect("a writer");
    for _ in 0..40 {
        writer.write(pattern(10_007)).await.expect("a write");
    }
    assert_eq!(
        storage.get("writer").await.expect("a get"),
        "old",
        "unpublished bytes are seen"
    );
    drop(writer);
    let mut writer = storage
        .writer(&key, WriteOptions::new())
        .await
        .expect("a writer");
    writer.write(pattern(300_000)).await.expect("a write");
    writer.abort().await.expect("an abort");
    assert_eq!(
        storage.get("writer").await.expect("a get"),
        "old",
        "a discarded write changed the file"
    );
    let mut writer = storage
        .writer(&key, WriteOptions::new().ask_created(true))
        .await
        .expect("a writer");
    writer.write("new".into()).await.expect("a write");
    writer
        .retarget("renamed.txt".parse().expect("a key"))
        .expect("a retarget");
    let written = writer.commit().await.expect("a commit");
    assert_eq!(
        (written.metadata.key.as_str(), written.created),
        ("renamed.txt", Some(true))
    );
    assert_eq!(storage.get("renamed.txt").await.expect("a get"), "new");
    assert_eq!(storage.get("writer").await.expect("a get"), "old");
    // An opened file stays what it was, or reading it fails.
    storage
        .put("opened", pattern(600_000))
        .await
        .expect("a put");
    let opened = storage.read("opened").await.expect("an open");
    storage.put("opened", "other").await.expect("a put");
    let read: Result<Vec<Bytes>, Error> = opened.into_stream().try_collect().await;
    match read {
        Ok(chunks) => assert_eq!(
            chunks.concat(),
            pattern(600_000),
            "a reader sees one version"
        ),
        Err(error) => assert!(
            !storage.capabilities().pinned,
            "an opened file was lost: {error}"
        ),
    }
}

async fn ranges(storage: &dyn Storage) {
    for size in [10, 600_000] {
        let content = pattern(size);
        storage.put("range", content.clone()).await.expect("a put");
        for (start, end) in [
            (0, 1),
            (1, 9),
            (5, 5),
            (size / 2, size),
            (0, size),
            (0, usize::MAX),
        ] {
            let part = storage
                .get_range("range", start as u64..end as u64)
                .await
                .expect("a range");
            assert_eq!(
                part,
                content.slice(start..end.min(size)),
                "{start}..{end} of {size}"
            );
        }
        let outside = storage.get_range("range", size as u64 + 1..u64::MAX).await;
        assert!(matches!(outside, Err(Error::RangeNotSatisfiable { .. })));
    }
}

async fn listing(storage: &dyn Storage) {
    let keys = [
        "l/a-b/x", "l/a.txt", "l/a/x", "l/a/y/z", "l/ab/x", "l/b", "l/*", "l0", "la/x",
    ];
    for key in keys {
        storage.put(key, key).await.expect("a put");
    }
    let names = |page: &Page| {
        page.entries
            .iter()
            .map(|file| file.key.as_str().to_owned())
            .collect::<Vec<_>>()
    };
    let mut expected: Vec<_> = keys
        .iter()
        .filter(|key| key.starts_with("l/"))
        .map(|&key| key.to_owned())
        .collect();
    expected.sort();
    for prefix in ["l", "l/"] {
        let page = storage.list_page(prefix, None, 100).await.expect("a page");
        assert_eq!(
            names(&page),
            expected,
            "prefixes are whole segments, keys are in byte order"
        );
        assert_eq!(page.next, None);
    }
    for limit in 1..=expected.len() {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let page = storage
                .list_page("l", cursor.as_deref(), limit)
                .await
                .expect("a page");
            assert!(page.entries.len() <= limit);
            all.extend(names(&page));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(all, expected, "pages of {limit} are the whole");
    }
    assert!(storage.list("nowhere").await.expect("a listing").is_empty());
    assert!(matches!(
        storage.list("../").await,
        Err(Error::InvalidKey { .. })
    ));
}

async fn copy_and_move(storage: &dyn Storage) {
    let options = WriteOptions::new().content_type("x/y").note("who", "me");
    let source = storage
        .put_with("c/source", "1", options)
        .await
        .expect("a put")
        .metadata;
    let copied = storage
        .copy("c/source", "c/deep/copy")
        .await
        .expect("a copy");
    assert_eq!(
        (copied.content_type.as_str(), copied.user["who"].as_str()),
        ("x/y", "me")
    );
    storage.put("c/source", "2").await.expect("a put");
    assert_eq!(
        storage.get("c/deep/copy").await.expect("a get"),
        "1",
        "a copy is a real copy"
    );
    storage
        .copy("c/deep/copy", "c/deep/copy")
        .await
        .expect("a copy onto itself");
    storage
        .move_to("c/deep/copy", "c/deep/copy")
        .await
        .expect("a move onto itself");
    assert_eq!(storage.get("c/deep/copy").await.expect("a get"), "1");
    assert!(
        matches!(storage.move_to("c/none", "c/source").await, Err(Error::NotFound { key }) if key.as_str() == "c/none")
    );
    assert!(matches!(
        storage.copy("c/none", "c/source").await,
        Err(Error::NotFound { .. })
    ));
    assert_eq!(
        storage.get("c/source").await.expect("a get"),
        "2",
        "a missing source left the target"
    );
    let moved = storage
        .move_to("c/deep/copy", "c/source")
        .await
        .expect("a move");
    assert_eq!(
        (moved.key.as_str(), moved.content_type.as_str()),
        ("c/source", "x/y")
    );
    assert!(!storage.exists("c/deep/copy").await.expect("exists"));
    assert_eq!(storage.get("c/source").await.expect("a get"), "1");
    let other = storage.put("c/source", "3").await.expect("a put");
    assert_ne!(source.etag, other.metadata.etag);
}

/// The moment of a write may be told by a coarser clock afterwards.
fn same(one: &Metadata, other: &Metadata) -> bool {
    let apart = |a: SystemTime, b: SystemTime| a.duration_since(b).unwrap_or_default();
    let (one_time, other_time) = (one.last_modified, other.last_modified);
    let far = apart(one_time, other_time).max(apart(other_time, one_time));
    let timeless = |file: &Metadata| Metadata {
        last_modified: SystemTime::UNIX_EPOCH,
        ..file.clone()
    };
    timeless(one) == timeless(other) && far < Duration::from_secs(10)
}

fn pattern(size: usize) -> Bytes {
    (0..size)
        .map(|n| (n % 251) as u8)
        .collect::<Vec<_>>()
        .into()
}
