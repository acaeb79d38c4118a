//! What the pipeline did so far, in numbers.

use super::Level;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

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

/// The counters behind the lines of one output.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) delivered: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) sink_errors: AtomicU64,
    /// Lines that were dropped since the last line that said so.
    pub(crate) unreported: AtomicU64,
}

impl Counters {
    /// A line was lost.
    pub(crate) fn dropped(&self) {
        self.dropped.fetch_add(1, Relaxed);
        self.unreported.fetch_add(1, Relaxed);
    }

    pub(crate) fn add_to(&self, stats: &mut Stats) {
        stats.delivered += self.delivered.load(Relaxed);
        stats.dropped += self.dropped.load(Relaxed);
        stats.sink_errors += self.sink_errors.load(Relaxed);
    }
}
