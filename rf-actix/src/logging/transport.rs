//! One slog-async queue and one thread for each output.
//!
//! The queue carries finished lines, as records with an empty list: slog-async boxes every value of a list, and
//! would stamp and format on its thread. Lines that come while one is on its way are gathered behind it, and taken out with
//! it. Commands travel in the same queue as records with a tag, so that a flush is done when everything before it is.

mod gathering;

pub(crate) use self::gathering::MOMENT;
use self::gathering::{Gathering, Limit, Put};
use super::{
    Level,
    format::Look,
    record::NOTHING,
    sink::Sink,
    stats::Counters,
    writer::{PAUSE, Writer},
};
use arc_swap::ArcSwapOption;
use slog::{BorrowedKV, Drain, OwnedKVList, Record, RecordLocation, RecordStatic};
use slog_async::{AsyncCore, AsyncError};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    fmt, io,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

static LOCATION: RecordLocation = RecordLocation {
    file: "",
    line: 0,
    column: 0,
    function: "",
    module: "",
};

/// Records a queue holds: the first line of a batch, and commands.
const RECORDS: usize = 64;

/// What a buffer for lines keeps of its memory, bytes.
const MOST_KEPT: usize = 1024 * 1024;

/// Lines that may be gathered before the overflow policy applies.
pub(crate) const QUEUE: usize = 16 * 1024;

/// The same in bytes: most lines are short, and those with a long path or a huge field are not to take all memory.
const BYTES: usize = 64 * 1024 * 1024;

/// What happens to a line when an output's queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Overflow {
    /// The caller waits: no line is lost, and an output that hangs stops the application.
    Block,
    /// The line is dropped; how many were is written as soon as there is room, and counted in
    /// [`Stats::dropped`](super::Stats::dropped).
    #[default]
    Drop,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Flush,
    Reopen,
    /// Nobody asks: what an output refused is offered again.
    Retry,
}

impl Command {
    const fn tag(self) -> &'static str {
        match self {
            Self::Flush => "flush",
            Self::Reopen => "reopen",
            Self::Retry => "retry",
        }
    }
}

/// An output as it is to be.
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) look: Look,
    pub(crate) is_file: bool,
    pub(crate) least: Level,
    pub(crate) overflow: Overflow,
    /// Lines that may wait.
    pub(crate) queue: usize,
    /// How long a line waits for others, to be written together.
    pub(crate) moment: Duration,
}

/// The end of a queue where lines go in.
pub(crate) struct Transport {
    pub(crate) plan: Plan,
    /// Empty once the output is closed.
    queue: ArcSwapOption<AsyncCore>,
    shared: Arc<Shared>,
    next: AtomicU64,
}

/// What both ends of a queue know.
#[derive(Default)]
struct Shared {
    counters: Arc<Counters>,
    gathering: Gathering,
    answers: Mutex<HashMap<u64, mpsc::SyncSender<io::Result<()>>>>,
    /// The queue itself, for those who come back after a pause.
    queue: OnceLock<Weak<AsyncCore>>,
    /// Somebody will.
    retrying: AtomicBool,
}

thread_local! {
    static WRITING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is an output's own: what it logs would wait for itself.
pub(crate) fn is_writing() -> bool {
    WRITING.try_with(Cell::get).unwrap_or(true)
}

impl Transport {
    pub(crate) fn start(plan: Plan, sink: Box<dyn Sink>) -> Self {
        let shared = Arc::new(Shared::default());
        let worker = Worker {
            writer: RefCell::new(Writer::new(
                sink,
                plan.look.clone(),
                Arc::clone(&shared.counters),
            )),
            shared: Arc::clone(&shared),
            moment: plan.moment,
            gathered: RefCell::default(),
        };
        let core = AsyncCore::custom(worker)
            .chan_size(RECORDS)
            .thread_name("rf-log".to_owned())
            .build();
        let core = Arc::new(core);
        // Set once: this is the only place.
        let _ = shared.queue.set(Arc::downgrade(&core));
        Self {
            plan,
            queue: ArcSwapOption::from(Some(core)),
            shared,
            next: AtomicU64::new(0),
        }
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// Puts a finished line into the queue, or behind the one that is there. Whether it was taken.
    pub(crate) fn send(&self, level: Level, line: &str) -> bool {
        let queue = self.queue.load();
        let Some(queue) = queue.as_ref() else {
            return false;
        };
        // Errors do not wait: they may be the last that is heard of a process.
        let urgent = level == Level::Error;
        let limit = Limit::of(self.plan.queue, self.plan.overflow);
        let taken = (self.shared.gathering).add(line, urgent, limit, || {
            match put(queue, level, "", line) {
                Ok(()) => Put::Done,
                Err(AsyncError::Full) => Put::Full,
                Err(AsyncError::Fatal(_)) => Put::Gone,
            }
        });
        if !taken {
            self.shared.counters.dropped(1);
        }
        taken
    }

    /// Sends a command behind the lines that wait, and waits for its answer.
    pub(crate) fn command(&self, command: Command, deadline: Instant) -> io::Result<()> {
        match self.queue.load_full() {
            Some(queue) => self.command_to(&queue, command, deadline).wait(),
            None => Ok(()),
        }
    }

    fn command_to(&self, queue: &AsyncCore, command: Command, deadline: Instant) -> Answer {
        let number = self.next.fetch_add(1, Relaxed);
        let (sender, answer) = mpsc::sync_channel(1);
        self.shared.answers().insert(number, sender);
        let answer = Answer { answer, deadline };
        // Others may have filled the queue with commands.
        while let Err(AsyncError::Full) = self.shared.command(queue, command, &number.to_string()) {
            if Instant::now() >= deadline {
                self.shared.answers().remove(&number);
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        answer
    }

    /// Takes no more lines, writes what was taken, and ends the thread; at most until `deadline`.
    pub(crate) fn close(&self, deadline: Instant) -> io::Result<()> {
        let Some(queue) = self.queue.swap(None) else {
            return Ok(());
        };
        // Callers that had the queue in hand put their line in first.
        while Arc::strong_count(&queue) > 1 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
        let flushed = self.command_to(&queue, Command::Flush, deadline).wait();
        match &flushed {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                // Dropping joins the thread, which hangs in its sink: let something else wait for it.
                thread::spawn(move || drop(queue));
            }
            _ => drop(queue),
        }
        flushed
    }
}

fn put(queue: &AsyncCore, level: Level, tag: &str, text: &str) -> Result<(), AsyncError> {
    let fixed = RecordStatic {
        location: &LOCATION,
        tag,
        level: level.to_slog(),
    };
    let text = Whole(text);
    queue.log(
        &Record::new(&fixed, &format_args!("{text}"), BorrowedKV(&())),
        &NOTHING,
    )
}

/// A text without the width and the alignment that it could be asked for.
struct Whole<'a>(&'a str);

impl fmt::Display for Whole<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        if !is_writing() {
            let _ = self.close(Instant::now() + Duration::from_secs(5));
        }
    }
}

/// The answer to a command, once it arrives.
struct Answer {
    answer: mpsc::Receiver<io::Result<()>>,
    deadline: Instant,
}

impl Answer {
    fn wait(self) -> io::Result<()> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        self.answer.recv_timeout(left).unwrap_or_else(|_| {
            Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the output did not answer in time",
            ))
        })
    }
}

impl Shared {
    fn answers(&self) -> std::sync::MutexGuard<'_, HashMap<u64, mpsc::SyncSender<io::Result<()>>>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn command(&self, queue: &AsyncCore, command: Command, text: &str) -> Result<(), AsyncError> {
        put(queue, Level::Info, command.tag(), text)?;
        self.gathering.hurry();
        Ok(())
    }

    /// Has what was refused offered again, also when nobody logs any more.
    fn retry_later(self: &Arc<Self>) {
        let Some(queue) = self.queue.get().cloned() else {
            return;
        };
        if self.retrying.swap(true, SeqCst) {
            return;
        }
        let shared = Arc::clone(self);
        let retry = move || {
            thread::sleep(PAUSE);
            shared.retrying.store(false, SeqCst);
            if let Some(queue) = queue.upgrade() {
                // A full queue has commands, with which the lines are offered too.
                let _ = shared.command(&queue, Command::Retry, "");
            }
        };
        // Without a thread the next line offers it.
        let _ = thread::Builder::new()
            .name("rf-log-retry".to_owned())
            .spawn(retry);
    }
}

/// The end of a queue where lines come out, on slog-async's thread.
struct Worker {
    writer: RefCell<Writer>,
    shared: Arc<Shared>,
    moment: Duration,
    /// The buffer for what is gathered next.
    gathered: RefCell<String>,
}

impl Worker {
    /// Takes what was gathered.
    fn gather(&self, writer: &mut Writer) {
        let mut gathered = self.gathered.borrow_mut();
        let lines = self.shared.gathering.take(&mut gathered);
        writer.take(&gathered, lines as u64);
        gathered.clear();
        gathered.shrink_to(MOST_KEPT);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Also when the thread ended in a panic.
        self.shared.gathering.end();
    }
}

impl Drain for Worker {
    type Ok = ();
    type Err = slog::Never;

    fn log(&self, record: &Record<'_>, _: &OwnedKVList) -> Result<(), slog::Never> {
        WRITING.set(true);
        let mut writer = self.writer.borrow_mut();
        let tag = record.tag();
        if tag.is_empty() {
            writer.take(&record.msg().to_string(), 1);
            self.shared.gathering.wait(self.moment);
            self.gather(&mut writer);
            writer.write();
        } else if tag == Command::Retry.tag() {
            writer.write();
        } else {
            // Whatever is gathered now belongs to a line behind this command.
            let done = if tag == Command::Reopen.tag() {
                writer.reopen()
            } else {
                writer.flush()
            };
            let number = record.msg().to_string().parse().unwrap_or(u64::MAX);
            if let Some(answer) = self.shared.answers().remove(&number) {
                // Whoever asked may have given up waiting.
                let _ = answer.try_send(done);
            }
        }
        if writer.is_paused() {
            self.shared.retry_later();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
