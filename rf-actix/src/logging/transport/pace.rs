//! How the thread of an output waits for company: lines that come within a moment are written together.
//!
//! Without it, a line that comes alone wakes the thread and is written alone, and so is the next one: the caller would
//! pay for a wake-up, and the machine for a write, with every line.

use std::{
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst},
    },
    time::Duration,
};

/// How long a line waits for others.
pub(crate) const MOMENT: Duration = Duration::from_millis(1);

/// What both ends of a queue know of its pace.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Records that were put in so far, commands too. Counted after each is in.
    sent: AtomicU64,
    /// Records that had been taken out when the thread began to wait.
    taken: AtomicU64,
    waiting: AtomicBool,
    hurry: Mutex<bool>,
    bell: Condvar,
}

impl Pace {
    /// A record is in. Ends the waiting of the other end when it is `urgent`, or when more than `many` wait for it.
    pub(super) fn sent(&self, urgent: bool, many: usize) {
        let sent = self.sent.fetch_add(1, SeqCst) + 1;
        if self.waiting.load(SeqCst)
            && (urgent || sent.wrapping_sub(self.taken.load(Relaxed)) > many as u64)
        {
            *self.hurry() = true;
            self.bell.notify_one();
        }
    }

    /// Whether nothing waits after so many were taken. It may be said too early of a record that is just being counted,
    /// never too late.
    pub(super) fn is_drained(&self, taken: u64) -> bool {
        taken >= self.sent.load(SeqCst)
    }

    /// Waits a moment, or until something urgent comes; not at all when something is there. Whether it did.
    pub(super) fn wait(&self, taken: u64, moment: Duration) -> bool {
        *self.hurry() = false;
        self.taken.store(taken, Relaxed);
        self.waiting.store(true, SeqCst);
        // Whoever came before saw nobody waiting.
        let alone = self.is_drained(taken);
        if alone {
            let hurry = self
                .bell
                .wait_timeout_while(self.hurry(), moment, |hurry| !*hurry);
            drop(hurry.unwrap_or_else(PoisonError::into_inner));
        }
        self.waiting.store(false, SeqCst);
        alone
    }

    fn hurry(&self) -> std::sync::MutexGuard<'_, bool> {
        self.hurry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
