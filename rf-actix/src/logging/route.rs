//! The pipeline as slog's loggers see it.

use super::{
    Level,
    ids::{self, Ids},
    pipeline::{Origin, Pipeline},
    record::{Event, Order},
};
use slog::{Drain, OwnedKVList, Record};
use std::sync::Arc;

/// The way of slog's records into a channel.
pub(crate) struct Route {
    pipeline: Arc<Pipeline>,
    channel: usize,
    /// The channel's own least important level, instead of the filter.
    least: Option<Level>,
    /// The request its records belong to; the one being polled when `None`.
    ids: Option<Arc<Ids>>,
}

impl Route {
    pub(crate) fn new(pipeline: Arc<Pipeline>, channel: usize, ids: Option<Arc<Ids>>) -> Self {
        Self {
            least: pipeline.level_of(channel),
            pipeline,
            channel,
            ids,
        }
    }

    /// Whether a record of this level could go anywhere, whatever its target.
    #[inline]
    fn allows(&self, level: Level) -> bool {
        match self.least {
            None => self.pipeline.tuning.allows(level),
            Some(least) => level <= least,
        }
    }

    /// Apart, so that a record which nobody wants costs no more than the question.
    #[inline(never)]
    fn take(&self, level: Level, record: &Record<'_>, values: &OwnedKVList) {
        let target = target(record);
        if self.least.is_none() && !self.pipeline.passes(self.channel, level, target) {
            return;
        }
        let event = Event {
            level,
            target,
            message: *record.msg(),
            fields: &record.kv(),
            order: Order::Reversed,
            record,
        };
        let current = if self.ids.is_none() {
            ids::current()
        } else {
            None
        };
        let from = Origin {
            ids: self.ids.as_deref().or(current.as_deref()),
            channel: self.channel,
        };
        self.pipeline.emit(&event, values, from);
    }
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
        let level = record.level().into();
        if self.allows(level) {
            self.take(level, record, values);
        }
        Ok(())
    }

    fn is_enabled(&self, level: slog::Level) -> bool {
        self.allows(level.into())
    }
}
