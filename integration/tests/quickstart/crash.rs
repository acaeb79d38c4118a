//! kill -9 while files are being replaced.

use super::app::{App, client};
use tempfile::tempdir;

const SIZE: usize = 2 << 20;

#[tokio::test]
async fn kill_nine_during_uploads_leaves_the_old_file_or_the_new_one() {
    let mut dir = tempdir().unwrap();
    let mut newest_acknowledged = 0;
    for round in 1..=6_u8 {
        let app = App::start_in(dir, &[]);
        let token = app.service_token("files:read files:write").await;
        if round > 1 {
            let read = client()
                .get(app.url("/api/files/replaced"))
                .bearer_auth(&token)
                .send()
                .await
                .unwrap();
            assert_eq!(read.status(), 200);
            let read = read.bytes().await.unwrap();
            assert_eq!(read.len(), SIZE, "never half a file");
            assert!(read.iter().all(|byte| *byte == read[0]), "never two mixed");
            assert!(
                read[0] >= newest_acknowledged,
                "an acknowledged write is there"
            );
        }
        let (url, (acknowledged, mut first)) = (
            app.url("/api/files/replaced"),
            tokio::sync::mpsc::unbounded_channel(),
        );
        let writing = tokio::spawn(async move {
            let http = client();
            for number in 0_u8..16 {
                let byte = round * 16 + number;
                let put = http
                    .put(&url)
                    .bearer_auth(&token)
                    .body(vec![byte; SIZE])
                    .send()
                    .await;
                if put.is_ok_and(|answer| answer.status().is_success()) {
                    let _ = acknowledged.send(byte);
                } else {
                    break;
                }
            }
        });
        for _ in 0..round {
            newest_acknowledged = first.recv().await.unwrap();
        }
        dir = app.kill();
        writing.await.unwrap();
        while let Ok(byte) = first.try_recv() {
            newest_acknowledged = byte;
        }
    }
    // What a killed upload left is swept at the next start.
    let app = App::start_in(dir, &[]);
    let left = walk(&app.dir.path().join("var/drive"));
    assert_eq!(left.len(), 1, "{left:?}");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path))
        } else {
            found.push(path)
        }
    }
    found
}
