//! Serving: conditions, ranges and headers as a client sees them.

use crate::app::{Answer, start};
use std::io::{ErrorKind, Read, Write};

#[test]
fn a_file_comes_with_its_validators_and_safe_headers() {
    let app = start();
    let put = app.send("PUT", "/api/files/d/n%C3%B6te.txt", &[], b"hello");
    let answer = app.get("/api/files/d/n%C3%B6te.txt", &[("accept-encoding", "gzip")]);
    assert_eq!((answer.status, answer.text()), (200, "hello"));
    assert_eq!(answer.header("etag"), put.header("etag"));
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(answer.header("content-length"), Some("5"));
    assert_eq!(answer.header("accept-ranges"), Some("bytes"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(
        answer
            .header("content-security-policy")
            .unwrap()
            .contains("sandbox")
    );
    assert_eq!(
        answer.header("content-disposition"),
        Some("inline; filename=\"n_te.txt\"; filename*=UTF-8''n%C3%B6te.txt")
    );
    let head = app.send(
        "HEAD",
        "/api/files/d/n%C3%B6te.txt",
        &[("range", "bytes=0-1")],
        b"",
    );
    assert_eq!((head.status, head.body.len()), (200, 0));
    let told = |answer: &Answer| {
        let mut headers = answer.headers.clone();
        headers.retain(|(name, _)| name != "date");
        headers.sort();
        headers
    };
    assert_eq!(told(&head), told(&answer), "HEAD has GET's headers");
}

#[test]
fn what_a_browser_would_run_is_saved_instead() {
    let app = start();
    for (name, content) in [
        ("a.html", "<!DOCTYPE html><script>alert(1)</script>"),
        (
            "a.svg",
            "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>",
        ),
        ("a.xml", "<?xml version=\"1.0\"?><a/>"),
        ("a.xhtml", "<html xmlns=\"http://www.w3.org/1999/xhtml\"/>"),
    ] {
        let target = format!("/api/files/{name}");
        app.send(
            "PUT",
            &target,
            &[("content-type", "image/png")],
            content.as_bytes(),
        );
        let answer = app.get(&target, &[]);
        assert!(
            answer
                .header("content-disposition")
                .unwrap()
                .starts_with("attachment"),
            "{answer:?}"
        );
        assert_ne!(
            answer.header("content-type"),
            Some("image/png"),
            "the sender's word is not taken"
        );
    }
}

#[test]
fn conditions_are_answered_in_their_order() {
    let app = start();
    let etag = app
        .send("PUT", "/api/files/f", &[], b"hello")
        .header("etag")
        .unwrap()
        .to_owned();
    let modified = app
        .get("/api/files/f", &[])
        .header("last-modified")
        .unwrap()
        .to_owned();
    let weak = format!("W/{etag}");
    for (headers, status) in [
        (vec![("if-none-match", etag.as_str())], 304),
        (vec![("if-none-match", weak.as_str())], 304),
        (vec![("if-none-match", "*")], 304),
        (vec![("if-none-match", "\"x\", \"y,z\"")], 200),
        (vec![("if-modified-since", modified.as_str())], 304),
        (
            vec![
                ("if-modified-since", modified.as_str()),
                ("if-none-match", "\"x\""),
            ],
            200,
        ),
        (vec![("if-match", etag.as_str())], 200),
        (vec![("if-match", weak.as_str())], 412),
        (
            vec![("if-match", "\"x\""), ("if-none-match", etag.as_str())],
            412,
        ),
        (
            vec![("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT")],
            412,
        ),
        (vec![("if-match", "\"x\""), ("range", "bytes=99-")], 412),
        (
            vec![("if-none-match", etag.as_str()), ("range", "bytes=0-0")],
            304,
        ),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = app.send(method, "/api/files/f", &headers, b"");
            assert_eq!(answer.status, status, "{method} {headers:?}");
            if status == 304 {
                assert_eq!(answer.header("etag"), Some(etag.as_str()));
                assert_eq!(answer.header("last-modified"), Some(modified.as_str()));
                assert!(answer.body.is_empty());
                assert_eq!(answer.header("content-type"), None);
            }
        }
    }
    assert_eq!(
        app.get("/api/files/none", &[("if-match", "\"x\"")]).status,
        404
    );
}

#[test]
fn a_range_is_answered_with_its_part() {
    let app = start();
    let content: Vec<u8> = (0..300_000u32).map(|n| (n % 251) as u8).collect();
    let etag = app
        .send("PUT", "/api/files/f.bin", &[], &content)
        .header("etag")
        .unwrap()
        .to_owned();
    let last = content.len() - 1;
    for (range, part) in [
        ("bytes=0-0", 0..=0),
        ("bytes=-1", last..=last),
        ("bytes=5-", 5..=last),
        ("bytes=100000-299999", 100_000..=last),
        ("bytes=1-99999999999999999999999", 1..=last),
        ("bytes=-999999999", 0..=last),
    ] {
        let answer = app.get("/api/files/f.bin", &[("range", range)]);
        assert_eq!(answer.status, 206, "{range}");
        let says = format!("bytes {}-{}/{}", part.start(), part.end(), content.len());
        assert_eq!(answer.header("content-range"), Some(says.as_str()));
        assert_eq!(answer.body, content[part], "{range}");
    }
    for ignored in [
        "bytes=5-4",
        "lines=0-1",
        "bytes=0-0,x-y",
        "bytes=x-y",
        "bytes",
    ] {
        let answer = app.get("/api/files/f.bin", &[("range", ignored)]);
        assert_eq!(
            (answer.status, answer.body.len()),
            (200, content.len()),
            "{ignored}"
        );
        assert_eq!(answer.header("content-range"), None);
    }
    for outside in [
        "bytes=300000-",
        "bytes=-0",
        "bytes=300000-300001",
        "bytes=-0,300000-",
        "bytes=99999999999999999999999-",
    ] {
        let answer = app.get("/api/files/f.bin", &[("range", outside)]);
        assert_eq!(
            (answer.status, answer.header("content-range")),
            (416, Some("bytes */300000")),
            "{outside}"
        );
    }
    assert_eq!(
        app.get(
            "/api/files/f.bin",
            &[("range", "bytes=0-0"), ("if-range", &etag)]
        )
        .status,
        206
    );
    assert_eq!(
        app.get(
            "/api/files/f.bin",
            &[("range", "bytes=0-0"), ("if-range", "\"old\"")]
        )
        .status,
        200
    );
    app.send("PUT", "/api/files/empty", &[], b"");
    let empty = app.get("/api/files/empty", &[("range", "bytes=0-")]);
    assert_eq!(
        (empty.status, empty.header("content-range")),
        (416, Some("bytes */0"))
    );
    assert_eq!(app.get("/api/files/empty", &[]).status, 200);
}

#[test]
fn a_body_cut_short_does_not_end_cleanly() {
    let app = start();
    // More than the buffers of a socket hold, so that the server is still at it while nothing is read.
    const SIZE: u64 = 40 << 20;
    let file = std::fs::File::create(app.folder.path().join("drive/f")).unwrap();
    file.set_len(SIZE).unwrap();
    let mut stream = app.connect();
    stream
        .write_all(b"GET /api/files/f HTTP/1.1\r\nhost: test\r\n\r\n")
        .unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    file.set_len(10).unwrap();
    let mut rest = Vec::new();
    let ended = stream.read_to_end(&mut rest);
    assert!(
        (rest.len() as u64) < SIZE,
        "the bytes that were cut away were sent"
    );
    let waited = ended
        .as_ref()
        .is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
    assert!(
        !waited,
        "the connection was left open, the client waits for the rest: {ended:?}"
    );
    let again = app.get("/api/files/f", &[]);
    assert_eq!(
        (again.header("content-length"), again.body.len()),
        (Some("10"), 10)
    );
}

/// The content type, the range and the bytes of each part.
fn parts_of(answer: &Answer) -> Vec<(String, String, Vec<u8>)> {
    let told = answer.header("content-type").unwrap();
    let boundary = told
        .strip_prefix("multipart/byteranges; boundary=")
        .unwrap();
    let mut rest = answer.body.as_slice();
    let mut parts = Vec::new();
    let find = |bytes: &[u8], what: &str| {
        let what = what.as_bytes();
        bytes
            .windows(what.len())
            .position(|window| window == what)
            .unwrap()
    };
    loop {
        rest = &rest[find(rest, &format!("\r\n--{boundary}")) + 4 + boundary.len()..];
        if rest == b"--\r\n" {
            return parts;
        }
        let end = find(rest, "\r\n\r\n");
        let head = std::str::from_utf8(&rest[2..end]).unwrap();
        let (kind, range) = head.split_once("\r\n").unwrap();
        rest = &rest[end + 4..];
        let content = rest[..find(rest, &format!("\r\n--{boundary}"))].to_vec();
        parts.push((kind.to_owned(), range.to_owned(), content));
    }
}

#[test]
fn several_ranges_are_answered_in_one_response() {
    let app = start();
    let content: Vec<u8> = (0..300_000u32).map(|n| (n % 251) as u8).collect();
    app.send("PUT", "/api/files/f.bin", &[], &content);
    let get = |range: &str| {
        app.get(
            "/api/files/f.bin",
            &[("range", range), ("accept-encoding", "gzip")],
        )
    };
    let answer = get("bytes=-2, 5-6, 100-200000,150-99");
    assert_eq!(answer.status, 200, "one of them cannot be read: {answer:?}");
    let answer = get("bytes=-2, 5-6, 100-200000, 150000-250000, 999999-");
    assert_eq!(answer.status, 206);
    assert_eq!(answer.header("content-range"), None);
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let length = answer.body.len().to_string();
    assert_eq!(answer.header("content-length"), Some(length.as_str()));
    let parts = parts_of(&answer);
    assert_eq!(parts.len(), 3, "those that overlap are one");
    for ((kind, range, bytes), part) in
        parts
            .iter()
            .zip([5..=6, 100..=250_000, 299_998..=299_999usize])
    {
        assert_eq!(kind, "content-type: application/octet-stream");
        let says = format!(
            "content-range: bytes {}-{}/300000",
            part.start(),
            part.end()
        );
        assert_eq!(*range, says);
        assert_eq!(*bytes, content[part], "{range}");
    }
    let joined = get("bytes=0-1,2-3");
    assert_eq!(
        (joined.status, joined.header("content-range")),
        (206, Some("bytes 0-3/300000"))
    );
    let many: Vec<_> = (0..17).map(|n| format!("{}-{}", n * 2, n * 2)).collect();
    assert_eq!(get(&format!("bytes={}", many[..16].join(","))).status, 206);
    let whole = get(&format!("bytes={}", many.join(",")));
    assert_eq!((whole.status, whole.body.len()), (200, content.len()));
}

#[test]
fn parts_of_two_versions_are_never_mixed() {
    let app = start();
    const SIZE: u64 = 60 << 20;
    let path = app.folder.path().join("drive/f");
    std::fs::File::create(&path).unwrap().set_len(SIZE).unwrap();
    let mut stream = app.connect();
    stream
        .write_all(
            b"GET /api/files/f HTTP/1.1\r\nhost: test\r\nrange: bytes=0-40000000,50000000-\r\n\r\n",
        )
        .unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 206");
    // While the first part is on its way, as nobody reads.
    let other = app.folder.path().join("drive/other");
    std::fs::write(&other, vec![b'!'; SIZE as usize]).unwrap();
    std::fs::rename(&other, &path).unwrap();
    let mut rest = Vec::new();
    let ended = stream.read_to_end(&mut rest);
    assert!(
        !rest[rest.len() / 2..].contains(&b'!'),
        "bytes of the other version"
    );
    assert!(rest.len() < 45_000_000, "the second part was sent");
    let waited = ended.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
    assert!(!waited, "the connection was left open");
}
