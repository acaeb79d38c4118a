//! Receives the values of a record from slog, one by one.

use super::{
    Arena, Field, Large, Scratch, Stored, TEXT_LIMIT, Text,
    known::{Known, Role, renamed},
    text,
};
use crate::logging::{ids::Ids, redact::REDACTED};
use slog::{Key, Serializer};
use std::fmt::{self, Write};

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
    /// Stores what `field` makes of a key and its beginning in JSON, unless a more inner value has the key already.
    #[inline]
    fn put(
        &mut self,
        key: Key,
        field: impl FnOnce(&mut Arena, &mut Vec<Large>, (Key, &str)) -> Field,
    ) -> slog::Result {
        self.put_if_known(key, |arena, large, known| {
            if known.secret || arena.redactor().is_added(known.key) {
                text(arena, (known.key, &known.json), |arena| {
                    arena.plain(REDACTED)
                })
            } else {
                field(arena, large, (known.key, &known.json))
            }
        });
        Ok(())
    }

    /// The same for what is no secret under any key.
    #[inline]
    fn put_if_known(
        &mut self,
        key: Key,
        field: impl FnOnce(&mut Arena, &mut Vec<Large>, &Known) -> Field,
    ) {
        let Scratch {
            arena,
            fields,
            large,
            keys,
            ..
        } = &mut *self.scratch;
        let (mut known, mut again) = keys.see(key);
        // What the pipeline says of a record cannot be said by a field of it: the field keeps its value under
        // another name.
        let reserved = match known.role {
            Role::Field => false,
            Role::Record => true,
            Role::Request => self.ids.is_some(),
            Role::RequestId => self.ids.is_some_and(|ids| ids.request_id.is_some()),
            Role::Channel => self.channel.is_some(),
        };
        if reserved {
            (known, again) = keys.see(renamed(key));
        }
        if again && fields.iter().any(|field| field.key == known.key) {
            return;
        }
        fields.push(field(arena, large, known));
    }

    fn put_text(&mut self, key: Key, append: impl FnOnce(&mut Arena) -> bool) -> slog::Result {
        self.put(key, |arena, _, key| text(arena, key, append))
    }

    fn put_large(&mut self, key: Key, value: Large) -> slog::Result {
        self.put(key, |_, all, (key, _)| large(all, key, value))
    }

    fn put_small(&mut self, key: Key, value: Stored, shown: &str) -> slog::Result {
        self.put(key, |arena, _, key| small(arena, key, value, shown))
    }

    /// Stores a text of ours.
    pub(super) fn text(&mut self, key: Key, value: &str) {
        // It cannot fail.
        let _ = self.put_text(key, |arena| arena.str(value));
    }
}

/// A value that JSON has as it is `shown`.
fn small(arena: &mut Arena, (key, json): (Key, &str), value: Stored, shown: &str) -> Field {
    let mut field = raw(key, value, !json.is_empty());
    if field.safe {
        field.json = arena.field(json, shown);
    }
    field
}

/// What slog-json is to write.
fn raw(key: Key, value: Stored, safe: bool) -> Field {
    Field {
        key,
        value,
        json: Text::default(),
        safe,
    }
}

fn large(all: &mut Vec<Large>, key: Key, value: Large) -> Field {
    all.push(value);
    raw(key, Stored::Large(all.len() - 1), false)
}

/// JSON has no other numbers.
fn finite<'a>(is_finite: bool, shown: impl FnOnce() -> &'a str) -> &'a str {
    if is_finite { shown() } else { "null" }
}

macro_rules! integers {
    ($($emit:ident($type:ty) => $variant:ident;)*) => {
        $(fn $emit(&mut self, key: Key, value: $type) -> slog::Result {
            let mut shown = itoa::Buffer::new();
            self.put_small(key, Stored::$variant(value as _), shown.format(value))
        })*
    };
}

impl Serializer for Collector<'_> {
    integers! {
        emit_u8(u8) => U64;
        emit_i8(i8) => I64;
        emit_u16(u16) => U64;
        emit_i16(i16) => I64;
        emit_u32(u32) => U64;
        emit_i32(i32) => I64;
        emit_u64(u64) => U64;
        emit_i64(i64) => I64;
        emit_usize(usize) => U64;
        emit_isize(isize) => I64;
    }

    fn emit_f32(&mut self, key: Key, value: f32) -> slog::Result {
        let mut shown = zmij::Buffer::new();
        self.put_small(
            key,
            Stored::F32(value),
            finite(value.is_finite(), || shown.format_finite(value)),
        )
    }

    fn emit_f64(&mut self, key: Key, value: f64) -> slog::Result {
        let mut shown = zmij::Buffer::new();
        self.put_small(
            key,
            Stored::F64(value),
            finite(value.is_finite(), || shown.format_finite(value)),
        )
    }

    fn emit_u128(&mut self, key: Key, value: u128) -> slog::Result {
        self.put_large(key, Large::U128(value))
    }

    fn emit_i128(&mut self, key: Key, value: i128) -> slog::Result {
        self.put_large(key, Large::I128(value))
    }

    // Yes, no and nothing are no secrets, and say that one is there.
    fn emit_bool(&mut self, key: Key, value: bool) -> slog::Result {
        self.put_if_known(key, |arena, _, known| {
            let shown = if value { "true" } else { "false" };
            small(arena, (known.key, &known.json), Stored::Bool(value), shown)
        });
        Ok(())
    }

    fn emit_unit(&mut self, key: Key) -> slog::Result {
        self.put_if_known(key, |arena, _, known| {
            small(arena, (known.key, &known.json), Stored::Null, "null")
        });
        Ok(())
    }

    fn emit_none(&mut self, key: Key) -> slog::Result {
        self.emit_unit(key)
    }

    fn emit_char(&mut self, key: Key, value: char) -> slog::Result {
        self.put_text(key, |arena| arena.str(value.encode_utf8(&mut [0; 4])))
    }

    fn emit_str(&mut self, key: Key, value: &str) -> slog::Result {
        self.put_text(key, |arena| arena.str(value))
    }

    fn emit_arguments(&mut self, key: Key, value: &fmt::Arguments<'_>) -> slog::Result {
        self.put_text(key, |arena| arena.format(*value))
    }

    fn emit_bytes(&mut self, key: Key, value: &[u8], _: slog::BytesKind) -> slog::Result {
        let shown = &value[..value.len().min(TEXT_LIMIT + 4)];
        self.put_text(key, |arena| arena.str(&String::from_utf8_lossy(shown)))
    }

    fn emit_serde(&mut self, key: Key, value: &dyn slog::SerdeValue) -> slog::Result {
        self.put(key, |arena, all, (key, json)| {
            match serde_json::to_value(value.as_serde()) {
                Ok(mut nested) => {
                    arena.redactor().nested(&mut nested);
                    // One that is so large that only its beginning is kept is a text.
                    let mut cut = false;
                    let (text, _) = arena.text_field("", |arena| {
                        cut = arena.beginning(&nested);
                        false
                    });
                    if cut {
                        raw(key, Stored::Text(text), false)
                    } else {
                        large(all, key, Large::Nested(nested))
                    }
                }
                Err(error) => text(arena, (key, json), |arena| {
                    arena.format(format_args!("[not serializable: {error}]"))
                }),
            }
        })
    }
}
