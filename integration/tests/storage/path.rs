//! Keys in paths, sent byte by byte.

use crate::app::start;
use std::{
    os::unix::fs::symlink,
    sync::atomic::{AtomicBool, Ordering},
};

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

#[test]
fn links_that_lead_out_are_refused() {
    let app = start();
    let (drive, outside) = (
        app.folder.path().join("drive"),
        app.folder.path().join("drives"),
    );
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret"), "secret").unwrap();
    symlink(&outside, drive.join("folder")).unwrap();
    symlink(outside.join("secret"), drive.join("file")).unwrap();
    symlink("../drives/secret", drive.join("relative")).unwrap();
    symlink("/proc/self/environ", drive.join("absolute")).unwrap();
    for key in [
        "folder/secret",
        "file",
        "relative",
        "absolute",
        "folder%2Fsecret",
    ] {
        let status = if key.contains('%') { 400 } else { 403 };
        for method in ["GET", "HEAD", "PUT", "DELETE"] {
            let answer = app.send(method, &format!("/api/files/{key}"), &[], b"");
            assert_eq!(answer.status, status, "{method} {key}: {answer:?}");
            assert!(!answer.text().contains("secret\n") && answer.text() != "secret");
        }
    }
    assert_eq!(
        app.send("PUT", "/api/files/folder/new", &[], b"x").status,
        403
    );
    let secret = std::fs::read_to_string(outside.join("secret")).unwrap();
    assert_eq!(secret, "secret");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
    assert_eq!(app.staged(), 0);
}

#[test]
fn a_folder_swapped_for_a_link_does_not_lead_out() {
    let app = start();
    let (drive, outside) = (
        app.folder.path().join("drive"),
        app.folder.path().join("out"),
    );
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("f"), "secret").unwrap();
    std::fs::create_dir(drive.join("d")).unwrap();
    std::fs::write(drive.join("d/f"), "mine").unwrap();
    symlink(&outside, drive.join("link")).unwrap();
    let done = AtomicBool::new(false);
    /// Ends the swapping also when the test fails.
    struct End<'a>(&'a AtomicBool);
    impl Drop for End<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    std::thread::scope(|scope| {
        scope.spawn(|| {
            use rustix::fs::{CWD, RenameFlags, renameat_with};
            let (one, other) = (drive.join("d"), drive.join("link"));
            while !done.load(Ordering::Relaxed) {
                renameat_with(CWD, &one, CWD, &other, RenameFlags::EXCHANGE).unwrap();
            }
        });
        let _end = End(&done);
        let (mut read, mut refused) = (0, 0);
        while read < 50 || refused < 50 {
            let answer = app.get("/api/files/d/f", &[]);
            match answer.status {
                200 => read += 1,
                403 => refused += 1,
                _ => panic!("{answer:?}"),
            }
            assert!(
                answer.status == 403 || answer.text() == "mine",
                "{answer:?}"
            );
            app.send("PUT", "/api/files/d/f", &[], b"mine");
            app.send("PUT", "/api/files/d/new", &[], b"mine");
            app.send("DELETE", "/api/files/d/new", &[], b"");
        }
    });
    let secret = std::fs::read_to_string(outside.join("f")).unwrap();
    assert_eq!(secret, "secret");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
}
