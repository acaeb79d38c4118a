//! What a killed process leaves behind.

use rf::storage::{LocalStorage, StorageExt, WriteOptions};
use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

const ROOT: &str = "RF_TEST_KILLED_ROOT";

/// The process that is killed: this test again, writing one file over and over. Alone it does nothing.
#[actix_web::test]
async fn the_writer() {
    let Ok(root) = std::env::var(ROOT) else {
        return;
    };
    let storage = LocalStorage::new(root).unwrap();
    for byte in (0..=255u8).cycle() {
        let options = WriteOptions::new()
            .content_type("x/y")
            .note("byte", byte.to_string());
        storage
            .put_with("d/file", vec![byte; 1_000_000], options)
            .await
            .unwrap();
        println!("\nwrote");
    }
}

#[actix_web::test]
async fn a_killed_writer_leaves_the_old_file_or_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut swept = 0;
    for round in 0..30u64 {
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["kill::the_writer", "--exact", "--nocapture"])
            .env(ROOT, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(writer.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        lines
            .by_ref()
            .filter(|line| line == "wrote")
            .take(2)
            .for_each(drop);
        // Another moment of the next write in every round.
        for spin in 0..round * 20_000 {
            std::hint::black_box(spin);
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        drop(lines);
        let staging = folder.path().join(".rf-staging");
        swept += std::fs::read_dir(&staging).unwrap().count();
        let storage = LocalStorage::new(folder.path()).unwrap();
        assert_eq!(std::fs::read_dir(&staging).unwrap().count(), 0);
        let file = storage.metadata("d/file").await.unwrap();
        let content = storage.get("d/file").await.unwrap();
        assert_eq!(content.len(), 1_000_000);
        let byte = content[0];
        assert!(
            content.iter().all(|&other| other == byte),
            "half of one file, half of another"
        );
        assert_eq!(
            file.user["byte"],
            byte.to_string(),
            "new content under old notes"
        );
    }
    assert!(
        swept > 0,
        "no round killed a write in its middle: the test shows nothing"
    );
}
