#![allow(clippy::unwrap_used, reason = "tests")]
use super::{sink::GRACE, *};
use crate::logging::Sink;
use std::{
    fs,
    io::Read,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

const DAY: Duration = Duration::from_secs(86_400);

/// A folder for a log, and the time of those who write there.
struct Place {
    folder: tempfile::TempDir,
    now: Arc<Mutex<SystemTime>>,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            // 2026-11-25T12:00:00Z
            now: Arc::new(Mutex::new(UNIX_EPOCH + Duration::from_secs(1_795_608_000))),
        }
    }

    fn path(&self) -> PathBuf {
        self.at("app.log")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn open(&self, rules: FileRules) -> FileSink {
        let now = Arc::clone(&self.now);
        FileSink::open_with(&self.path(), rules, Box::new(move || *now.lock().unwrap())).unwrap()
    }

    fn pass(&self, time: Duration) {
        *self.now.lock().unwrap() += time;
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }
}

fn write_all(sink: &mut FileSink, mut lines: &[u8]) {
    while !lines.is_empty() {
        let taken = sink.write(lines).unwrap();
        lines = &lines[taken..];
    }
}

fn gunzip(path: &Path) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(fs::File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text
}

#[test]
fn a_new_file_is_private_and_its_folder_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/app.log");
    let mut sink = FileSink::open(&path, FileRules::default()).unwrap();
    sink.write(b"one\n").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777 & !0o640, 0);
    assert_eq!(fs::read(&path).unwrap(), b"one\n");
}

#[test]
fn a_restart_appends() {
    let place = Place::new();
    for line in [b"one\n", b"two\n"] {
        place.open(FileRules::default()).write(line).unwrap();
    }
    assert_eq!(place.text("app.log"), "one\ntwo\n");
}

#[test]
fn a_renamed_or_removed_file_is_noticed() {
    let place = Place::new();
    let mut sink = place.open(FileRules::default());
    sink.write(b"one\n").unwrap();
    fs::rename(place.path(), place.at("app.log.1")).unwrap();
    fs::write(place.path(), "").unwrap();
    sink.write(b"two\n").unwrap();
    assert_eq!(place.text("app.log"), "two\n");
    fs::remove_file(place.path()).unwrap();
    sink.write(b"three\n").unwrap();
    assert_eq!(place.text("app.log"), "three\n");
    assert_eq!(place.text("app.log.1"), "one\n");
}

#[test]
fn whoever_rotates_has_a_moment_to_put_a_file_in_place_of_the_one_they_moved_away() {
    let place = Place::new();
    let rules = FileRules {
        max_size: Some(5),
        ..FileRules::default()
    };
    let mut sink = place.open(rules);
    sink.write(b"one\n").unwrap();
    let (moved, began) = (place.at("moved.log"), Instant::now());
    fs::rename(place.path(), &moved).unwrap();
    while !place.path().exists() {
        write_all(&mut sink, b"two\n");
        thread::sleep(Duration::from_millis(10));
    }
    assert!(began.elapsed() >= GRACE / 2);
    assert!(
        fs::read_to_string(&moved)
            .unwrap()
            .starts_with("one\ntwo\n")
    );
    fs::rename(place.path(), &moved).unwrap();
    sink.reopen().unwrap();
    assert!(place.path().exists(), "whoever asks for it gets it at once");
}

#[test]
fn a_line_ends_in_the_file_in_which_it_began() {
    let place = Place::new();
    let mut sink = place.open(FileRules::default());
    sink.write(b"the begin").unwrap();
    fs::rename(place.path(), place.at("app.log.1")).unwrap();
    fs::write(place.path(), "").unwrap();
    write_all(&mut sink, b"ning\nnext\n");
    assert_eq!(place.text("app.log.1"), "the beginning\n");
    assert_eq!(place.text("app.log"), "next\n");
}

#[test]
fn a_line_that_was_left_behind_by_reopening_begins_anew() {
    let place = Place::new();
    let mut sink = place.open(FileRules::default());
    write_all(&mut sink, b"be");
    sink.reopen().unwrap();
    assert!(!sink.begins_anew(), "it goes on in the same file");
    write_all(&mut sink, b"fore\nbeg");
    fs::rename(place.path(), place.at("old.log")).unwrap();
    sink.reopen().unwrap();
    assert!(sink.begins_anew() && !sink.begins_anew());
    write_all(&mut sink, b"begun\nafter\n");
    assert_eq!(place.text("old.log"), "before\nbeg");
    assert_eq!(place.text("app.log"), "begun\nafter\n");
    fs::rename(place.path(), place.at("old.log")).unwrap();
    sink.reopen().unwrap();
    assert!(!sink.begins_anew(), "nothing was begun");
}

#[test]
fn a_file_is_rotated_by_size_between_lines() {
    let place = Place::new();
    let mut sink = place.open(FileRules {
        max_size: Some(10),
        ..FileRules::default()
    });
    write_all(
        &mut sink,
        b"one\ntwo\nthree\nfour\na line longer than a file\nlast\n",
    );
    drop(sink);
    let names = place.names();
    let all: Vec<String> = names[1..].iter().map(|name| place.text(name)).collect();
    assert_eq!(
        all,
        [
            "one\ntwo\n",
            "three\n",
            "four\n",
            "a line longer than a file\n"
        ]
    );
    assert_eq!(place.text("app.log"), "last\n");
    assert_eq!(names[1], "app.log.2026-11-25.1");
}

#[test]
fn what_is_there_already_counts_for_the_size() {
    let place = Place::new();
    fs::write(place.path(), "of yesterday's process\n").unwrap();
    let mut sink = place.open(FileRules {
        max_size: Some(30),
        ..FileRules::default()
    });
    write_all(&mut sink, b"more than 30 together\n");
    assert_eq!(place.text("app.log"), "more than 30 together\n");
    assert_eq!(place.names().len(), 2);
}

#[test]
fn a_file_is_rotated_by_day_and_named_after_the_day_of_its_lines() {
    let place = Place::new();
    let mut sink = place.open(FileRules {
        daily: true,
        ..FileRules::default()
    });
    sink.write(b"monday\n").unwrap();
    place.pass(11 * Duration::from_secs(3600));
    sink.write(b"monday late\n").unwrap();
    place.pass(DAY / 24);
    sink.write(b"tuesday\n").unwrap();
    place.pass(3 * DAY);
    sink.write(b"friday\n").unwrap();
    assert_eq!(
        place.names(),
        ["app.log", "app.log.2026-11-25.1", "app.log.2026-11-26.1"]
    );
    assert_eq!(place.text("app.log.2026-11-25.1"), "monday\nmonday late\n");
    assert_eq!(place.text("app.log"), "friday\n");
}

#[test]
fn a_restart_on_another_day_rotates_what_was_left() {
    let place = Place::new();
    fs::write(place.path(), "written now, long before the test's time\n").unwrap();
    let then = UNIX_EPOCH + Duration::from_secs(1_795_608_000) - DAY;
    fs::File::open(place.path())
        .unwrap()
        .set_modified(then)
        .unwrap();
    let mut sink = place.open(FileRules {
        daily: true,
        ..FileRules::default()
    });
    sink.write(b"today\n").unwrap();
    assert_eq!(place.names(), ["app.log", "app.log.2026-11-24.1"]);
}

#[test]
fn retention_by_count_removes_the_oldest_and_only_its_own_names() {
    let place = Place::new();
    let others = [
        "app.log.2026-11-01.1.bak",
        "app.log.1",
        "app.log.old",
        "app.log.2026-11-01.01",
        "other.log.2026-11-01.1",
    ];
    for name in others {
        fs::write(place.at(name), "not ours").unwrap();
    }
    fs::create_dir(place.at("app.log.2026-11-01.5")).unwrap();
    std::os::unix::fs::symlink("app.log.old", place.at("app.log.2026-11-01.6")).unwrap();
    let mut sink = place.open(FileRules {
        max_size: Some(1),
        keep: Some(2),
        ..FileRules::default()
    });
    write_all(&mut sink, b"1\n2\n3\n4\n5\n");
    sink.wait_for_housekeeper();
    for name in others {
        assert_eq!(place.text(name), "not ours");
    }
    assert!(
        place.at("app.log.2026-11-01.5").is_dir() && place.at("app.log.2026-11-01.6").is_symlink()
    );
    assert_eq!(place.text("app.log.2026-11-25.3"), "3\n");
    assert_eq!(place.text("app.log.2026-11-25.4"), "4\n");
    assert_eq!(place.names().len(), others.len() + 2 + 3);
}

#[test]
fn retention_by_age_looks_at_the_days_in_the_names() {
    let place = Place::new();
    let mut sink = place.open(FileRules {
        daily: true,
        max_age: Some(2 * DAY),
        ..FileRules::default()
    });
    for _ in 0..5 {
        sink.write(b"line\n").unwrap();
        place.pass(DAY);
    }
    sink.write(b"line\n").unwrap();
    sink.wait_for_housekeeper();
    assert_eq!(
        place.names(),
        ["app.log", "app.log.2026-11-28.1", "app.log.2026-11-29.1"]
    );
}

#[test]
fn archives_are_compressed_whole_and_private() {
    let place = Place::new();
    fs::write(
        place.at("app.log.2026-11-24.1"),
        "left by a killed process\n",
    )
    .unwrap();
    fs::write(place.at("app.log.2026-11-24.1.gz.tmp"), "half of it").unwrap();
    let mut sink = place.open(FileRules {
        max_size: Some(5),
        gzip: true,
        keep: Some(10),
        ..FileRules::default()
    });
    write_all(&mut sink, b"one\ntwo\n");
    sink.wait_for_housekeeper();
    assert_eq!(
        place.names(),
        [
            "app.log",
            "app.log.2026-11-24.1.gz",
            "app.log.2026-11-25.1.gz"
        ]
    );
    assert_eq!(
        gunzip(&place.at("app.log.2026-11-24.1.gz")),
        "left by a killed process\n"
    );
    let zipped = place.at("app.log.2026-11-25.1.gz");
    assert_eq!(gunzip(&zipped), "one\n");
    assert_eq!(fs::metadata(zipped).unwrap().mode() & 0o777 & !0o640, 0);
}

#[test]
fn numbers_go_on_after_compressed_archives() {
    let place = Place::new();
    let rules = FileRules {
        max_size: Some(5),
        gzip: true,
        ..FileRules::default()
    };
    for _ in 0..2 {
        let mut sink = place.open(rules.clone());
        write_all(&mut sink, b"1234\n5678\n");
        sink.wait_for_housekeeper();
        // The file's own time is that of the machine.
        let file = fs::File::options().append(true).open(place.path()).unwrap();
        file.set_modified(*place.now.lock().unwrap()).unwrap();
    }
    assert_eq!(
        place.names(),
        [
            "app.log",
            "app.log.2026-11-25.1.gz",
            "app.log.2026-11-25.2.gz",
            "app.log.2026-11-25.3.gz"
        ]
    );
}

#[test]
fn a_rotation_that_fails_loses_no_line_and_is_tried_again() {
    let place = Place::new();
    let mut sink = place.open(FileRules {
        max_size: Some(5),
        ..FileRules::default()
    });
    write_all(&mut sink, b"one\n");
    // The folder is gone: neither can the file be renamed nor a new one made.
    let away = place.folder.path().with_extension("away");
    fs::rename(place.folder.path(), &away).unwrap();
    write_all(&mut sink, b"two\nthree\n");
    assert_eq!(
        fs::read(away.join("app.log")).unwrap(),
        b"one\ntwo\nthree\n"
    );
    fs::rename(&away, place.folder.path()).unwrap();
    write_all(&mut sink, b"still\n");
    place.pass(Duration::from_secs(61));
    write_all(&mut sink, b"four\n");
    assert_eq!(
        place.text("app.log.2026-11-25.1"),
        "one\ntwo\nthree\nstill\n"
    );
    assert_eq!(place.text("app.log"), "four\n");
}
