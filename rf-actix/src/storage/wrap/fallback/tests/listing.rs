//! What waits stands in listings, at every place and limit.

use super::Place;
use crate::storage::{Depth, MemoryStorage, Prefix, Storage, StorageExt};

const BEFORE: [&str; 9] = ["a", "b/1", "b/2", "c/d/1", "e", "f/x", "g", "h/1", "i"];
/// First, last, alone, side by side; the whole of a folder, and one of several files.
const REMOVED: [&str; 6] = ["a", "b/1", "c/d/1", "g", "i", "none"];
const ADDED: [&str; 8] = ["0", "b/3", "b0", "c", "d/1", "e", "f/a/b/c", "z/1"];

async fn walk(files: &dyn Storage, prefix: &str, depth: Depth, limit: usize) -> Vec<String> {
    let prefix = Prefix::parse(prefix).unwrap();
    let (mut names, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = files
            .page(&prefix, depth, cursor.as_deref(), limit)
            .await
            .unwrap();
        let mut here: Vec<_> = page
            .entries
            .iter()
            .map(|file| file.key.to_string())
            .collect();
        here.extend(page.folders.iter().map(|folder| format!("{folder}/")));
        here.sort();
        assert!(here.len() <= limit, "{here:?}");
        assert!(page.next.is_none() || page.next.as_ref() == here.last());
        names.extend(here);
        match page.next {
            Some(next) => cursor = Some(next),
            None => return names,
        }
        names.push("|".to_owned());
    }
}

#[actix_web::test]
async fn a_listing_is_that_of_a_primary_that_has_everything() {
    let (place, expected) = (Place::new(), MemoryStorage::new());
    let files = place.open();
    for key in BEFORE {
        files.put(key, "1").await.unwrap();
        expected.put(key, "1").await.unwrap();
    }
    place.primary.close();
    for key in REMOVED {
        files.delete(key).await.unwrap();
        expected.delete(key).await.unwrap();
    }
    for key in ADDED {
        files.put(key, "22").await.unwrap();
        expected.put(key, "22").await.unwrap();
    }
    assert_eq!(files.state().pending, REMOVED.len() + ADDED.len());
    for depth in [Depth::All, Depth::Level] {
        for prefix in ["", "b", "c", "c/d", "f", "h", "z", "nowhere"] {
            for limit in 1..=12 {
                let (right, found) = (
                    walk(&expected, prefix, depth, limit).await,
                    walk(&files, prefix, depth, limit).await,
                );
                assert_eq!(found, right, "{depth:?} of {prefix:?} by {limit}");
            }
        }
    }
    let sizes = |listed: Vec<crate::storage::Metadata>| -> Vec<_> {
        listed
            .into_iter()
            .map(|file| (file.key, file.size))
            .collect()
    };
    let right = sizes(expected.list("").await.unwrap());
    assert_eq!(sizes(files.list("").await.unwrap()), right);
    place.primary.up();
    files.settled().await.unwrap();
    assert_eq!(sizes(place.primary.files.list("").await.unwrap()), right);
}
