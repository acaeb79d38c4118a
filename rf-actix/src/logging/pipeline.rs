//! The way of a record: filter → collect → render → the queue of each output.

mod command;

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
    transport::{Transport, is_writing},
    tuning::Tuning,
};
use slog::OwnedKVList;
use std::{
    cell::Cell,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst},
    },
    time::Instant,
};

pub(crate) struct Pipeline {
    pub(crate) tuning: Tuning,
    /// A channel gets copies of what the filter may refuse.
    copies_on_its_own: bool,
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
        let copied = channels.iter().filter_map(channel::Route::copied).max();
        Self {
            tuning: Tuning::new(filter, copied),
            copies_on_its_own: copied.is_some(),
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
            None => self.tuning.allows(level) && self.passes(channel, level, target),
            Some(least) => level <= least,
        }
    }

    /// Whether a record on a channel without a level of its own, which is allowed, would go anywhere.
    #[inline]
    pub(crate) fn passes(&self, channel: usize, level: Level, target: &str) -> bool {
        self.tuning.passes(level, target)
            || channel == 0 && self.copies_on_its_own && self.is_copied(level, target, false)
    }

    /// Whether a channel copies such a record of the default one.
    #[inline(never)]
    fn is_copied(&self, level: Level, target: &str, passes: bool) -> bool {
        let mut channels = self.channels[1..].iter();
        channels.any(|route| route.copies(level, target, passes))
    }

    pub(crate) fn writes_files(&self) -> bool {
        self.outputs.iter().any(|output| output.plan.is_file)
    }

    /// Adds a field to every record from now on.
    pub(crate) fn share(&self, key: &'static str, value: &str) {
        self.shared.share(key, value);
    }

    /// Lets a record through that is [`enabled`](Self::enabled). Whether an output took it.
    pub(crate) fn emit(
        &self,
        event: &Event<'_>,
        record_context: &OwnedKVList,
        from: Origin<'_>,
    ) -> bool {
        // A sink that logs would wait for itself.
        if self.closed.load(Relaxed) || is_writing() {
            return false;
        }
        let verdict = if from.channel == 0 {
            self.judge(event.level, event.target)
        } else {
            Verdict::Passes
        };
        let filtered = verdict == Verdict::Filtered;
        let wanted =
            verdict == Verdict::Passes || self.is_copied(event.level, event.target, !filtered);
        wanted && self.deliver(event, record_context, from, verdict)
    }

    /// What becomes of a record of the default channel.
    fn judge(&self, level: Level, target: &str) -> Verdict {
        if self.copies_on_its_own && !self.tuning.passes(level, target) {
            return Verdict::Filtered;
        }
        if self.sampler.is_idle() {
            return Verdict::Passes;
        }
        let (passes, left_out) = self.sampler.judge(level, target, Instant::now);
        if let Some(left_out) = left_out {
            self.tell(&left_out);
        }
        if passes {
            return Verdict::Passes;
        }
        self.suppressed.fetch_add(1, Relaxed);
        Verdict::LeftOut
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
                self.deliver(event, &NOTHING, Origin::default(), Verdict::Passes);
            },
        );
    }

    fn deliver(
        &self,
        event: &Event<'_>,
        record_context: &OwnedKVList,
        from: Origin<'_>,
        verdict: Verdict,
    ) -> bool {
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
        let mut taken = false;
        if from.channel == 0 && self.channels.len() > 1 {
            // Copied to channels too, to each output once.
            let mut sent = Vec::new();
            let passes = verdict != Verdict::Filtered;
            let copying = self.channels[1..].iter();
            let copying = copying.filter(|route| route.copies(event.level, event.target, passes));
            let own = (verdict == Verdict::Passes).then_some(route);
            for route in own.into_iter().chain(copying) {
                taken |= self.to_route(route, &entry, &mut rendering, Some(&mut sent));
            }
        } else {
            taken = self.to_route(route, &entry, &mut rendering, None);
        }
        if verdict != Verdict::Filtered {
            self.trackers.report(&entry);
        }
        scratch.shrink();
        if line.capacity() > 64 * 1024 {
            *line = String::new();
        }
        // Nothing to put back to when the thread is going away.
        let _ = BUFFERS.try_with(|kept| kept.set(Some(buffers)));
        taken
    }

    /// Renders once for outputs that look alike; skips those it was `sent` to, and notes the others. Whether one took it.
    fn to_route<'a>(
        &'a self,
        route: &channel::Route,
        entry: &Entry<'_>,
        Rendering { line, look }: &mut Rendering<'a, '_>,
        mut sent: Option<&mut Vec<usize>>,
    ) -> bool {
        let mut taken = false;
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
            taken |= output.send(entry.level, line);
        }
        taken
    }

    /// For records that do not come through slog. Whether an output took it.
    pub(crate) fn emit_event(
        &self,
        at: (Level, &str),
        message: fmt::Arguments<'_>,
        fields: &dyn slog::KV,
        from: Origin<'_>,
    ) -> bool {
        let current = match from.ids {
            None => ids::current(),
            Some(_) => None,
        };
        let from = Origin {
            ids: from.ids.or(current.as_deref()),
            ..from
        };
        Event::other(at, message, fields, |event| {
            self.emit(event, &NOTHING, from)
        })
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

    pub(crate) fn request_begins(&self) {
        self.in_flight.fetch_add(1, SeqCst);
    }

    pub(crate) fn request_ends(&self) {
        self.in_flight.fetch_sub(1, SeqCst);
    }
}

/// What the rules of the default channel make of a record. Whatever they are, channels may copy it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passes,
    /// Sampling has had enough of its like.
    LeftOut,
    /// For channels with a level of their own only.
    Filtered,
}

/// Where a record comes from.
#[derive(Clone, Copy, Default)]
pub(crate) struct Origin<'a> {
    /// Of the request it belongs to; of the one being polled when `None`.
    pub(crate) ids: Option<&'a Ids>,
    /// The number of its channel.
    pub(crate) channel: usize,
}
