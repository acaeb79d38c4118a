//! What is taken apart.

use crate::logging::{Level, ids::Ids};
use slog::{OwnedKVList, Record, RecordLocation, RecordStatic};
use std::fmt;

/// Something that happened, before it is rendered.
pub(crate) struct Event<'a> {
    pub(crate) level: Level,
    pub(crate) target: &'a str,
    pub(crate) message: fmt::Arguments<'a>,
    pub(crate) fields: &'a dyn slog::KV,
    pub(crate) order: Order,
    /// What lazy values are computed from.
    pub(crate) record: &'a Record<'a>,
}

impl Event<'_> {
    /// An event that did not come through slog.
    pub(crate) fn other<T>(
        (level, target): (Level, &str),
        message: fmt::Arguments<'_>,
        fields: &dyn slog::KV,
        then: impl FnOnce(&Event<'_>) -> T,
    ) -> T {
        static LOCATION: RecordLocation = RecordLocation {
            file: "",
            line: 0,
            column: 0,
            function: "",
            module: "",
        };
        let fixed = RecordStatic {
            location: &LOCATION,
            tag: target,
            level: level.to_slog(),
        };
        let no_message = format_args!("");
        let record = &Record::new(&fixed, &no_message, slog::BorrowedKV(&()));
        then(&Event {
            level,
            target,
            message,
            fields,
            order: Order::Written,
            record,
        })
    }
}

/// What stands in a record beside its own fields.
#[derive(Clone, Copy, Default)]
pub(crate) struct Around<'a> {
    /// Of the slog logger.
    pub(crate) context: Option<&'a OwnedKVList>,
    pub(crate) shared: &'a [(&'static str, String)],
    pub(crate) ids: Option<&'a Ids>,
    pub(crate) channel: Option<&'a str>,
}

/// In which order the fields of an event come out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// As they were written.
    Written,
    /// The last written first: what slog's macros make.
    Reversed,
}
