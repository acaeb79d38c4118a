//! What the pipeline did so far, in numbers.

use super::Level;
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// Counts since the logger was built.
///
/// For each output, `delivered + dropped` reaches the number of lines it was sent; a record goes to every
/// output whose level lets it pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub(crate) records: [u64; 5],
    pub(crate) delivered: u64,
    pub(crate) dropped: u64,
    pub(crate) sink_errors: u64,
    pub(crate) suppressed: u64,
}

impl Stats {
    /// Records of this level that passed the filter and were not left out.
    #[must_use]
    pub const fn records(&self, level: Level) -> u64 {
        self.records[level as usize]
    }

    /// Lines handed to the system, over all outputs.
    #[must_use]
    pub const fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Lines lost because a queue was full or an output kept failing, over all outputs.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Records that passed the filter and were left out by [`Sampling`](super::Sampling).
    #[must_use]
    pub const fn suppressed(&self) -> u64 {
        self.suppressed
    }

    /// Failed writes, over all outputs.
    #[must_use]
    pub const fn sink_errors(&self) -> u64 {
        self.sink_errors
    }
}

/// How one output is, and what it did since the logger was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputStats {
    pub(crate) name: String,
    pub(crate) delivered: u64,
    pub(crate) dropped: u64,
    pub(crate) sink_errors: u64,
    pub(crate) failing: bool,
    pub(crate) busy: Option<Duration>,
}

impl OutputStats {
    /// The path of a file, the address of a syslog server, `stdout`, `stderr` or `custom`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Lines handed to the system.
    #[must_use]
    pub const fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Lines lost because the queue was full or the output kept failing.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Failed writes.
    #[must_use]
    pub const fn sink_errors(&self) -> u64 {
        self.sink_errors
    }

    /// Whether the last write failed; what it was to write is kept and tried again.
    #[must_use]
    pub const fn is_failing(&self) -> bool {
        self.failing
    }

    /// How long the write lasts that is going on now. One of seconds is an output that hangs.
    #[must_use]
    pub const fn busy(&self) -> Option<Duration> {
        self.busy
    }
}

/// The counters behind the lines of one output.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) delivered: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) sink_errors: AtomicU64,
    /// Lines that were dropped since the last line that said so.
    pub(crate) unreported: AtomicU64,
    failing: AtomicBool,
    /// When the call into the sink began that has not come back.
    called: Mutex<Option<Instant>>,
}

impl Counters {
    /// So many lines were lost.
    pub(crate) fn dropped(&self, lines: u64) {
        self.dropped.fetch_add(lines, Relaxed);
        self.unreported.fetch_add(lines, Relaxed);
    }

    pub(crate) fn add_to(&self, stats: &mut Stats) {
        stats.delivered += self.delivered.load(Relaxed);
        stats.dropped += self.dropped.load(Relaxed);
        stats.sink_errors += self.sink_errors.load(Relaxed);
    }

    /// The last write failed.
    pub(crate) fn failed(&self) {
        self.sink_errors.fetch_add(1, Relaxed);
        self.failing.store(true, Relaxed);
    }

    /// Everything that was taken is written.
    pub(crate) fn wrote(&self, lines: u64) {
        self.delivered.fetch_add(lines, Relaxed);
        self.failing.store(false, Relaxed);
    }

    /// A call into the sink begins, or is over.
    pub(crate) fn calls(&self, since: Option<Instant>) {
        *self.called.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    pub(crate) fn of_output(&self, name: &str) -> OutputStats {
        let called = *self.called.lock().unwrap_or_else(PoisonError::into_inner);
        OutputStats {
            name: name.to_owned(),
            delivered: self.delivered.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            sink_errors: self.sink_errors.load(Relaxed),
            failing: self.failing.load(Relaxed),
            busy: called.map(|since| since.elapsed()),
        }
    }
}
