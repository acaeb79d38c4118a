//! Lines that come while one is on its way are gathered behind it, and written together with it.
//!
//! A queue of single lines would have its price for each of them: a record to allocate, a wake-up of the thread at its
//! other end, a write. So only the first line of a batch goes through the queue; the thread that takes it out waits a
//! moment, and takes along what was gathered meanwhile.

use super::{BYTES, Overflow};
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
    /// Nobody takes anything any more.
    is_over: bool,
}

/// What may wait, and what happens to a line on top of it.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    pub(super) lines: usize,
    pub(super) bytes: usize,
    pub(super) overflow: Overflow,
}

impl Limit {
    pub(super) fn of(lines: usize, overflow: Overflow) -> Self {
        Self {
            lines,
            bytes: BYTES,
            overflow,
        }
    }

    /// Whether there is room behind so much. Urgent lines have a tenth more: where all is full of others, an error or
    /// a panic still gets through.
    fn has_room(&self, batch: &Batch, urgent: bool) -> bool {
        let more = |limit: usize| if urgent { limit / 10 + 1 } else { 0 };
        batch.lines < self.lines + more(self.lines)
            && batch.text.len() < self.bytes + more(self.bytes)
    }
}

/// What became of a line that was to be put into the queue.
pub(super) enum Put {
    Done,
    /// There is no room, for now.
    Full,
    /// The other end is gone.
    Gone,
}

impl Gathering {
    /// Gathers a line, or has it `put` into the queue when it is the first. An `urgent` one ends the waiting, and so
    /// do many. Whether it was taken: when the `limit` is reached it is not, or its caller waits.
    pub(super) fn add(
        &self,
        line: &str,
        urgent: bool,
        limit: Limit,
        put: impl Fn() -> Put,
    ) -> bool {
        let mut batch = self.batch();
        loop {
            if batch.is_over {
                return false;
            } else if !batch.is_under_way {
                // Inside the lock, or a later line of the same thread could be taken out before.
                match put() {
                    Put::Done => {
                        batch.is_under_way = true;
                        batch.hurry |= urgent;
                        return true;
                    }
                    Put::Full if limit.overflow == Overflow::Block => {
                        // Full of commands, which are soon done.
                        drop(batch);
                        thread::sleep(Duration::from_millis(1));
                        batch = self.batch();
                    }
                    Put::Full | Put::Gone => return false,
                }
            } else if limit.has_room(&batch, urgent) {
                batch.text.push_str(line);
                batch.lines += 1;
                if urgent || batch.lines > limit.lines / 2 || batch.text.len() > limit.bytes / 2 {
                    self.ring(&mut batch);
                }
                return true;
            } else if limit.overflow == Overflow::Block {
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

    /// The other end is gone: nobody is to wait for it.
    pub(super) fn end(&self) {
        self.batch().is_over = true;
        self.room.notify_all();
    }

    fn batch(&self) -> MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_for_an_end_that_is_gone() {
        let gathering = Gathering::default();
        let add = |overflow| gathering.add("line\n", false, Limit::of(1, overflow), || Put::Done);
        assert!(add(Overflow::Block), "the first is put into the queue");
        assert!(add(Overflow::Block), "the second is gathered");
        assert!(!add(Overflow::Drop), "the third has no room");
        thread::scope(|scope| {
            let blocked = scope.spawn(|| add(Overflow::Block));
            while gathering.batch().blocked == 0 {
                thread::yield_now();
            }
            gathering.end();
            assert!(!blocked.join().expect("it only waits"));
        });
        let limit = Limit::of(9, Overflow::Block);
        assert!(!gathering.add("line\n", true, limit, || Put::Gone));
    }

    #[test]
    fn what_was_gathered_is_taken_once_and_makes_room() {
        let gathering = Gathering::default();
        let limit = Limit::of(2, Overflow::Drop);
        let add = |line| gathering.add(line, false, limit, || Put::Done);
        assert!(add("in the queue\n") && add("one\n") && add("two\n") && !add("three\n"));
        let mut text = String::new();
        assert_eq!(gathering.take(&mut text), 2);
        assert_eq!(text, "one\ntwo\n");
        text.clear();
        assert_eq!(gathering.take(&mut text), 0);
        assert!(add("in the queue again\n"));
    }

    #[test]
    fn where_others_find_no_room_some_errors_still_do() {
        let gathering = Gathering::default();
        let limit = Limit::of(20, Overflow::Drop);
        let add = |urgent| gathering.add("line\n", urgent, limit, || Put::Done);
        assert_eq!((0..50).filter(|_| add(false)).count(), 1 + 20);
        assert_eq!((0..50).filter(|_| add(true)).count(), 3);
        assert!(!add(false));
    }

    #[test]
    fn lines_take_no_more_memory_than_they_may() {
        let gathering = Gathering::default();
        let limit = Limit {
            bytes: 1000,
            ..Limit::of(1000, Overflow::Drop)
        };
        let line = "x".repeat(99) + "\n";
        let add = |urgent| gathering.add(&line, urgent, limit, || Put::Done);
        assert_eq!((0..50).filter(|_| add(false)).count(), 1 + 10);
        assert_eq!((0..50).filter(|_| add(true)).count(), 2);
        let mut text = String::new();
        gathering.take(&mut text);
        assert!(add(false) && add(false), "there is room again");
    }
}
