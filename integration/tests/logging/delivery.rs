//! Nothing is lost: under load, at the end of the process, and when outputs fail.

use rf::logging::{Format, Logger, Output, Overflow, slog};
use serde_json::Value;
use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime},
};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_logs-under-test"));
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn kill(child: &Child, signal: rustix::process::Signal) {
    let id = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(id, signal).expect("it runs");
}

fn lines(file: impl AsRef<Path>) -> Vec<Value> {
    let text = fs::read_to_string(file).expect("a file");
    assert!(text.is_empty() || text.ends_with('\n'), "no half line");
    text.lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

/// Each thread's lines are there once and in their order.
fn assert_counted(lines: &[Value], expected: &[u64]) {
    let mut next = vec![0; expected.len()];
    for line in lines.iter().filter(|line| line["msg"] == "line") {
        let of = line["of"].as_u64().expect("a number") as usize;
        assert_eq!(line["n"], next[of], "of thread {of}");
        next[of] += 1;
    }
    assert_eq!(next, expected);
}

#[test]
fn eight_threads_of_a_hundred_thousand_lines_miss_none_and_keep_their_order() {
    const LINES: u64 = 100_000;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("app.log");
    let output = Output::file(&path).overflow(Overflow::Block);
    let logger = Logger::builder()
        .format(Format::Json)
        .output(output)
        .build()
        .expect("a logger");
    thread::scope(|scope| {
        for of in 0..8 {
            let log = logger.slog();
            scope.spawn(move || {
                (0..LINES).for_each(|n| slog::info!(log, "line"; "of" => of, "n" => n))
            });
        }
    });
    logger.shutdown().expect("all is written");
    assert_eq!(logger.stats().delivered(), 8 * LINES);
    assert_eq!(logger.stats().dropped(), 0);
    // Read one by one: all of them as values would be a gigabyte.
    let mut next = [0; 8];
    for line in BufReader::new(File::open(path).expect("a file")).lines() {
        let line: Value = serde_json::from_str(&line.expect("text")).expect("whole lines");
        let of = line["of"].as_u64().expect("a number") as usize;
        assert_eq!(line["n"], next[of]);
        next[of] += 1;
    }
    assert_eq!(next, [LINES; 8]);
}

#[test]
fn sigterm_under_load_loses_no_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("app.log");
    let mut child = program(&["load", path.to_str().expect("text")])
        .spawn()
        .expect("it starts");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    out.read_line(&mut line).expect("it says something");
    assert_eq!(line, "ready\n");
    // Until there is something to lose.
    while fs::metadata(&path).map_or(0, |found| found.len()) < 100_000 {
        thread::yield_now();
    }
    kill(&child, rustix::process::Signal::TERM);
    let mut said = String::new();
    out.read_to_string(&mut said).expect("it says how many");
    assert!(child.wait().expect("it ends").success());
    let expected: Vec<u64> = serde_json::from_str(&said).expect("numbers");
    assert_counted(&lines(path), &expected);
}

#[test]
fn a_panic_is_on_disk_with_everything_before_it_by_unwinding_and_by_abort() {
    for (way, message, code) in [
        ("panic", "the process unwinds", Some(101)),
        ("abort", "the process is aborted", None),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("app.log");
        let ended = program(&[way, path.to_str().expect("text"), "5000"])
            .output()
            .expect("it runs");
        assert_eq!(ended.status.code(), code, "{ended:?}");
        let lines = lines(&path);
        for (n, line) in lines[..5000].iter().enumerate() {
            assert_eq!(line["n"], n);
        }
        let panic = lines[5000..]
            .iter()
            .find(|line| line["msg"] == message)
            .expect("the panic is written");
        assert_eq!(
            (&panic["level"], &panic["target"]),
            (&"ERROR".into(), &"panic".into())
        );
    }
}

#[test]
fn a_reader_that_leaves_the_pipe_costs_neither_the_program_nor_the_file_a_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("app.log");
    let mut child = program(&["pipe", path.to_str().expect("text"), "2000"])
        .spawn()
        .expect("it starts");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    out.read_line(&mut String::new()).expect("it is ready");
    drop(out);
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(b"go on\n")
        .expect("it listens");
    assert!(child.wait().expect("it ends").success());
    let lines = lines(&path);
    assert_eq!(
        lines.iter().filter(|line| line["msg"] == "line").count(),
        2000
    );
    let stats = lines.last().expect("the stats");
    assert!(
        stats["sink_errors"].as_u64() > Some(0) && stats["failed"] == true,
        "{stats}"
    );
}

#[test]
fn a_device_without_room_is_an_error_that_is_counted_and_the_file_after_it_gets_the_rest() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("app.log");
    // The system's own full disk.
    std::os::unix::fs::symlink("/dev/full", &path).expect("a link");
    let logger = Logger::builder()
        .format(Format::Json)
        .output(Output::file(&path).overflow(Overflow::Block))
        .build()
        .expect("a logger");
    for n in 0..10 {
        slog::info!(logger.slog(), "line"; "of" => 0, "n" => n);
    }
    let error = logger.flush().expect_err("nothing can be written");
    assert!(error.to_string().contains("app.log"), "{error}");
    assert!(logger.stats().sink_errors() > 0);
    fs::remove_file(&path).expect("it is there");
    slog::info!(logger.slog(), "line"; "of" => 0, "n" => 10);
    logger.shutdown().expect("there is room");
    assert_counted(&lines(&path), &[11]);
}

#[test]
fn what_a_failing_output_kept_is_offered_again_though_nobody_logs_any_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("app.log");
    std::os::unix::fs::symlink("/dev/full", &path).expect("a link");
    let logger = Logger::builder()
        .output(Output::File(path.clone()))
        .build()
        .expect("a logger");
    slog::info!(logger.slog(), "the last line");
    logger.flush().expect_err("nothing can be written");
    fs::remove_file(&path).expect("it is there");
    let begun = SystemTime::now();
    while fs::read_to_string(&path).unwrap_or_default().is_empty() {
        assert!(
            begun.elapsed().unwrap_or_default() < Duration::from_secs(20),
            "nobody tries again"
        );
        thread::yield_now();
    }
    assert_eq!(logger.stats().delivered(), 1);
}

#[test]
fn a_syslog_that_hangs_does_not_stall_the_file() {
    const LINES: u64 = 8_000;
    // It takes connections, and never reads.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("app.log");
    let address = format!("tcp://{}", listener.local_addr().expect("an address"));
    let logger = Logger::builder()
        .format(Format::Json)
        .output(Output::syslog(&address).queue(100))
        .output(Output::file(&path).overflow(Overflow::Block).queue(100))
        .build()
        .expect("a logger");
    // Far more than the buffers of a connection hold.
    let text = "x".repeat(8000);
    for n in 0..LINES {
        slog::info!(logger.slog(), "{}", text; "n" => n);
    }
    // What is taken from the file's queue is written while syslog hangs.
    let begun = Instant::now();
    while logger.stats().delivered() < LINES && begun.elapsed() < Duration::from_secs(20) {
        thread::yield_now();
    }
    let stats = logger.stats();
    assert!(stats.dropped() > 0, "syslog did not hang: {stats:?}");
    // It fails, or tells nothing within its five seconds; either way it ends.
    let _ = logger.shutdown();
    assert!(begun.elapsed() < Duration::from_secs(60));
    let mut expected = 0;
    for line in BufReader::new(File::open(path).expect("a file")).lines() {
        let line: Value = serde_json::from_str(&line.expect("text")).expect("whole lines");
        assert_eq!(line["n"], expected);
        expected += 1;
    }
    assert_eq!(expected, LINES);
    drop(listener);
}

#[test]
fn a_file_is_found_again_after_every_rename_and_signal() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("app.log");
    let mut child = program(&["load", path.to_str().expect("text")])
        .spawn()
        .expect("it starts");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    out.read_line(&mut String::new()).expect("it is ready");
    for round in 0..20 {
        while fs::metadata(&path).map_or(0, |found| found.len()) < 1000 {
            thread::yield_now();
        }
        fs::rename(&path, folder.path().join(format!("app.log.{round}"))).expect("a rename");
        // Else it makes one itself, after a second.
        if round % 5 != 4 {
            File::create_new(&path)
                .or_else(|_| File::open(&path))
                .expect("as logrotate does");
            kill(&child, rustix::process::Signal::HUP);
        }
    }
    kill(&child, rustix::process::Signal::TERM);
    let mut said = String::new();
    out.read_to_string(&mut said).expect("it says how many");
    assert!(child.wait().expect("it ends").success());
    // Before that it said how often the file was opened again.
    let counts = said.lines().last().expect("its last words");
    let expected: Vec<u64> = serde_json::from_str(counts).expect("numbers");
    let mut all = Vec::new();
    for round in 0..20 {
        all.extend(lines(folder.path().join(format!("app.log.{round}"))));
    }
    // There is none when nothing was logged after the last rename.
    if path.exists() {
        all.extend(lines(&path));
    }
    assert_counted(&all, &expected);
}

#[test]
fn local_midnight_ends_a_day_where_the_machine_is() {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("a clock");
    let hour = (since.as_secs() / 3600 % 24) as i64;
    // Where it is one o'clock at night, three hours ago was yesterday; where it is noon, it was not.
    for (here, files) in [(1, 2), (12, 1)] {
        let east = (here - hour + 36).rem_euclid(24) - 12;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("app.log");
        fs::write(&path, "of another day, perhaps\n").expect("a file");
        let written = SystemTime::now() - Duration::from_secs(3 * 3600);
        File::options()
            .write(true)
            .open(&path)
            .and_then(|file| file.set_modified(written))
            .expect("a time");
        let ended = program(&["today", path.to_str().expect("text")])
            // The sign is the other way round there.
            .env("TZ", format!("TST{}", -east))
            .output()
            .expect("it runs");
        assert!(ended.status.success(), "{ended:?}");
        let found = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(found, files, "at {here} o'clock");
    }
}
