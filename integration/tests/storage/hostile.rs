//! Clients that lie, and clients that go away.

use crate::{
    app::start,
    upload::{eventually, form},
};
use rf::storage::StorageExt;
use std::io::{Read, Write};

#[actix_web::test]
async fn names_of_every_hostile_kind_become_harmless() {
    let app = start();
    let long = format!("{}.txt", "n".repeat(5000));
    for sent in [
        "../../x",
        "",
        "photo\u{202e}gpj.exe",
        &long,
        "a/b\\c",
        "nul",
        "..",
        "a\tb",
    ] {
        let headers = [("content-type", "multipart/form-data; boundary=frontier")];
        let body = form(&[("file", Some(sent), b"x"), ("prefix", None, b"in")]);
        let answer = app.send("POST", "/api/files", &headers, &body);
        assert_eq!(answer.status, 201, "{sent:?}: {answer:?}");
    }
    let drive = app.disks.default_disk();
    let all = drive.list("").await.unwrap();
    assert_eq!(all.len(), 8);
    for file in all {
        let name = file
            .key
            .as_str()
            .strip_prefix("in/")
            .expect("none left the folder");
        assert!(
            name.len() <= 200 && !name.contains(['/', '\\', '\u{202e}', '\t']),
            "{name}"
        );
    }
    assert_eq!(std::fs::read_dir(app.folder.path()).unwrap().count(), 1);
}

#[actix_web::test]
async fn a_lying_content_length_changes_nothing() {
    let app = start();
    let head = |length: usize| {
        format!(
            "PUT /api/files/f HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    // Less than is sent: the rest is no part of the file.
    let answer = app.raw(format!("{}hello", head(3)).as_bytes());
    assert_eq!(answer.status, 201);
    let drive = app.disks.default_disk();
    assert_eq!(drive.get("f").await.unwrap(), "hel");
    // More than is sent: nothing is published.
    let mut stream = app.connect();
    stream
        .write_all(format!("{}hello", head(6)).as_bytes())
        .unwrap();
    eventually("the upload has not begun", || app.staged() <= 1);
    drop(stream);
    eventually("the upload is still staged", || app.staged() == 0);
    assert_eq!(drive.get("f").await.unwrap(), "hel");
    // Two lengths, or a length beside chunks (RFC 9112 §6.3): no request at all.
    let two = "PUT /api/files/g HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: 1\r\ncontent-length: 5\r\n\r\nhello";
    assert_eq!(app.raw(two.as_bytes()).status, 400);
    assert!(!drive.exists("g").await.unwrap());
}

#[actix_web::test]
async fn an_upload_cut_at_any_chunk_leaves_nothing_behind() {
    let app = start();
    app.send("PUT", "/api/files/f", &[], b"old");
    const CHUNKS: usize = 12;
    let chunk = [b"c350\r\n".as_slice(), &[7; 50_000], b"\r\n"].concat();
    let head = b"PUT /api/files/f HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n";
    for whole in 0..=CHUNKS {
        // At the boundary, in the size of the next chunk, in its bytes, and before its end.
        for more in [0, 2, 6, 20_000, chunk.len() - 1] {
            let mut stream = app.connect();
            stream.write_all(head).unwrap();
            for _ in 0..whole {
                stream.write_all(&chunk).unwrap();
            }
            stream.write_all(&chunk[..more]).unwrap();
        }
    }
    // A last one that is whole: the others came before it on the one worker.
    assert_eq!(app.send("PUT", "/api/files/last", &[], b"x").status, 201);
    eventually("parts of uploads are still staged", || app.staged() == 0);
    let drive = app.disks.default_disk();
    assert_eq!(drive.get("f").await.unwrap(), "old");
    assert_eq!(drive.list("").await.unwrap().len(), 2);
}

#[test]
fn a_reader_that_goes_away_lets_go_of_the_file() {
    let app = start();
    let path = app.folder.path().join("drive/large");
    std::fs::File::create(&path)
        .unwrap()
        .set_len(64 << 20)
        .unwrap();
    let opened = || {
        let open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
        open.filter(|fd| std::fs::read_link(fd.path()).is_ok_and(|to| to == path))
            .count()
    };
    for range in ["bytes=0-", "bytes=0-30000000,40000000-"] {
        let mut stream = app.connect();
        let request =
            format!("GET /api/files/large HTTP/1.1\r\nhost: test\r\nrange: {range}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 206");
        eventually("the file is not open", || opened() == 1);
        drop(stream);
        eventually("the file is still open", || opened() == 0);
    }
}
