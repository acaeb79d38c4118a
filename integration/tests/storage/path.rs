//! Keys in paths, sent byte by byte.

use crate::app::start;

#[test]
fn a_path_is_decoded_exactly_once() {
    let app = start();
    for (sent, key) in [
        ("a%20b", "a b"),
        ("d/%61", "d/a"),
        ("100%25", "100%"),
        ("%252e%252e", "%2e%2e"),
        ("a%252Fb", "a%2Fb"),
        ("plus+%2B", "plus++"),
        ("%3F%23", "?#"),
        ("%C3%BC", "ü"),
        ("ab:c@d,e;f='(g)*!$&", "ab:c@d,e;f='(g)*!$&"),
    ] {
        let answer = app.send("PUT", &format!("/api/files/{sent}"), &[], key.as_bytes());
        assert_eq!(answer.status, 201, "{sent}: {answer:?}");
        let file = app.folder.path().join("drive").join(key);
        assert_eq!(std::fs::read_to_string(file).unwrap(), key, "{sent}");
        // The prefix may be encoded as well; the key is found all the same.
        let answer = app.get(&format!("/%61pi/files/{sent}"), &[]);
        assert_eq!((answer.status, answer.text()), (200, key), "{sent}");
    }
}

#[test]
fn what_is_no_key_is_refused_and_nothing_is_opened() {
    let app = start();
    std::fs::write(app.folder.path().join("secret"), "secret").unwrap();
    for sent in [
        "..%2fsecret",
        "%2e%2e%2fsecret",
        "%2e%2e/secret",
        "../secret",
        "..%5csecret",
        "%5c..%5csecret",
        "a%2Fb",
        "a%2fb",
        "/secret",
        "a//b",
        "a/./b",
        "a/%2e/b",
        "%00",
        "a%00.txt",
        "%0d%0ax",
        "%ff%fe",
        "%",
        "a%2",
        "a%zz",
        "%%32%66secret",
        "..%252f..%%32%66",
        "nul",
        "c:/x",
        "",
        ".rf-staging",
        ".rf-staging/x",
        "%2Erf-staging/x",
        "a%20",
    ] {
        for method in ["GET", "PUT"] {
            let answer = app.send(method, &format!("/api/files/{sent}"), &[], b"");
            assert_eq!(answer.status, 400, "{method} {sent}: {answer:?}");
            assert!(!answer.text().contains(app.folder.path().to_str().unwrap()));
        }
    }
    assert_eq!(std::fs::read_dir(app.folder.path()).unwrap().count(), 2);
    assert_eq!(
        std::fs::read_dir(app.folder.path().join("drive"))
            .unwrap()
            .count(),
        1
    );
}
