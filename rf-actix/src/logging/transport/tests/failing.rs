//! Outputs that fail, and what becomes of their lines.

use super::*;
use std::sync::atomic::AtomicBool;

/// An output that takes a few bytes at a time, and then fails until it is mended.
#[derive(Clone, Default)]
struct Failing {
    mended: Arc<AtomicBool>,
    panics: bool,
    left: usize,
    capture: Capture,
}

impl Sink for Failing {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if self.left == 0 && !self.mended.load(SeqCst) {
            assert!(!self.panics, "a sink that panics, as the test wants it");
            return Err(io::ErrorKind::StorageFull.into());
        }
        let taken = if self.left > 0 {
            lines.len().min(self.left)
        } else {
            lines.len()
        };
        self.left = self.left.saturating_sub(taken);
        self.capture.write(&lines[..taken])
    }
}

#[test]
fn logging_resumes_where_it_stopped_when_a_full_disk_has_room_again() {
    for panics in [false, true] {
        let failing = Failing {
            left: 40,
            panics,
            ..Failing::default()
        };
        let logger = Logger::builder()
            .format(crate::logging::Format::Json)
            .output(Output::custom(failing.clone()))
            .build()
            .unwrap();
        for n in 0..10 {
            slog::info!(logger.slog(), "line"; "n" => n);
        }
        let error = logger.flush().unwrap_err();
        assert!(error.to_string().contains("custom"), "{error}");
        assert!(logger.stats().sink_errors() > 0);
        failing.mended.store(true, SeqCst);
        slog::info!(logger.slog(), "line"; "n" => 10);
        logger.shutdown().unwrap();
        let numbers: Vec<u64> = failing
            .capture
            .json()
            .iter()
            .map(|line| line["n"].as_u64().unwrap())
            .collect();
        assert_eq!(
            numbers,
            (0..=10).collect::<Vec<_>>(),
            "no line is torn or lost"
        );
        assert_eq!(logger.stats().delivered(), 11);
    }
}

/// A full disk whose file is moved away.
struct Moved(Failing);

impl Sink for Moved {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.0.write(lines)
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.0.mended.store(true, SeqCst);
        self.0.capture.write(b"\n").map(drop)
    }

    fn begins_anew(&mut self) -> bool {
        true
    }
}

#[test]
fn a_line_that_was_begun_before_reopening_is_written_as_a_whole_after_it() {
    let failing = Failing {
        left: 150,
        ..Failing::default()
    };
    let logger = Logger::builder()
        .format(crate::logging::Format::Json)
        .output(Output::custom(Moved(failing.clone())))
        .build()
        .unwrap();
    slog::info!(logger.slog(), "first");
    slog::info!(logger.slog(), "begun");
    logger.flush().unwrap_err();
    logger.reopen().unwrap_err();
    slog::info!(logger.slog(), "after");
    logger.shutdown().unwrap();
    let text = failing.capture.text();
    let lines: Vec<_> = text
        .lines()
        .map(serde_json::from_str::<serde_json::Value>)
        .collect();
    let messages: Vec<_> = lines
        .iter()
        .map(|line| {
            line.as_ref()
                .map_or("torn", |line| line["msg"].as_str().unwrap())
        })
        .collect();
    assert_eq!(messages, ["first", "torn", "begun", "after"], "{text}");
}

#[test]
fn an_output_that_stays_broken_loses_lines_and_says_how_many() {
    let failing = Failing::default();
    let logger = Logger::builder()
        .output(Output::custom(failing))
        .build()
        .unwrap();
    slog::info!(logger.slog(), "line");
    logger.shutdown().unwrap_err();
    assert_eq!(
        (logger.stats().delivered(), logger.stats().dropped()),
        (0, 1)
    );
}
