//! The start, the end, and configurations that cannot be used.

use super::app::{App, command};
use rustix::process::Signal;
use std::fs;

#[tokio::test]
async fn both_signals_end_it_with_code_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let app = App::start();
        assert_eq!(app.stop(signal).0.code(), Some(0), "{signal:?}");
    }
}

#[tokio::test]
async fn everything_it_makes_is_below_var() {
    let app = App::start();
    let mut made: Vec<_> = fs::read_dir(app.dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    made.sort();
    assert_eq!(
        made,
        ["app.log", "var"],
        "the log is where the test wants it"
    );
}

/// A variable, its value, the key that the refusal must name, and what it must say to write.
type Case = (&'static str, &'static str, &'static str, &'static str);

#[test]
fn each_mistake_is_one_line_that_says_what_to_write() {
    let cases: &[Case] = &[
        (
            "RF_SERVER__BIND",
            "everywhere",
            "server.bind",
            "127.0.0.1:8080",
        ),
        (
            "RF_SERVER__BIND",
            "192.0.2.1:0",
            "server.bind",
            "127.0.0.1:8081",
        ),
        (
            "RF_STORAGE__DEFALT",
            "photos",
            "storage.defalt",
            "did you mean `default`",
        ),
        (
            "RF_STORAGE__DISKS__PHOTOS__ROOT",
            "/proc/none",
            "storage.disks.photos.root",
            "cannot open",
        ),
        (
            "RF_STORAGE__DISKS__PHOTOS__SERVE",
            "photos",
            "storage.disks.photos.serve",
            "/files",
        ),
        (
            "RF_STORAGE__DISKS__PHOTOS__SERVE",
            "/api/photos",
            "storage.disks.photos.serve",
            "write another one",
        ),
        (
            "RF_STORAGE__DISKS__PHOTOS__SERVE",
            "/documents",
            "storage.disks.photos.serve",
            "write another one",
        ),
        (
            "RF_STORAGE__DISKS__PHOTOS__MAX_SIZE",
            "huge",
            "storage.disks.photos.max_size",
            "5MiB",
        ),
        (
            "RF_STORAGE__URL_KEY",
            "short",
            "storage.url_key",
            "at least 16",
        ),
        ("RF_LOGGING__LEVEL", "loud", "logging.level", "info"),
    ];
    for (variable, value, key, remedy) in cases {
        let dir = tempfile::tempdir().unwrap();
        let output = command(dir.path()).env(variable, value).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{variable}={value}: {said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        assert!(
            said.contains(key) && said.contains(remedy),
            "{variable}={value}: {said}"
        );
    }
}

#[test]
fn an_album_without_a_disk_is_noticed_at_start() {
    let dir = tempfile::tempdir().unwrap();
    let text = "[storage.disks.photos]\ndriver = \"memory\"\nserve = \"/photos\"\n";
    fs::write(dir.path().join("my.toml"), text).unwrap();
    let output = command(dir.path())
        .env("RF_CONFIG", "my.toml")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("storage.disks.documents: there is no disk"),
        "{said}"
    );
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
}

#[test]
fn a_page_without_links_to_its_photos_is_noticed_at_start() {
    let dir = tempfile::tempdir().unwrap();
    let text = "[storage]\ndefault = \"photos\"\n[storage.disks.photos]\ndriver = \"memory\"\n\
        [storage.disks.documents]\ndriver = \"memory\"\nserve = \"/documents\"\n";
    fs::write(dir.path().join("rf.toml"), text).unwrap();
    let output = command(dir.path()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("storage.disks.photos.serve: "), "{said}");
}
