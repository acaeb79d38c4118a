//! A record is taken apart on the thread that logs it: collected, deduplicated, redacted, cut.
//!
//! Everything goes into one [`Scratch`] a thread, so that a record costs no allocation here.

use super::{
    Level,
    ids::Ids,
    keys::{LEVEL, MSG, REQUEST_ID, SPAN_ID, TARGET, TRACE_ID, TS},
    redact,
};
use serde_json::Value as Json;
use slog::{Key, OwnedKVList, Record, Serializer};
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
    /// Takes `event` apart. A field that panics or fails is named in the record and does no other harm.
    pub(crate) fn collect(
        &mut self,
        event: &Event<'_>,
        context: &OwnedKVList,
        record_context: &OwnedKVList,
        ids: Option<&Ids>,
    ) {
        self.text.clear();
        self.fields.clear();
        self.cut = false;
        let collected = catch_unwind(AssertUnwindSafe(|| {
            self.message = self.text(format_args!("{}", event.message));
            self.target = self.text(format_args!("{}", event.target));
            // The first value of a key is the one that stays, so the innermost come first.
            let fields = event
                .fields
                .serialize(event.record, &mut Collector { scratch: self, ids });
            if event.order == Order::Written {
                self.fields.reverse();
            }
            let mut collector = Collector { scratch: self, ids };
            fields
                .and(slog::KV::serialize(
                    record_context,
                    event.record,
                    &mut collector,
                ))
                .and(slog::KV::serialize(context, event.record, &mut collector))
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
        if let Cow::Owned(clean) = redact::text(&self.text[start..]) {
            self.text.truncate(start);
            self.text.push_str(&clean);
        }
        start..self.text.len()
    }
}

/// Writes until the limit, then swallows the rest.
struct Limited<'a> {
    text: &'a mut String,
    end: usize,
    cut: bool,
}

impl Limited<'_> {
    fn push(&mut self, more: &str) {
        let room = self.end.saturating_sub(self.text.len());
        if more.len() <= room {
            self.text.push_str(more);
        } else {
            self.text.push_str(&more[..more.floor_char_boundary(room)]);
            self.cut = true;
            self.end = 0;
        }
    }
}

impl Write for Limited<'_> {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        self.push(more);
        Ok(())
    }
}

/// Receives the values of a record from slog.
struct Collector<'a> {
    scratch: &'a mut Scratch,
    ids: Option<&'a Ids>,
}

impl Collector<'_> {
    /// The key to store under; `None` when a more inner value has it already.
    fn key(&self, key: Key) -> Option<&'static str> {
        // What the pipeline says of a record cannot be said by a field of it: the field keeps its value
        // under another name.
        let key = match key {
            TS => "field.ts",
            LEVEL => "field.level",
            MSG => "field.msg",
            TARGET => "field.target",
            TRACE_ID if self.ids.is_some() => "field.trace_id",
            SPAN_ID if self.ids.is_some() => "field.span_id",
            REQUEST_ID if self.ids.is_some_and(|ids| ids.request_id.is_some()) => {
                "field.request_id"
            }
            key => key,
        };
        let taken = self.scratch.fields.iter().any(|field| field.key == key);
        (!taken).then_some(key)
    }

    fn put(&mut self, key: Key, value: Value<'static>) -> slog::Result {
        if let Some(key) = self.key(key) {
            let value = if redact::is_secret_key(key) {
                Value::Text(redact::REDACTED)
            } else {
                value
            };
            self.scratch.push(key, Stored::Plain(value));
        }
        Ok(())
    }

    fn put_text(
        &mut self,
        key: Key,
        write: impl FnOnce(&mut Scratch) -> Range<usize>,
    ) -> slog::Result {
        if let Some(key) = self.key(key) {
            let value = if redact::is_secret_key(key) {
                Stored::Plain(Value::Text(redact::REDACTED))
            } else {
                Stored::Text(write(self.scratch))
            };
            self.scratch.push(key, value);
        }
        Ok(())
    }
}

macro_rules! plain {
    ($($emit:ident($type:ty) => $variant:ident;)*) => {
        $(fn $emit(&mut self, key: Key, value: $type) -> slog::Result {
            self.put(key, Value::$variant(value.into()))
        })*
    };
}

impl Serializer for Collector<'_> {
    plain! {
        emit_u8(u8) => U64;
        emit_i8(i8) => I64;
        emit_u16(u16) => U64;
        emit_i16(i16) => I64;
        emit_u32(u32) => U64;
        emit_i32(i32) => I64;
        emit_u64(u64) => U64;
        emit_i64(i64) => I64;
        emit_u128(u128) => U128;
        emit_i128(i128) => I128;
        emit_f32(f32) => F32;
        emit_f64(f64) => F64;
    }

    fn emit_usize(&mut self, key: Key, value: usize) -> slog::Result {
        self.put(key, Value::U64(value as u64))
    }

    fn emit_isize(&mut self, key: Key, value: isize) -> slog::Result {
        self.put(key, Value::I64(value as i64))
    }

    // Yes, no and nothing are no secrets, and say that one is there.
    fn emit_bool(&mut self, key: Key, value: bool) -> slog::Result {
        if let Some(key) = self.key(key) {
            self.scratch.push(key, Stored::Plain(Value::Bool(value)));
        }
        Ok(())
    }

    fn emit_unit(&mut self, key: Key) -> slog::Result {
        if let Some(key) = self.key(key) {
            self.scratch.push(key, Stored::Plain(Value::Null));
        }
        Ok(())
    }

    fn emit_none(&mut self, key: Key) -> slog::Result {
        self.emit_unit(key)
    }

    fn emit_char(&mut self, key: Key, value: char) -> slog::Result {
        self.put_text(key, |scratch| scratch.str(value.encode_utf8(&mut [0; 4])))
    }

    fn emit_str(&mut self, key: Key, value: &str) -> slog::Result {
        self.put_text(key, |scratch| scratch.str(value))
    }

    fn emit_arguments(&mut self, key: Key, value: &fmt::Arguments<'_>) -> slog::Result {
        self.put_text(key, |scratch| scratch.text(*value))
    }

    fn emit_bytes(&mut self, key: Key, value: &[u8], _: slog::BytesKind) -> slog::Result {
        let shown = &value[..value.len().min(TEXT_LIMIT + 4)];
        self.put_text(key, |scratch| scratch.str(&String::from_utf8_lossy(shown)))
    }

    fn emit_serde(&mut self, key: Key, value: &dyn slog::SerdeValue) -> slog::Result {
        let Some(key) = self.key(key) else {
            return Ok(());
        };
        let value = if redact::is_secret_key(key) {
            Stored::Plain(Value::Text(redact::REDACTED))
        } else {
            match serde_json::to_value(value.as_serde()) {
                Ok(mut json) => {
                    redact::nested(&mut json);
                    self.nested(json)
                }
                Err(error) => Stored::Text(
                    self.scratch
                        .text(format_args!("[not serializable: {error}]")),
                ),
            }
        };
        self.scratch.push(key, value);
        Ok(())
    }
}

impl Collector<'_> {
    /// Keeps a nested value as it is, unless it is so large that only its beginning is kept, as text.
    fn nested(&mut self, json: Json) -> Stored {
        let start = self.scratch.text.len();
        let mut limited = Limited {
            text: &mut self.scratch.text,
            end: start + TEXT_LIMIT,
            cut: false,
        };
        // Writing to a string cannot fail.
        let _ = write!(limited, "{json}");
        if limited.cut {
            self.scratch.cut = true;
            return Stored::Text(start..self.scratch.text.len());
        }
        self.scratch.text.truncate(start);
        Stored::Nested(Box::new(json))
    }
}

#[cfg(test)]
mod tests;
