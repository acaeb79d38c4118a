//! Listings of one level, folders and all.

use crate::storage::{Depth, Prefix, Storage, StorageExt};

pub(super) async fn listing(storage: &dyn Storage) {
    let keys = [
        "v/a-b/x", "v/a.txt", "v/a/x", "v/a/y/z", "v/ab/x", "v/b", "v/z/z",
    ];
    for key in keys {
        storage.put(key, key).await.expect("a put");
    }
    let expected = ["v/a-b/", "v/a.txt", "v/a/", "v/ab/", "v/b", "v/z/"];
    let prefix = Prefix::parse("v").expect("a prefix");
    for limit in 1..=expected.len() {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let page = storage
                .page(&prefix, Depth::Level, cursor.as_deref(), limit)
                .await
                .expect("a page");
            assert!(page.entries.len() + page.folders.len() <= limit);
            let files = page.entries.iter().map(|file| file.key.to_string());
            let folders = page.folders.iter().map(|folder| format!("{folder}/"));
            all.extend(files.chain(folders));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        all.sort();
        assert_eq!(all, expected, "pages of {limit} are the whole level");
    }
    let level = storage.list_level("v/a").await.expect("a listing");
    assert_eq!((level.entries.len(), level.folders.len()), (1, 1));
    assert_eq!(level.folders[0].as_str(), "v/a/y");
    let nothing = storage.list_level("v/none").await.expect("a listing");
    assert!(nothing.entries.is_empty() && nothing.folders.is_empty());
}
