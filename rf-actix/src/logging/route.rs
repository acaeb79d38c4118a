//! The pipeline as slog's loggers see it.

use super::{
    ids::{self, Ids},
    pipeline::{Origin, Pipeline},
    record::{Event, Order},
};
use slog::{Drain, OwnedKVList, Record};
use std::sync::Arc;

/// The way of slog's records into a channel.
pub(crate) struct Route {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) channel: usize,
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
        if self.pipeline.enabled(self.channel, level, target) {
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
            let from = Origin {
                ids: self.ids.as_deref().or(current.as_deref()),
                channel: self.channel,
            };
            self.pipeline.emit(&event, values, from);
        }
        Ok(())
    }

    fn is_enabled(&self, level: slog::Level) -> bool {
        self.pipeline.allows(self.channel, level.into())
    }
}
