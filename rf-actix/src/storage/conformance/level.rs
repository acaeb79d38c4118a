//! Listings of one level, folders and all, and of prefixes that look like patterns.

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

/// After the files of [`listing`], whatever the text is the name of.
pub(super) async fn any_text_is_a_cursor(storage: &dyn Storage) {
    let prefix = Prefix::parse("v").expect("a prefix");
    let after = async |depth, cursor| {
        let page = storage.page(&prefix, depth, Some(cursor), 100).await;
        let page = page.expect("a page");
        (page.entries.len(), page.folders.len())
    };
    for (cursor, files, level) in [
        ("", 7, (2, 4)),
        ("v", 7, (2, 4)),
        ("v/", 7, (2, 4)),
        ("v/a/", 5, (1, 2)),
        ("v/a/x", 4, (1, 2)),
        ("v/a0", 3, (1, 2)),
        ("w", 0, (0, 0)),
    ] {
        assert_eq!(after(Depth::All, cursor).await, (files, 0), "{cursor:?}");
        assert_eq!(after(Depth::Level, cursor).await, level, "{cursor:?}");
    }
}

/// In what is listed, and in what is removed.
pub(super) async fn glob_characters_mean_themselves(storage: &dyn Storage) {
    let pairs = [("*", "any"), ("a?", "ab"), ("[ab]", "a"), ("{a,b}", "b")];
    for folder in pairs.iter().flat_map(|(glob, plain)| [glob, plain]) {
        let key = format!("glob/{folder}/file");
        storage.put(&key, "1").await.expect("a put");
    }
    for (glob, plain) in pairs {
        let (glob, plain) = (format!("glob/{glob}"), format!("glob/{plain}"));
        let listed = storage.list(&glob).await.expect("a listing");
        let listed: Vec<_> = listed.iter().map(|file| file.key.as_str()).collect();
        assert_eq!(listed, [format!("{glob}/file")], "a pattern was followed");
        let removed = storage.delete_prefix(&glob).await.expect("a removal");
        assert_eq!(removed, 1, "{glob} is a name");
        let left = storage.list(&plain).await.expect("a listing");
        assert_eq!(left.len(), 1, "{glob} removed {plain}");
    }
}
