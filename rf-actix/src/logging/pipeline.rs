//! The way of a record: filter → collect → render → the queue of each output.

use super::{
    Level, channel,
    detail::Detail,
    filter::Filter,
    format::{Clock, Look},
    ids::{self, Ids},
    keys,
    record::{Around, Entry, Event, NOTHING, Scratch},
    redact::Redactor,
    sample::{LeftOut, Sampler},
    shared::Shared,
    stats::{OutputStats, Stats},
    track::Trackers,
    transport::{Command, Transport, is_writing},
    tuning::Tuning,
};
use slog::OwnedKVList;
use std::{
    cell::Cell,
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// How long the middleware's requests are waited for at shutdown.
const LAST_REQUESTS: Duration = Duration::from_secs(1);
const MOMENT: Duration = Duration::from_millis(100);

pub(crate) struct Pipeline {
    pub(crate) tuning: Tuning,
    /// That of channels with a level of their own.
    _detail: Detail,
    shared: Shared,
    /// The default channel first.
    channels: Vec<channel::Route>,
    outputs: Vec<Arc<Transport>>,
    sampler: Sampler,
    trackers: Trackers,
    redactor: Redactor,
    records: [AtomicU64; 5],
    suppressed: AtomicU64,
    closed: AtomicBool,
    /// Requests whose access line is still to come.
    in_flight: AtomicUsize,
}

/// What is done to records on their way.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) sampler: Sampler,
    pub(crate) trackers: Trackers,
    pub(crate) redactor: Redactor,
}

/// What a thread renders with. Taken while in use, so that a value which logs while it is formatted finds none
/// and makes its own.
#[derive(Default)]
struct Buffers {
    clock: Clock,
    scratch: Scratch,
    line: String,
}

/// The line that was rendered last, and as what.
struct Rendering<'a, 'line> {
    line: &'line mut String,
    look: Option<&'a Look>,
}

thread_local! {
    static BUFFERS: Cell<Option<Box<Buffers>>> = const { Cell::new(None) };
}

impl Pipeline {
    pub(crate) fn new(
        filter: Filter,
        shared: Shared,
        (channels, outputs): (Vec<channel::Route>, Vec<Transport>),
        rules: Rules,
    ) -> Self {
        Self {
            tuning: Tuning::new(filter),
            _detail: Detail::new(channels.iter().filter_map(|route| route.level).max()),
            shared,
            channels,
            outputs: outputs.into_iter().map(Arc::new).collect(),
            sampler: rules.sampler,
            trackers: rules.trackers,
            redactor: rules.redactor,
            suppressed: AtomicU64::new(0),
            records: Default::default(),
            closed: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
        }
    }

    /// The number of the channel of this name.
    pub(crate) fn channel(&self, name: &str) -> Option<usize> {
        self.channels.iter().position(|route| route.name == name)
    }

    /// The level of the channel's own, when it has one.
    pub(crate) fn level_of(&self, channel: usize) -> Option<Level> {
        self.channels[channel].level
    }

    /// Whether a record would go anywhere.
    #[inline]
    pub(crate) fn enabled(&self, channel: usize, level: Level, target: &str) -> bool {
        match self.channels[channel].level {
            None => self.tuning.enabled(level, target),
            Some(least) => level <= least,
        }
    }

    pub(crate) fn writes_files(&self) -> bool {
        self.outputs.iter().any(|output| output.plan.is_file)
    }

    /// Adds a field to every record from now on.
    pub(crate) fn share(&self, key: &'static str, value: &str) {
        self.shared.share(key, value);
    }

    /// Lets a record through that is [`enabled`](Self::enabled).
    pub(crate) fn emit(&self, event: &Event<'_>, record_context: &OwnedKVList, from: Origin<'_>) {
        // A sink that logs would wait for itself.
        if self.closed.load(Relaxed) || is_writing() {
            return;
        }
        if from.channel == 0 && !self.sampler.is_idle() {
            let (passes, left_out) = self.sampler.judge(event.level, event.target, Instant::now);
            if let Some(left_out) = left_out {
                self.tell(&left_out);
            }
            if !passes {
                self.suppressed.fetch_add(1, Relaxed);
                return;
            }
        }
        self.deliver(event, record_context, from);
    }

    /// Says in a line of its own what sampling left out.
    fn tell(&self, left_out: &LeftOut) {
        let fields = slog::kv!("of" => &left_out.target, "suppressed" => left_out.records);
        let at = (Level::Warn, keys::PIPELINE);
        Event::other(
            at,
            format_args!("log records were left out by sampling"),
            &fields,
            |event| {
                self.deliver(event, &NOTHING, Origin::default());
            },
        );
    }

    fn deliver(&self, event: &Event<'_>, record_context: &OwnedKVList, from: Origin<'_>) {
        self.records[event.level as usize].fetch_add(1, Relaxed);
        let mut buffers = BUFFERS
            .try_with(Cell::take)
            .ok()
            .flatten()
            .unwrap_or_default();
        let Buffers {
            clock,
            scratch,
            line,
        } = &mut *buffers;
        let ts = clock.now();
        scratch.begin(&self.redactor);
        let route = &self.channels[from.channel];
        let channel = (from.channel != 0).then_some(route.name.as_str());
        let shared = self.shared.load();
        scratch.collect(
            event,
            Around {
                context: Some(record_context),
                shared: shared.as_deref().map_or(&[], |shared| shared),
                ids: from.ids,
                channel,
            },
        );
        let entry = scratch.entry(ts, event.level);
        let mut rendering = Rendering { line, look: None };
        if from.channel == 0 && self.channels.len() > 1 {
            // Copied to channels too, to each output once.
            let mut sent = Vec::new();
            let copying = self.channels[1..].iter();
            let copying = copying.filter(|route| route.copies(event.level, event.target));
            for route in std::iter::once(route).chain(copying) {
                self.to_route(route, &entry, &mut rendering, Some(&mut sent));
            }
        } else {
            self.to_route(route, &entry, &mut rendering, None);
        }
        self.trackers.report(&entry);
        scratch.shrink();
        if line.capacity() > 64 * 1024 {
            *line = String::new();
        }
        // Nothing to put back to when the thread is going away.
        let _ = BUFFERS.try_with(|kept| kept.set(Some(buffers)));
    }

    /// Renders once for outputs that look alike; skips those it was `sent` to, and notes the others.
    fn to_route<'a>(
        &'a self,
        route: &channel::Route,
        entry: &Entry<'_>,
        Rendering { line, look }: &mut Rendering<'a, '_>,
        mut sent: Option<&mut Vec<usize>>,
    ) {
        for (number, least) in &route.outputs {
            let output = &self.outputs[*number];
            let plan = &output.plan;
            if entry.level > *least || entry.level > plan.least {
                continue;
            }
            if let Some(sent) = &mut sent {
                if sent.contains(number) {
                    continue;
                }
                sent.push(*number);
            }
            if *look != Some(&plan.look) {
                line.clear();
                plan.look.render(entry, line);
                *look = Some(&plan.look);
                #[cfg(feature = "testing")]
                super::copy::line(line);
            }
            output.send(entry.level, line);
        }
    }

    /// For records that do not come through slog.
    pub(crate) fn emit_event(
        &self,
        at: (Level, &str),
        message: fmt::Arguments<'_>,
        fields: &dyn slog::KV,
        from: Origin<'_>,
    ) {
        let current = match from.ids {
            None => ids::current(),
            Some(_) => None,
        };
        let from = Origin {
            ids: from.ids.or(current.as_deref()),
            ..from
        };
        Event::other(at, message, fields, |event| {
            self.emit(event, &NOTHING, from);
        });
    }

    pub(crate) fn stats(&self) -> Stats {
        let mut stats = Stats {
            suppressed: self.suppressed.load(Relaxed),
            ..Stats::default()
        };
        for (count, records) in stats.records.iter_mut().zip(&self.records) {
            *count = records.load(Relaxed);
        }
        for output in &self.outputs {
            output.counters().add_to(&mut stats);
        }
        stats
    }

    pub(crate) fn output_stats(&self) -> Vec<OutputStats> {
        let outputs = self.outputs.iter();
        let stats = outputs.map(|output| output.counters().of_output(&output.plan.name));
        stats.collect()
    }

    /// Gives every output a command, waits for all, and returns the first that failed.
    pub(crate) fn command(
        &self,
        command: Command,
        deadline: Instant,
    ) -> Result<(), (String, io::Error)> {
        self.tell_all();
        let done = self.each_output(deadline, move |output| output.command(command, deadline));
        if command == Command::Flush && !self.trackers.flush(deadline) {
            return done.and(Err(untracked()));
        }
        done
    }

    fn tell_all(&self) {
        if !self.closed.load(Relaxed) && !is_writing() {
            for left_out in self.sampler.left_out() {
                self.tell(&left_out);
            }
        }
    }

    pub(crate) fn close(&self, timeout: Duration) -> Result<(), (String, io::Error)> {
        let requests = Instant::now() + timeout.min(LAST_REQUESTS);
        while self.in_flight.load(SeqCst) > 0 && Instant::now() < requests {
            thread::sleep(Duration::from_millis(1));
        }
        self.tell_all();
        self.closed.store(true, SeqCst);
        let deadline = Instant::now() + timeout;
        let done = self.each_output(deadline, move |output| output.close(deadline));
        if self.trackers.flush(deadline) {
            done
        } else {
            done.and(Err(untracked()))
        }
    }

    /// Asks something of all outputs at once, so that none waits for another one that hangs; the first failure counts.
    fn each_output(
        &self,
        deadline: Instant,
        ask: impl Fn(&Transport) -> io::Result<()> + Clone + Send + 'static,
    ) -> Result<(), (String, io::Error)> {
        if is_writing() {
            return Ok(());
        }
        let (sender, answers) = mpsc::channel();
        for (at, output) in self.outputs.iter().enumerate() {
            let (output, ask, sender) = (Arc::clone(output), ask.clone(), sender.clone());
            let asking = move || {
                let answer = ask(&output);
                // Dropped before the answer: whoever asked may drop the last handle next, and that joins the thread.
                drop(output);
                // Whoever asked may have given up waiting.
                let _ = sender.send((at, answer));
            };
            if let Err(error) = thread::Builder::new()
                .name("rf-log-flush".to_owned())
                .spawn(asking)
            {
                return Err((self.outputs[at].plan.name.clone(), error));
            }
        }
        drop(sender);
        let mut silent: Vec<usize> = (0..self.outputs.len()).collect();
        let mut failed = Ok(());
        while !silent.is_empty() {
            // A moment longer than the outputs themselves wait.
            let left = deadline.saturating_duration_since(Instant::now()) + MOMENT;
            let Ok((at, answer)) = answers.recv_timeout(left) else {
                break;
            };
            silent.retain(|silent| *silent != at);
            if let Err(error) = answer {
                failed = failed.and(Err((self.outputs[at].plan.name.clone(), error)));
            }
        }
        match silent.first() {
            Some(at) => failed.and(Err((
                self.outputs[*at].plan.name.clone(),
                io::Error::new(io::ErrorKind::TimedOut, "the output did not answer in time"),
            ))),
            None => failed,
        }
    }

    pub(crate) fn request_begins(&self) {
        self.in_flight.fetch_add(1, SeqCst);
    }

    pub(crate) fn request_ends(&self) {
        self.in_flight.fetch_sub(1, SeqCst);
    }
}

fn untracked() -> (String, io::Error) {
    let slow = io::Error::new(
        io::ErrorKind::TimedOut,
        "errors could not be reported in time",
    );
    ("error tracking".to_owned(), slow)
}

/// Where a record comes from.
#[derive(Clone, Copy, Default)]
pub(crate) struct Origin<'a> {
    /// Of the request it belongs to; of the one being polled when `None`.
    pub(crate) ids: Option<&'a Ids>,
    /// The number of its channel.
    pub(crate) channel: usize,
}
