//! Folders that lie within another, are pruned, or hold more than a page.

use super::{both, fresh};
use crate::storage::{Depth, LocalStorage, Prefix, Storage, StorageExt};
use std::{fs, os::unix::fs::symlink};

#[actix_web::test]
async fn a_folder_within_another_is_the_same_place() {
    let (folder, outer) = fresh();
    symlink(folder.path().join("a"), folder.path().join("link")).unwrap();
    let inner = LocalStorage::new(folder.path().join("link/users")).unwrap();
    outer.put("users/x", "here").await.unwrap();
    inner.move_across("x", &outer, "users/x").await.unwrap();
    outer.move_across("users/x", &inner, "x").await.unwrap();
    assert_eq!(inner.get("x").await.unwrap(), "here");
    outer.move_across("users/x", &inner, "y").await.unwrap();
    assert!(!inner.exists("x").await.unwrap());
}

#[actix_web::test]
async fn a_folder_is_synced_also_when_it_was_pruned() {
    for (_folder, storage) in both() {
        storage.put("a/b/c", "x").await.unwrap();
        for beneath in ["a/b", "a", "", "a/b/none", "a/b/c"] {
            storage.sync(&beneath.try_into().unwrap()).await.unwrap();
        }
        storage.delete("a/b/c").await.unwrap();
        storage.sync(&"a/b".try_into().unwrap()).await.unwrap();
    }
}

#[actix_web::test]
async fn a_folder_of_more_than_a_page_is_listed_to_its_end() {
    let (folder, storage) = fresh();
    for n in 0..2200 {
        // Empty folders count for nothing, and must not end a page.
        let path = folder.path().join(format!("a/{n:04}"));
        match n {
            0..1100 => fs::create_dir(path).unwrap(),
            _ => fs::write(path, "").unwrap(),
        }
    }
    storage.put("0500/x", "").await.unwrap();
    assert_eq!(storage.list("").await.unwrap().len(), 1101);
    let (all, mut level, mut cursor) = (Prefix::default(), Vec::new(), None);
    loop {
        let page = storage.page(&all, Depth::Level, cursor.as_deref(), 400);
        let page = page.await.unwrap();
        let folders = page.folders.iter().map(ToString::to_string);
        level.extend(folders.chain(page.entries.iter().map(|file| file.key.to_string())));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let files = (1100..2200).map(|n| format!("{n:04}"));
    let expected: Vec<_> = std::iter::once("0500".to_owned()).chain(files).collect();
    assert_eq!(level, expected);
}
