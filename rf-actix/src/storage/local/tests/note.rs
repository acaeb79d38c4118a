//! Types and notes beside files: what fits, and what cannot be read.

use super::fresh;
use crate::storage::{Error, StorageExt, WriteOptions};
use std::fs;

#[actix_web::test]
async fn notes_that_do_not_fit_are_refused_and_those_there_are_never_taken_for_none() {
    let (folder, storage) = fresh();
    storage.put("a", "old").await.unwrap();
    let quotes = WriteOptions::new().note("who", "\"".repeat(2000));
    let long = WriteOptions::new().content_type("x/".to_owned() + &"y".repeat(4000));
    for options in [quotes, long] {
        let refused = storage.put_with("a", "new", options).await;
        assert!(
            matches!(refused, Err(Error::TooLarge { .. })),
            "{refused:?}"
        );
        assert_eq!(storage.get("a").await.unwrap(), "old");
    }
    let most = WriteOptions::new().note("who", "m".repeat(2045));
    storage.put_with("most", "", most).await.unwrap();
    let known = storage.metadata("most").await.unwrap();
    assert_eq!(known.user["who"].len(), 2045);
    let note = |key: &str, text: &str| {
        let file = fs::File::open(folder.path().join("a").join(key)).unwrap();
        let flags = rustix::fs::XattrFlags::empty();
        rustix::fs::fsetxattr(file, "user.rf-actix", text.as_bytes(), flags)
    };
    note("a", "no JSON").unwrap();
    assert!(matches!(storage.metadata("a").await, Err(Error::Io { .. })));
    assert!(matches!(storage.get("a").await, Err(Error::Io { .. })));
    storage.delete("a").await.unwrap();
    // Where the file system has the room, longer ones were taken once.
    let text = format!(r#"{{"t":"x/y","n":{{"who":"{}"}}}}"#, "m".repeat(9000));
    if note("most", &text).is_ok() {
        let known = storage.metadata("most").await.unwrap();
        assert_eq!(
            (known.content_type.as_str(), known.user["who"].len()),
            ("x/y", 9000)
        );
    }
}
