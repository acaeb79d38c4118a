//! Files whose name is known only at the end.

use super::pattern;
use crate::storage::{Key, Storage, StorageExt, WriteOptions};

/// More than one part on S3.
const LARGE: usize = 10 << 20;

pub(super) async fn told_at_the_end(storage: &dyn Storage) {
    for size in [3, LARGE] {
        let before = storage.list("").await.expect("a listing").len();
        let options = WriteOptions::new().content_type("x/y").ask_created(true);
        let mut writer = storage
            .writer(&Key::provisional(), options)
            .await
            .expect("a writer");
        writer.write(pattern(size)).await.expect("a write");
        let now = storage.list("").await.expect("a listing").len();
        assert_eq!(now, before, "a file without a name is listed");
        let key = Key::parse(format!("late/{size}")).expect("a key");
        writer.retarget(key.clone()).expect("a name");
        let written = writer.commit().await.expect("a commit");
        assert_eq!((&written.metadata.key, written.created), (&key, Some(true)));
        let known = storage.metadata(&key).await.expect("metadata");
        assert_eq!(known.content_type, "x/y");
        assert_eq!(storage.get(&key).await.expect("a get"), pattern(size));
        let now = storage.list("").await.expect("a listing").len();
        assert_eq!(now, before + 1, "more was published than the file");
    }
}
