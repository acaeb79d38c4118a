//! Many writers, a primary that comes and goes, and restarts in between.

use super::Place;
use crate::storage::{Error, StorageExt, wrap::Fallback};
use std::collections::BTreeMap;

const KEYS: usize = 12;
const RESTARTS: u64 = 6;
const CHANGES: usize = 40;

/// Numbers that look random and are the same at every run (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// Writes and deletes one key in turn, and checks that it reads what it wrote.
async fn change(
    files: Fallback,
    key: String,
    mut dice: Dice,
    mut last: Option<Vec<u8>>,
) -> (String, Option<Vec<u8>>) {
    for n in 0..CHANGES {
        if dice.roll(3) == 0 {
            files.delete(&key).await.unwrap();
            last = None;
        } else {
            let size = [0, 10, 300_000][dice.roll(3) as usize];
            let content = [format!("{key} {n}").into_bytes(), vec![n as u8; size]].concat();
            files.put(&key, content.clone()).await.unwrap();
            last = Some(content);
        }
        if dice.roll(2) == 0 {
            tokio::task::yield_now().await;
        }
        match files.get(&key).await {
            Ok(content) => assert_eq!(Some(content.to_vec()), last, "{key} at {n}"),
            Err(Error::NotFound { .. }) => assert_eq!(last, None, "{key} at {n}"),
            Err(error) => panic!("{key} at {n}: {error}"),
        }
    }
    (key, last)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn every_acknowledged_change_is_on_the_primary_in_the_end_and_in_order() {
    let place = Place::new();
    let mut expected: BTreeMap<String, Option<Vec<u8>>> = (0..KEYS)
        .map(|n| (format!("folder{}/key{n}", n % 3), None))
        .collect();
    for restart in 1..=RESTARTS {
        let files = place.open();
        match restart % 3 {
            0 => place.primary.close(),
            often => place.primary.unlucky(restart * 0x9e37_79b9, often * 4),
        }
        let writers: Vec<_> = expected
            .into_iter()
            .enumerate()
            .map(|(n, (key, last))| {
                let dice = Dice(restart << 32 | (n as u64 + 1));
                tokio::spawn(change(files.clone(), key, dice, last))
            })
            .collect();
        expected = BTreeMap::new();
        for writer in writers {
            expected.extend([writer.await.unwrap()]);
        }
        drop(files);
        place.primary.up();
    }
    let files = place.open();
    files.settled().await.unwrap();
    let expected: Vec<_> = expected
        .into_iter()
        .filter_map(|(key, last)| Some((key, last?)))
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(place.arrived().await, expected);
    assert!(place.waiting().await.is_empty());
}
