//! A record is taken apart on the thread that logs it: collected, deduplicated, redacted, cut.
//!
//! Everything goes into one [`Scratch`] a thread, so that a record costs no allocation here.

mod collector;

use self::collector::{Collector, Limited};
use super::{
    Level,
    ids::Ids,
    keys::{CHANNEL, REQUEST_ID, SPAN_ID, TRACE_ID},
    redact::Redactor,
};
use serde_json::Value as Json;
use slog::{OwnedKVList, Record, RecordLocation, RecordStatic, Serializer};
use std::{
    borrow::Cow,
    fmt::{self, Write},
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Longer texts are cut here, bytes; the record then says `truncated: true`.
pub(crate) const TEXT_LIMIT: usize = 16 * 1024;

/// Something that happened, before it is rendered.
pub(crate) struct Event<'a> {
    pub(crate) level: Level,
    pub(crate) target: &'a str,
    pub(crate) message: &'a dyn fmt::Display,
    pub(crate) fields: &'a dyn slog::KV,
    pub(crate) order: Order,
    /// What lazy values are computed from.
    pub(crate) record: &'a Record<'a>,
}

impl Event<'_> {
    /// An event that did not come through slog.
    pub(crate) fn other(
        (level, target): (Level, &str),
        message: &dyn fmt::Display,
        fields: &dyn slog::KV,
        then: impl FnOnce(&Event<'_>),
    ) {
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
        });
    }
}

/// In which order the fields of an event come out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// As they were written.
    Written,
    /// The last written first: what slog's macros make.
    Reversed,
}

/// A value as it is rendered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    I64(i64),
    U64(u64),
    I128(i128),
    U128(u128),
    F32(f32),
    F64(f64),
    Text(&'a str),
    Nested(&'a Json),
}

/// What a format renders: every key once, secrets replaced.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) ts: &'a str,
    pub(crate) level: Level,
    pub(crate) target: &'a str,
    pub(crate) message: &'a str,
    scratch: &'a Scratch,
}

impl<'a> Entry<'a> {
    /// Request context first, then as written.
    pub(crate) fn fields(&self) -> impl DoubleEndedIterator<Item = (&'static str, Value<'a>)> {
        let scratch = self.scratch;
        scratch
            .fields
            .iter()
            .rev()
            .map(|field| (field.key, scratch.value(&field.value)))
    }

    pub(crate) fn field(&self, key: &str) -> Option<Value<'a>> {
        self.fields()
            .find(|(known, _)| *known == key)
            .map(|(_, value)| value)
    }
}

/// The buffers in which a thread takes its records apart.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    redactor: Redactor,
    text: String,
    message: Range<usize>,
    target: Range<usize>,
    /// The innermost last written first; read backwards.
    fields: Vec<Field>,
    cut: bool,
}

#[derive(Debug)]
struct Field {
    key: &'static str,
    value: Stored,
}

#[derive(Debug)]
enum Stored {
    Plain(Value<'static>),
    Text(Range<usize>),
    Nested(Box<Json>),
}

impl Scratch {
    /// Replaces what this redactor says until the next one comes.
    pub(crate) fn begin(&mut self, redactor: &Redactor) {
        if self.redactor != *redactor {
            self.redactor = redactor.clone();
        }
    }

    /// Takes `event` apart; of the `contexts` the innermost comes first. A field that panics or fails is named in the record and does no other harm.
    pub(crate) fn collect(
        &mut self,
        event: &Event<'_>,
        contexts: &[&OwnedKVList],
        ids: Option<&Ids>,
        channel: Option<&str>,
    ) {
        self.text.clear();
        self.fields.clear();
        self.cut = false;
        let collected = catch_unwind(AssertUnwindSafe(|| {
            self.message = self.text(format_args!("{}", event.message));
            self.target = self.text(format_args!("{}", event.target));
            // The first value of a key is the one that stays, so the innermost come first.
            let fields = event.fields.serialize(
                event.record,
                &mut Collector {
                    scratch: self,
                    ids,
                    channel,
                },
            );
            if event.order == Order::Written {
                self.fields.reverse();
            }
            let mut collector = Collector {
                scratch: self,
                ids,
                channel,
            };
            contexts.iter().fold(fields, |done, context| {
                done.and(slog::KV::serialize(*context, event.record, &mut collector))
            })
        }));
        let failure = match collected {
            Ok(Ok(())) => None,
            Ok(Err(_)) => Some("a value failed to serialize"),
            Err(_) => Some("a value panicked"),
        };
        if let Some(failure) = failure {
            self.fields.insert(
                0,
                Field {
                    key: "log_error",
                    value: Stored::Plain(Value::Text(failure)),
                },
            );
        }
        if self.cut {
            self.fields.insert(
                0,
                Field {
                    key: "truncated",
                    value: Stored::Plain(Value::Bool(true)),
                },
            );
        }
        if let Some(ids) = ids {
            ids.each_field(|key, value| {
                // A string cannot fail.
                let _ = Collector {
                    scratch: self,
                    ids: Some(ids),
                    channel,
                }
                .emit_str(key, value);
            });
        }
        if let Some(channel) = channel {
            let channel = self.plain_text(channel);
            self.push(CHANNEL, channel);
        }
        if let Some(ids) = ids {
            let span = self.plain_text(ids.trace.span_id());
            self.push(SPAN_ID, span);
            let trace = self.plain_text(ids.trace.trace_id());
            self.push(TRACE_ID, trace);
            if let Some(id) = &ids.request_id {
                let id = self.plain_text(id.as_str());
                self.push(REQUEST_ID, id);
            }
        }
    }

    pub(crate) fn entry<'a>(&'a self, ts: &'a str, level: Level) -> Entry<'a> {
        Entry {
            ts,
            level,
            target: self.slice(&self.target),
            message: self.slice(&self.message),
            scratch: self,
        }
    }

    /// Gives back what one huge record took.
    pub(crate) fn shrink(&mut self) {
        self.text.clear();
        self.text.shrink_to(4 * TEXT_LIMIT);
        self.fields.clear();
        self.fields.shrink_to(256);
    }

    fn slice(&self, range: &Range<usize>) -> &str {
        // A value that panicked may have left ranges of the record before.
        self.text.get(range.clone()).unwrap_or_default()
    }

    fn value<'a>(&'a self, stored: &'a Stored) -> Value<'a> {
        match stored {
            Stored::Plain(value) => *value,
            Stored::Text(range) => Value::Text(self.slice(range)),
            Stored::Nested(json) => Value::Nested(json),
        }
    }

    fn push(&mut self, key: &'static str, value: Stored) {
        self.fields.push(Field { key, value });
    }

    fn plain_text(&mut self, text: &str) -> Stored {
        let start = self.text.len();
        self.text.push_str(text);
        Stored::Text(start..self.text.len())
    }

    /// Formats into the buffer, at most [`TEXT_LIMIT`] bytes, and replaces what is secret.
    fn text(&mut self, arguments: fmt::Arguments<'_>) -> Range<usize> {
        let start = self.text.len();
        match arguments.as_str() {
            Some(text) if text.len() <= TEXT_LIMIT => self.text.push_str(text),
            _ => {
                let mut limited = Limited {
                    text: &mut self.text,
                    end: start + TEXT_LIMIT,
                    cut: false,
                };
                let formatted = limited.write_fmt(arguments);
                let cut = limited.cut;
                if formatted.is_err() {
                    self.text.push_str(" [formatting failed]");
                }
                self.cut |= cut;
            }
        }
        self.clean(start)
    }

    fn str(&mut self, text: &str) -> Range<usize> {
        let start = self.text.len();
        let mut limited = Limited {
            text: &mut self.text,
            end: start + TEXT_LIMIT,
            cut: false,
        };
        limited.push(text);
        self.cut |= limited.cut;
        self.clean(start)
    }

    fn clean(&mut self, start: usize) -> Range<usize> {
        if let Cow::Owned(clean) = self.redactor.text(&self.text[start..]) {
            self.text.truncate(start);
            self.text.push_str(&clean);
        }
        start..self.text.len()
    }
}

#[cfg(test)]
mod tests;
