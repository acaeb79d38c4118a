//! Readers and writers of one file at once, on threads of their own.

use super::{both, fresh, staged};
use crate::storage::{Condition, Error, StorageExt, WriteOptions};
use futures_util::TryStreamExt;
use std::{
    fs,
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
};

fn block_on<T>(work: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(work)
}

#[test]
fn a_reader_never_sees_half_a_file() {
    let (_folder, storage) = fresh();
    // Below and above what is read in one piece.
    for size in [5_000, 600_000] {
        block_on(storage.put("f", vec![0; size])).unwrap();
        let done = AtomicBool::new(false);
        let (reading, writing) = (storage.clone(), storage.clone());
        std::thread::scope(|scope| {
            let done = &done;
            let reader = scope.spawn(move || {
                block_on(async {
                    let mut versions = 0;
                    let mut last = 0;
                    while !done.load(Ordering::Relaxed) {
                        let file = reading.read("f").await.unwrap();
                        assert_eq!(file.metadata.size, size as u64);
                        let content: Vec<_> = file.into_stream().try_collect().await.unwrap();
                        let content = content.concat();
                        assert_eq!(content.len(), size);
                        assert!(content.iter().all(|&byte| byte == content[0]), "a mixture");
                        versions += usize::from(content[0] != last);
                        last = content[0];
                    }
                    versions
                })
            });
            scope.spawn(move || {
                block_on(async {
                    for round in 0..200u8 {
                        writing.put("f", vec![round; size]).await.unwrap();
                    }
                });
                done.store(true, Ordering::Relaxed);
            });
            let versions = reader.join().unwrap();
            assert!(versions > 1, "no write came between two reads");
        });
    }
}

#[test]
fn of_many_writers_at_once_one_stays_and_of_many_creators_one_wins() {
    for (folder, storage) in both() {
        for create in [false, true] {
            let start = Barrier::new(8);
            let won: Vec<u8> = std::thread::scope(|scope| {
                let writers: Vec<_> = (0..8u8)
                    .map(|n| {
                        let (storage, start) = (storage.clone(), &start);
                        scope.spawn(move || {
                            block_on(async {
                                let condition = match create {
                                    true => Condition::IfAbsent,
                                    false => Condition::Always,
                                };
                                let options = WriteOptions::new().condition(condition);
                                start.wait();
                                let key = format!("d/{create}");
                                storage.put_with(key, vec![n; 300_000], options).await
                            })
                            .map(|_| n)
                        })
                    })
                    .collect();
                let ends = writers.into_iter().map(|writer| writer.join().unwrap());
                ends.filter_map(|end| match end {
                    Ok(n) => Some(n),
                    Err(Error::AlreadyExists { .. }) => None,
                    Err(error) => panic!("{error:?}"),
                })
                .collect()
            });
            assert_eq!(won.len(), if create { 1 } else { 8 });
            let content = fs::read(folder.path().join(format!("a/d/{create}"))).unwrap();
            assert!(won.iter().any(|&n| content == vec![n; 300_000]));
        }
        assert_eq!(staged(folder.path()), 0);
    }
}

#[actix_web::test]
async fn a_copy_is_a_file_of_its_own() {
    let (folder, storage) = fresh();
    storage.put("source", "1").await.unwrap();
    storage.copy("source", "copy").await.unwrap();
    // In place, as no write of ours does it.
    fs::write(folder.path().join("a/source"), "2").unwrap();
    assert_eq!(storage.get("copy").await.unwrap(), "1");
    storage.copy("copy", "copy").await.unwrap();
    storage.move_to("copy", "copy").await.unwrap();
    assert_eq!(storage.get("copy").await.unwrap(), "1");
    let missing = storage.move_to("none", "copy").await;
    assert!(matches!(missing, Err(Error::NotFound { .. })));
    assert_eq!(storage.get("copy").await.unwrap(), "1");
}
