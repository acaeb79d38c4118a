//! Lines that come while one is on its way are gathered behind it, and written together with it.
//!
//! A queue of single lines would have its price for each of them: a record to allocate, a wake-up of the thread at its
//! other end, a write. So only the first line of a batch goes through the queue; the thread that takes it out waits a
//! moment, and takes along what was gathered meanwhile.

use super::Overflow;
use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// How long a line waits for others.
pub(crate) const MOMENT: Duration = Duration::from_millis(1);

/// Lines on their way to one output.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    batch: Mutex<Batch>,
    /// Rung when there is no time to wait.
    bell: Condvar,
    /// Rung when there is room again.
    room: Condvar,
}

#[derive(Debug, Default)]
struct Batch {
    /// Finished lines, one behind the other.
    text: String,
    lines: usize,
    /// The first line of the batch is in the queue: whoever takes it out takes these along.
    is_under_way: bool,
    /// Nothing is to wait any longer.
    hurry: bool,
    /// The other end waits for more lines.
    is_awaited: bool,
    /// Callers that wait for room.
    blocked: usize,
}

impl Gathering {
    /// Gathers a line, or has it `put` into the queue when it is the first. An `urgent` one ends the waiting, and so
    /// do many. Whether it was taken: when `most` lines are there already it is not, or its caller waits.
    pub(super) fn add(
        &self,
        line: &str,
        urgent: bool,
        (most, overflow): (usize, Overflow),
        put: impl Fn() -> bool,
    ) -> bool {
        let mut batch = self.batch();
        loop {
            if !batch.is_under_way {
                // Inside the lock, or a later line of the same thread could be taken out before.
                if put() {
                    batch.is_under_way = true;
                    batch.hurry |= urgent;
                    return true;
                }
                if overflow != Overflow::Block {
                    return false;
                }
                // Full of commands, which are soon done.
                drop(batch);
                thread::sleep(Duration::from_millis(1));
                batch = self.batch();
            } else if batch.lines < most {
                batch.text.push_str(line);
                batch.lines += 1;
                if urgent || batch.lines > most / 2 {
                    self.ring(&mut batch);
                }
                return true;
            } else if overflow == Overflow::Block {
                batch.blocked += 1;
                let waited = self.room.wait(batch);
                batch = waited.unwrap_or_else(PoisonError::into_inner);
                batch.blocked -= 1;
            } else {
                return false;
            }
        }
    }

    /// Ends the waiting: something else is in the queue.
    pub(super) fn hurry(&self) {
        self.ring(&mut self.batch());
    }

    fn ring(&self, batch: &mut Batch) {
        if !batch.hurry && batch.is_awaited {
            self.bell.notify_one();
        }
        batch.hurry = true;
    }

    /// Waits for more lines, unless there is no time.
    pub(super) fn wait(&self, moment: Duration) {
        let mut batch = self.batch();
        batch.is_awaited = true;
        let waited = self
            .bell
            .wait_timeout_while(batch, moment, |batch| !batch.hurry);
        let (mut batch, _) = waited.unwrap_or_else(PoisonError::into_inner);
        batch.is_awaited = false;
    }

    /// Takes what was gathered, in exchange for an empty buffer. How many lines it is.
    pub(super) fn take(&self, text: &mut String) -> usize {
        let mut batch = self.batch();
        std::mem::swap(&mut batch.text, text);
        batch.is_under_way = false;
        batch.hurry = false;
        if batch.blocked > 0 {
            self.room.notify_all();
        }
        std::mem::take(&mut batch.lines)
    }

    fn batch(&self) -> MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
