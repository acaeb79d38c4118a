//! The way of a record: filter → collect → render → the queue of each output.

use super::{
    Level,
    filter::Filter,
    format::Timestamp,
    ids::{self, Ids},
    record::{Event, Order, Scratch},
    stats::Stats,
    transport::{Answer, Command, Transport, is_writing},
};
use arc_swap::ArcSwap;
use slog::{Drain, OwnedKVList, Record};
use std::{
    cell::Cell,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

/// How long the middleware's requests are waited for at shutdown.
const LAST_REQUESTS: Duration = Duration::from_secs(1);

pub(crate) struct Pipeline {
    filter: ArcSwap<Filter>,
    /// The number of levels that any target may log at: the first and cheapest thing to ask.
    detail: AtomicUsize,
    /// What every record says, as the builder was told.
    context: OwnedKVList,
    outputs: Vec<Transport>,
    records: [AtomicU64; 5],
    closed: AtomicBool,
    /// Requests whose access line is still to come.
    in_flight: AtomicUsize,
}

/// What a thread renders with. Taken while in use, so that a value which logs while it is formatted finds none
/// and makes its own.
#[derive(Default)]
struct Buffers {
    scratch: Scratch,
    line: String,
}

thread_local! {
    static BUFFERS: Cell<Option<Box<Buffers>>> = const { Cell::new(None) };
    static NOTHING: OwnedKVList = OwnedKVList::from(slog::o!());
}

impl Pipeline {
    pub(crate) fn new(filter: Filter, context: OwnedKVList, outputs: Vec<Transport>) -> Self {
        Self {
            detail: AtomicUsize::new(filter.most_detailed().map_or(0, Level::detail)),
            filter: ArcSwap::from_pointee(filter),
            context,
            outputs,
            records: Default::default(),
            closed: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
        }
    }

    /// Whether a record would go anywhere.
    #[inline]
    pub(crate) fn enabled(&self, level: Level, target: &str) -> bool {
        level.detail() <= self.detail.load(Relaxed) && self.filter.load().enabled(level, target)
    }

    pub(crate) fn most_detailed(&self) -> Option<Level> {
        self.filter.load().most_detailed()
    }

    pub(crate) fn set_level(&self, level: Level) {
        self.filter.rcu(|filter| filter.with_level(level));
        self.detail
            .store(self.most_detailed().map_or(0, Level::detail), Relaxed);
    }

    /// Lets a record through that is [`enabled`](Self::enabled); `ids` are those of the request it belongs to.
    pub(crate) fn emit(&self, event: &Event<'_>, record_context: &OwnedKVList, ids: Option<&Ids>) {
        // A sink that logs would wait for itself.
        if self.closed.load(Relaxed) || is_writing() {
            return;
        }
        let ts = Timestamp::now();
        self.records[event.level as usize].fetch_add(1, Relaxed);
        let mut buffers = BUFFERS
            .try_with(Cell::take)
            .ok()
            .flatten()
            .unwrap_or_default();
        let Buffers { scratch, line } = &mut *buffers;
        scratch.collect(event, &self.context, record_context, ids);
        let entry = scratch.entry(ts.as_str(), event.level);
        let mut rendered = None;
        for output in self
            .outputs
            .iter()
            .filter(|output| event.level <= output.least)
        {
            if rendered != Some(output.look) {
                line.clear();
                output.look.render(&entry, line);
                rendered = Some(output.look);
            }
            output.send(event.level, line);
        }
        scratch.shrink();
        line.shrink_to(64 * 1024);
        // Nothing to put back to when the thread is going away.
        let _ = BUFFERS.try_with(|kept| kept.set(Some(buffers)));
    }

    /// For records that do not come through slog.
    pub(crate) fn emit_event(
        &self,
        (level, target): (Level, &str),
        message: &dyn std::fmt::Display,
        fields: &dyn slog::KV,
        ids: Option<&Ids>,
    ) {
        static LOCATION: slog::RecordLocation = slog::RecordLocation {
            file: "",
            line: 0,
            column: 0,
            function: "",
            module: "",
        };
        let fixed = slog::RecordStatic {
            location: &LOCATION,
            tag: target,
            level: level.to_slog(),
        };
        let no_message = format_args!("");
        let record = &Record::new(&fixed, &no_message, slog::BorrowedKV(&()));
        let event = Event {
            level,
            target,
            message,
            fields,
            order: Order::Written,
            record,
        };
        let current = if ids.is_none() { ids::current() } else { None };
        NOTHING.with(|nothing| self.emit(&event, nothing, ids.or(current.as_deref())));
    }

    pub(crate) fn stats(&self) -> Stats {
        let mut stats = Stats::default();
        for (count, records) in stats.records.iter_mut().zip(&self.records) {
            *count = records.load(Relaxed);
        }
        for output in &self.outputs {
            output.counters().add_to(&mut stats);
        }
        stats
    }

    /// Gives every output a command, waits for all, and returns the first that failed.
    pub(crate) fn command(
        &self,
        command: Command,
        deadline: Instant,
    ) -> Result<(), (String, io::Error)> {
        if is_writing() {
            return Ok(());
        }
        // All are told before one is waited for.
        let answers: Vec<(&str, Answer)> = self
            .outputs
            .iter()
            .filter_map(|output| Some((&*output.name, output.command(command, deadline)?)))
            .collect();
        let mut failed = Ok(());
        for (name, answer) in answers {
            if let Err(error) = answer.wait() {
                failed = failed.and(Err((name.to_owned(), error)));
            }
        }
        failed
    }

    pub(crate) fn close(&self, timeout: Duration) -> Result<(), (String, io::Error)> {
        let requests = Instant::now() + timeout.min(LAST_REQUESTS);
        while self.in_flight.load(SeqCst) > 0 && Instant::now() < requests {
            thread::sleep(Duration::from_millis(1));
        }
        self.closed.store(true, SeqCst);
        let deadline = Instant::now() + timeout;
        let mut failed = Ok(());
        for output in &self.outputs {
            if let Err(error) = output.close(deadline) {
                failed = failed.and(Err((output.name.clone(), error)));
            }
        }
        failed
    }

    pub(crate) fn request_begins(&self) {
        self.in_flight.fetch_add(1, SeqCst);
    }

    pub(crate) fn request_ends(&self) {
        self.in_flight.fetch_sub(1, SeqCst);
    }
}

/// The pipeline as slog's loggers see it.
pub(crate) struct Route {
    pub(crate) pipeline: Arc<Pipeline>,
    /// The request its records belong to; the one being polled when `None`.
    pub(crate) ids: Option<Arc<Ids>>,
}

/// The tag, when the record has one, else the module it was written in.
fn target<'a>(record: &'a Record<'_>) -> &'a str {
    if record.tag().is_empty() {
        record.module()
    } else {
        record.tag()
    }
}

impl Drain for Route {
    type Ok = ();
    type Err = slog::Never;

    fn log(&self, record: &Record<'_>, values: &OwnedKVList) -> Result<(), slog::Never> {
        let (level, target) = (record.level().into(), target(record));
        if self.pipeline.enabled(level, target) {
            let event = Event {
                level,
                target,
                message: record.msg(),
                fields: &record.kv(),
                order: Order::Reversed,
                record,
            };
            let current = if self.ids.is_none() {
                ids::current()
            } else {
                None
            };
            let ids = self.ids.as_deref().or(current.as_deref());
            self.pipeline.emit(&event, values, ids);
        }
        Ok(())
    }

    fn is_enabled(&self, level: slog::Level) -> bool {
        Level::from(level).detail() <= self.pipeline.detail.load(Relaxed)
    }
}
