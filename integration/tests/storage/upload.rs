//! Uploads: raw bodies and forms, limits, and clients that go away.

use crate::app::{Answer, LIMIT, Running, read, start};
use std::{
    io::{Read, Write},
    net::Shutdown,
    time::{Duration, Instant},
};

pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

/// The end of a connection is noticed in the server's own time; waits for that, not for a fixed moment.
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn a_put_creates_then_replaces() {
    let app = start();
    assert_eq!(app.send("PUT", "/api/files/f", &[], b"1").status, 201);
    assert_eq!(app.send("PUT", "/api/files/f", &[], b"2").status, 200);
    assert_eq!(app.get("/api/files/f", &[]).text(), "2");
}

#[test]
fn conditions_of_a_put_hold() {
    let app = start();
    let put = |headers: &[(&str, &str)], body: &str| {
        app.send("PUT", "/api/files/f", headers, body.as_bytes())
    };
    assert_eq!(put(&[("if-match", "*")], "0").status, 412);
    let first = put(&[("if-none-match", "*")], "1");
    assert_eq!(first.status, 201);
    assert_eq!(put(&[("if-none-match", "*")], "2").status, 412);
    let etag = first.header("etag").unwrap();
    assert_eq!(put(&[("if-none-match", etag)], "2").status, 412);
    assert_eq!(put(&[("if-match", "\"x\"")], "2").status, 412);
    assert_eq!(
        put(
            &[("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT")],
            "2"
        )
        .status,
        412
    );
    assert_eq!(app.get("/api/files/f", &[]).text(), "1");
    assert_eq!(
        put(&[("if-match", &format!("\"x\", {etag}"))], "2").status,
        200
    );
    assert_eq!(put(&[("if-match", etag)], "3").status, 412);
    assert_eq!(app.get("/api/files/f", &[]).text(), "2");
}

#[test]
fn conditions_of_a_delete_hold() {
    const PAST: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    let app = start();
    let delete = |headers: &[(&str, &str)]| app.send("DELETE", "/api/files/f", headers, b"").status;
    let first = app.send("PUT", "/api/files/f", &[], b"1");
    let second = app.send("PUT", "/api/files/f", &[], b"2");
    let (old, new) = (first.header("etag"), second.header("etag").unwrap());
    for condition in [
        ("if-match", old.unwrap()),
        ("if-none-match", new),
        ("if-none-match", "*"),
        ("if-unmodified-since", PAST),
    ] {
        assert_eq!(delete(&[condition]), 412, "{condition:?}");
    }
    assert_eq!(app.get("/api/files/f", &[]).text(), "2");
    assert_eq!(delete(&[("if-match", new)]), 204);
    assert_eq!(app.get("/api/files/f", &[]).status, 404);
    assert_eq!(delete(&[("if-match", "*")]), 412);
    assert_eq!(delete(&[("if-match", new)]), 412);
    assert_eq!(delete(&[("if-none-match", "*")]), 204);
    assert_eq!(delete(&[]), 204);
}

#[test]
fn create_if_absent_has_one_winner() {
    let app = start();
    let body = |n: usize| vec![b'a' + u8::try_from(n).unwrap(); 400_000];
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let puts: Vec<_> = (0..12)
            .map(|n| {
                scope.spawn({
                    let app = &app;
                    move || {
                        app.send("PUT", "/api/files/one", &[("if-none-match", "*")], &body(n))
                            .status
                    }
                })
            })
            .collect();
        puts.into_iter().map(|put| put.join().unwrap()).collect()
    });
    assert_eq!(
        statuses.iter().filter(|&&status| status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|&&status| status == 412).count(),
        11,
        "{statuses:?}"
    );
    let winner = statuses.iter().position(|&status| status == 201).unwrap();
    assert_eq!(app.get("/api/files/one", &[]).body, body(winner));
    eventually("the losers left staged files", || app.staged() == 0);
}

#[test]
fn parts_and_encodings_that_would_be_stored_wrongly_are_refused() {
    let app = start();
    assert_eq!(
        app.send(
            "PUT",
            "/api/files/f",
            &[("content-range", "bytes 0-0/2")],
            b"1"
        )
        .status,
        400
    );
    assert_eq!(
        app.send("PUT", "/api/files/f", &[("content-encoding", "gzip")], b"1")
            .status,
        415
    );
    assert_eq!(app.get("/api/files/f", &[]).status, 404);
}

#[test]
fn the_limit_holds_while_streaming() {
    let app = start();
    let large = vec![1; LIMIT as usize + 1];
    assert_eq!(
        app.send("PUT", "/api/files/f", &[], &large[1..]).status,
        201
    );
    // Announced: refused before the body is read.
    let mut stream = app.connect();
    write!(
        stream,
        "PUT /api/files/g HTTP/1.1\r\nhost: test\r\ncontent-length: {}\r\n\r\n",
        LIMIT + 1
    )
    .unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read(stream).status, 413);
    // Not announced: counted.
    let mut chunked = b"PUT /api/files/g HTTP/1.1\r\nhost: test\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for chunk in large.chunks(50_000) {
        write!(chunked, "{:x}\r\n", chunk.len()).unwrap();
        chunked.extend_from_slice(chunk);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    assert_eq!(app.raw(&chunked).status, 413);
    assert_eq!(app.get("/api/files/g", &[]).status, 404);
    eventually("the refused upload is still staged", || app.staged() == 0);
}

#[test]
fn a_refusal_reaches_a_client_that_is_still_sending() {
    let app = start();
    let mut stream = app.connect();
    write!(
        stream,
        "PUT /api/files/f HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    .unwrap();
    let chunk = [b"10000\r\n".as_slice(), &[1; 0x10000], b"\r\n"].concat();
    let mut sender = stream.try_clone().unwrap();
    // Sends without end, until the server has had enough.
    let sending = std::thread::spawn(move || while sender.write_all(&chunk).is_ok() {});
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
    stream.shutdown(Shutdown::Both).unwrap();
    sending.join().unwrap();
}

#[test]
fn a_client_that_goes_away_leaves_nothing_behind() {
    let app = start();
    app.send("PUT", "/api/files/f", &[], b"old");
    for sent in [0, 1, 300_000, 900_000] {
        let mut stream = app.connect();
        stream
            .write_all(b"PUT /api/files/f HTTP/1.1\r\nhost: test\r\ncontent-length: 900001\r\n\r\n")
            .unwrap();
        stream.write_all(&vec![1; sent]).unwrap();
        if sent >= 300_000 {
            eventually("nothing was staged", || app.staged() == 1);
        }
        drop(stream);
        eventually("the upload is still staged", || app.staged() == 0);
    }
    assert_eq!(app.get("/api/files/f", &[]).text(), "old");
}

pub(crate) type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

/// A multipart body with the boundary `frontier`.
pub(crate) fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let file = file
            .map(|file| format!("; filename=\"{file}\""))
            .unwrap_or_default();
        write!(
            body,
            "--frontier\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n"
        )
        .unwrap();
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--frontier--\r\n");
    body
}

fn post(app: &Running, body: &[u8]) -> Answer {
    app.send(
        "POST",
        "/api/files",
        &[("content-type", "multipart/form-data; boundary=frontier")],
        body,
    )
}

fn stored(app: &Running) -> usize {
    std::fs::read_dir(app.folder.path().join("drive"))
        .unwrap()
        .count()
        - 1
}

#[test]
fn a_form_keeps_all_its_files_wherever_the_prefix_stands() {
    let app = start();
    let large = vec![9; 700_000];
    let parts: [Part<'_>; 4] = [
        ("file", Some("a.png"), PNG),
        ("file", Some("../../b.txt"), b"hello"),
        ("file", Some("c.bin"), &large),
        ("prefix", None, b"album/2026"),
    ];
    for turn in 0..parts.len() {
        let mut parts = parts;
        parts.rotate_left(turn);
        assert_eq!(post(&app, &form(&parts)).status, 201);
        assert_eq!(app.get("/api/files/album/2026/b.txt", &[]).text(), "hello");
        assert_eq!(
            app.get("/api/files/album/2026/a.png", &[])
                .header("content-type"),
            Some("image/png")
        );
        assert_eq!(app.get("/api/files/album/2026/c.bin", &[]).body, large);
        std::fs::remove_dir_all(app.folder.path().join("drive/album")).unwrap();
    }
    eventually("parts are still staged", || app.staged() == 0);
    assert_eq!(stored(&app), 0);
}

#[test]
fn a_form_with_one_bad_part_keeps_nothing() {
    let app = start();
    let large = vec![9; LIMIT as usize + 1];
    let many: Vec<Part<'_>> = vec![("file", Some("x"), b"x"); 40];
    let text = vec![b'x'; 20_000];
    let mut cut = form(&[
        ("file", Some("a"), &large[..400_000]),
        ("file", Some("b"), b"b"),
    ]);
    cut.truncate(cut.len() - 20);
    for (body, status) in [
        (
            form(&[
                ("file", Some("a"), &large[..400_000]),
                ("file", Some("b"), &large),
            ]),
            413,
        ),
        (form(&many), 413),
        (
            form(&[("file", Some("a"), b"a"), ("note", None, &text)]),
            413,
        ),
        (
            form(&[("file", Some("a"), b"a"), ("prefix", None, b"../x")]),
            400,
        ),
        (
            form(&[("file", Some("a"), b"a"), ("file", Some("a"), b"b")]),
            409,
        ),
        (cut, 400),
    ] {
        let answer = post(&app, &body);
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(stored(&app), 0);
        eventually("parts are still staged", || app.staged() == 0);
    }
    assert_eq!(
        app.send(
            "POST",
            "/api/files",
            &[("content-type", "text/plain")],
            b"x"
        )
        .status,
        415
    );
}

#[test]
fn files_published_before_a_failure_are_removed_again() {
    let app = start();
    app.send("PUT", "/api/files/taken/x", &[], b"x");
    let answer = post(
        &app,
        &form(&[("file", Some("first"), b"1"), ("file", Some("taken"), b"2")]),
    );
    assert_eq!(answer.status, 400, "a folder stands under that name");
    assert_eq!(app.get("/api/files/first", &[]).status, 404);
    eventually("parts are still staged", || app.staged() == 0);
    assert_eq!(stored(&app), 1);
}

#[test]
fn an_input_left_empty_is_no_file() {
    let app = start();
    let answer = post(
        &app,
        &form(&[("file", Some(""), b""), ("file", Some("a"), b"")]),
    );
    assert_eq!((answer.status, answer.text()), (201, "[\"a\"]"));
}

#[test]
fn a_form_cut_at_any_byte_leaves_nothing_behind() {
    let app = start();
    let body = form(&[("file", Some("a"), &[1; 64]), ("file", Some("b"), PNG)]);
    for cut in 0..body.len() - 2 {
        let mut stream = app.connect();
        write!(stream, "POST /api/files HTTP/1.1\r\nhost: test\r\ncontent-type: multipart/form-data; boundary=frontier\r\ncontent-length: {}\r\n\r\n", body.len()).unwrap();
        stream.write_all(&body[..cut]).unwrap();
    }
    // A whole one afterwards: the server has seen the others by then, or sees them while it is judged.
    assert_eq!(
        post(&app, &form(&[("file", Some("last"), b"x")])).status,
        201
    );
    eventually("parts are still staged", || app.staged() == 0);
    assert_eq!(stored(&app), 1);
}
