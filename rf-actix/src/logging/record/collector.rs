//! Receives the values of a record from slog, one by one.

use super::{Scratch, Stored, TEXT_LIMIT, Value};
use crate::logging::{
    ids::Ids,
    keys::{CHANNEL, LEVEL, MSG, REQUEST_ID, SPAN_ID, TARGET, TRACE_ID, TS},
    redact,
};
use serde_json::Value as Json;
use slog::{Key, Serializer};
use std::{
    fmt::{self, Write},
    ops::Range,
};

/// Writes until the limit, then swallows the rest.
pub(super) struct Limited<'a> {
    pub(super) text: &'a mut String,
    pub(super) end: usize,
    pub(super) cut: bool,
}

impl Limited<'_> {
    pub(super) fn push(&mut self, more: &str) {
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

/// Stores each value under a key of its own, unless a more inner one has it already.
pub(super) struct Collector<'a> {
    pub(super) scratch: &'a mut Scratch,
    pub(super) ids: Option<&'a Ids>,
    pub(super) channel: Option<&'a str>,
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
            CHANNEL if self.channel.is_some() => "field.channel",
            key => key,
        };
        let taken = self.scratch.fields.iter().any(|field| field.key == key);
        (!taken).then_some(key)
    }

    fn put(&mut self, key: Key, value: Value<'static>) -> slog::Result {
        if let Some(key) = self.key(key) {
            let value = if self.scratch.redactor.is_secret_name(key) {
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
            let value = if self.scratch.redactor.is_secret_name(key) {
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
        let value = if self.scratch.redactor.is_secret_name(key) {
            Stored::Plain(Value::Text(redact::REDACTED))
        } else {
            match serde_json::to_value(value.as_serde()) {
                Ok(mut json) => {
                    self.scratch.redactor.nested(&mut json);
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
