//! Collects the lines that wait and writes them in one piece; survives whatever the output does.

use super::{
    Level,
    format::{Clock, Look},
    keys::PIPELINE,
    record::{Around, Event, Order, Scratch},
    sink::Sink,
    stats::Counters,
};
use slog::{BorrowedKV, Record, RecordLocation, RecordStatic};
use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

static LOCATION: RecordLocation = RecordLocation {
    file: "",
    line: 0,
    column: 0,
    function: "",
    module: "",
};

/// How large a batch usually is, bytes.
const BATCH: usize = 64 * 1024;

/// What is kept for an output that fails, bytes; lines beyond are dropped.
const KEPT: usize = 1024 * 1024;

/// How long an output that failed is left alone.
pub(crate) const PAUSE: Duration = Duration::from_millis(250);

pub(crate) struct Writer {
    sink: Box<dyn Sink>,
    look: Look,
    counters: Arc<Counters>,
    lines: String,
    /// How much of `lines` is written.
    written: usize,
    /// Records in `lines`.
    count: u64,
    /// Set while the output fails.
    paused_until: Option<Instant>,
}

impl Writer {
    pub(crate) fn new(sink: Box<dyn Sink>, look: Look, counters: Arc<Counters>) -> Self {
        Self {
            sink,
            look,
            counters,
            lines: String::with_capacity(BATCH),
            written: 0,
            count: 0,
            paused_until: None,
        }
    }

    /// Adds so many lines to the batch; those that an output which fails has no room for are lost.
    pub(crate) fn take(&mut self, lines: &str, count: u64) {
        let room = KEPT.saturating_sub(self.lines.len());
        if !self.is_paused() || lines.len() <= room {
            self.lines.push_str(lines);
            self.count += count;
            return;
        }
        let fitting = &lines[..lines.floor_char_boundary(room)];
        let whole = fitting.rfind('\n').map_or(0, |end| end + 1);
        let (kept, lost) = lines.split_at(whole);
        let lost = lost.matches('\n').count() as u64;
        self.lines.push_str(kept);
        self.count += count - lost;
        self.counters.dropped(lost);
    }

    /// Whether the output failed, and lines wait for it.
    pub(crate) fn is_paused(&self) -> bool {
        self.paused_until.is_some()
    }

    /// Writes the batch, unless the output failed a moment ago. What fails is counted and kept for later.
    pub(crate) fn write(&mut self) {
        if self
            .paused_until
            .is_none_or(|until| Instant::now() >= until)
        {
            let _ = self.write_now();
        }
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.write_now()?;
        self.guarded(|sink| sink.flush())
    }

    pub(crate) fn reopen(&mut self) -> io::Result<()> {
        // The lines before belong to what is open now.
        let written = self.write_now();
        self.guarded(|sink| sink.reopen())?;
        if self.sink.begins_anew() {
            let begun = self.lines[..self.written].rfind('\n');
            self.written = begun.map_or(0, |end| end + 1);
        }
        written
    }

    fn write_now(&mut self) -> io::Result<()> {
        let reported = self.report();
        while self.written < self.lines.len() {
            let rest = self.written;
            let lines = std::mem::take(&mut self.lines);
            let wrote = self.guarded(|sink| sink.write(&lines.as_bytes()[rest..]));
            self.lines = lines;
            match wrote {
                Ok(0) => return self.failed(io::ErrorKind::WriteZero.into(), reported),
                Ok(bytes) => self.written = (self.written + bytes).min(self.lines.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.failed(error, reported),
            }
        }
        self.paused_until = None;
        self.counters.wrote(self.count);
        self.lines.clear();
        self.lines.shrink_to(KEPT);
        self.written = 0;
        self.count = 0;
        Ok(())
    }

    fn failed(&mut self, error: io::Error, reported: Option<Report>) -> io::Result<()> {
        // Cut exactly where it stopped, so that the rest completes the line when the output recovers.
        if let Some(Report { at, dropped }) = reported
            && self.written <= at
        {
            self.lines.truncate(at);
            self.counters.unreported.fetch_add(dropped, Relaxed);
        }
        self.counters.failed();
        self.paused_until = Some(Instant::now() + PAUSE);
        Err(error)
    }

    /// Says in a line of its own how many were dropped.
    fn report(&mut self) -> Option<Report> {
        let dropped = self.counters.unreported.swap(0, Relaxed);
        if dropped == 0 {
            return None;
        }
        let at = self.lines.len();
        let fixed = RecordStatic {
            location: &LOCATION,
            tag: "",
            level: slog::Level::Warning,
        };
        let no_message = format_args!("");
        let mut scratch = Scratch::default();
        let event = Event {
            level: Level::Warn,
            target: PIPELINE,
            message: format_args!("log lines were dropped, the output is too slow or failing"),
            fields: &slog::SingleKV("dropped", dropped),
            order: Order::Written,
            record: &Record::new(&fixed, &no_message, BorrowedKV(&())),
        };
        scratch.collect(&event, Around::default());
        self.look.render(
            &scratch.entry(Clock::default().now(), Level::Warn),
            &mut self.lines,
        );
        Some(Report { at, dropped })
    }

    /// Calls into the sink, which may be the application's: its panic is an error like any other.
    fn guarded<T>(&mut self, call: impl FnOnce(&mut dyn Sink) -> io::Result<T>) -> io::Result<T> {
        self.counters.calls(Some(Instant::now()));
        let done = catch_unwind(AssertUnwindSafe(|| call(&mut *self.sink)));
        self.counters.calls(None);
        done.unwrap_or_else(|_| Err(io::Error::other("the sink panicked")))
    }
}

/// A report that stands at the end of the batch.
struct Report {
    at: usize,
    dropped: u64,
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.flush().is_err() {
            self.counters.dropped.fetch_add(self.count, Relaxed);
        }
    }
}
