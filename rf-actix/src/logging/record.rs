//! A record is taken apart on the thread that logs it: collected, deduplicated, redacted, cut.
//!
//! Everything goes into one [`Scratch`] a thread, so that a record costs no allocation here.

mod arena;
mod collector;
mod event;
mod known;
mod scan;

pub(crate) use self::event::{Around, Event, Order};
use self::{
    arena::{Arena, Text},
    collector::Collector,
    known::Keys,
    scan::Scan,
};
use super::{
    Level,
    keys::{CHANNEL, LOG_ERROR, MSG, REQUEST_ID, SPAN_ID, TARGET, TRACE_ID, TRUNCATED},
    redact::Redactor,
};
use serde_json::Value as Json;
use slog::OwnedKVList;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::LazyLock,
};

/// Longer texts are cut here, bytes; the record then says `truncated: true`.
pub(crate) const TEXT_LIMIT: usize = 16 * 1024;

/// The list of a logger that adds nothing.
pub(crate) static NOTHING: LazyLock<OwnedKVList> = LazyLock::new(|| OwnedKVList::from(slog::o!()));

/// How many fields are the target and the message.
const FIXED: usize = 2;

/// A value as it is rendered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    I64(i64),
    U64(u64),
    I128(&'a i128),
    U128(&'a u128),
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
    scratch: &'a Scratch,
}

/// Fields, message and target among them, as JSON begins with them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece<'a> {
    /// They are written, with a comma before each.
    Ready(&'a str),
    /// Somebody has to think about this one.
    Raw {
        key: &'static str,
        value: Value<'a>,
        /// Nothing in it can be unsafe to show.
        safe: bool,
    },
}

impl<'a> Entry<'a> {
    /// Request context first, then as written.
    pub(crate) fn fields(&self) -> impl DoubleEndedIterator<Item = (&'static str, Value<'a>)> {
        let scratch = self.scratch;
        let fields = &scratch.fields[..scratch.fields.len() - FIXED];
        let innermost_last = fields.iter().rev();
        innermost_last.map(|field| (field.key, scratch.value(field.value)))
    }

    pub(crate) fn target(&self) -> &'a str {
        self.fixed(FIXED)
    }

    pub(crate) fn message(&self) -> &'a str {
        self.fixed(1)
    }

    /// One of the texts at the end.
    fn fixed(&self, from_end: usize) -> &'a str {
        let fields = &self.scratch.fields;
        match self.scratch.value(fields[fields.len() - from_end].value) {
            Value::Text(text) => text,
            _ => "",
        }
    }

    pub(crate) fn field(&self, key: &str) -> Option<Value<'a>> {
        self.fields()
            .find(|(known, _)| *known == key)
            .map(|(_, value)| value)
    }

    /// The message, the target and then the fields, as far as they are JSON already.
    pub(crate) fn pieces(&self) -> Pieces<'a> {
        Pieces {
            scratch: self.scratch,
            rest: &self.scratch.fields,
        }
    }
}

/// See [`Entry::pieces`].
pub(crate) struct Pieces<'a> {
    scratch: &'a Scratch,
    /// Read backwards.
    rest: &'a [Field],
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let (field, mut rest) = self.rest.split_last()?;
        let mut ready = field.json;
        // Those that lie one behind the other are one piece.
        while let Some((next, after)) = rest.split_last()
            && ready.extend(next.json)
        {
            rest = after;
        }
        self.rest = rest;
        Some(if ready.is_empty() {
            Piece::Raw {
                key: field.key,
                value: self.scratch.value(field.value),
                safe: field.safe,
            }
        } else {
            Piece::Ready(self.scratch.arena.get(ready))
        })
    }
}

/// The buffers in which a thread takes its records apart.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    arena: Arena,
    /// The innermost last written first, and at the end the target and the message; read backwards.
    fields: Vec<Field>,
    large: Vec<Large>,
    keys: Keys,
}

#[derive(Clone, Copy, Debug)]
struct Field {
    key: &'static str,
    value: Stored,
    /// It as JSON; empty when that has to be thought about.
    json: Text,
    /// Nothing in it can be unsafe to show.
    safe: bool,
}

/// A value on its way, with what is large of it elsewhere: most are small, and there are many.
#[derive(Clone, Copy, Debug)]
enum Stored {
    Null,
    Bool(bool),
    I64(i64),
    U64(u64),
    F32(f32),
    F64(f64),
    Text(Text),
    /// The number of a [`Large`].
    Large(usize),
}

#[derive(Debug)]
enum Large {
    I128(i128),
    U128(u128),
    Nested(Json),
}

impl Scratch {
    /// Replaces what this redactor says until the next one comes.
    pub(crate) fn begin(&mut self, redactor: &Redactor) {
        self.arena.obey(redactor);
    }

    /// Takes `event` apart. A field that panics or fails is named in the record and does no other harm.
    pub(crate) fn collect(&mut self, event: &Event<'_>, around: Around<'_>) {
        let Around { ids, channel, .. } = around;
        self.arena.clear();
        self.fields.clear();
        self.large.clear();
        self.keys.clear();
        let target = |arena: &mut Arena| arena.target(event.target);
        let target = text(&mut self.arena, (TARGET, ",\"target\":"), target);
        let mut message = None;
        let collected = catch_unwind(AssertUnwindSafe(|| {
            message = Some(self.message(|arena| arena.format(event.message)));
            // The first value of a key is the one that stays, so the innermost come first.
            let fields = event
                .fields
                .serialize(event.record, &mut self.collector(around));
            if event.order == Order::Written {
                self.fields.reverse();
            }
            match around.context {
                Some(context) => fields.and(slog::KV::serialize(
                    context,
                    event.record,
                    &mut self.collector(around),
                )),
                None => fields,
            }
        }));
        let message = message.unwrap_or_else(|| self.message(|arena| arena.plain("")));
        // What belongs to the request is more inner than what all records share, and stands before it.
        let shared_from = self.fields.len();
        let mut collector = self.collector(around);
        if let Some(ids) = ids {
            ids.each_field(|key, value| collector.text(key, value));
        }
        let of_request = collector.scratch.fields.len() - shared_from;
        for (key, value) in around.shared.iter().rev() {
            collector.text(key, value);
        }
        self.fields[shared_from..].rotate_left(of_request);
        let failure = match collected {
            Ok(Ok(())) => None,
            Ok(Err(_)) => Some("a value failed to serialize"),
            Err(_) => Some("a value panicked"),
        };
        // What the pipeline has to say of a record stands behind everything else.
        if let Some(failure) = failure {
            let key = (LOG_ERROR, ",\"log_error\":");
            let failure = text(&mut self.arena, key, |arena| arena.plain(failure));
            self.fields.insert(0, failure);
        }
        if self.arena.cut {
            let cut = Field {
                key: TRUNCATED,
                value: Stored::Bool(true),
                json: self.arena.field(",\"truncated\":", "true"),
                safe: true,
            };
            self.fields.insert(0, cut);
        }
        if let Some(channel) = channel {
            let channel = |arena: &mut Arena| arena.str(channel);
            let channel = text(&mut self.arena, (CHANNEL, ",\"channel\":"), channel);
            self.fields.push(channel);
        }
        if let Some(ids) = ids {
            // Letters, digits and a little punctuation, or they would not have been accepted.
            let mut put = |key, id| {
                let id = text(&mut self.arena, key, |arena| arena.plain(id));
                self.fields.push(id);
            };
            put((SPAN_ID, ",\"span_id\":"), ids.trace.span_id());
            put((TRACE_ID, ",\"trace_id\":"), ids.trace.trace_id());
            if let Some(id) = &ids.request_id {
                put((REQUEST_ID, ",\"request_id\":"), id.as_str());
            }
        }
        self.fields.extend([target, message]);
    }

    fn message(&mut self, append: impl FnOnce(&mut Arena) -> bool) -> Field {
        text(&mut self.arena, (MSG, ",\"msg\":"), append)
    }

    fn collector<'a>(&'a mut self, around: Around<'a>) -> Collector<'a> {
        Collector {
            scratch: self,
            ids: around.ids,
            channel: around.channel,
        }
    }

    /// What was [collected](Self::collect).
    pub(crate) fn entry<'a>(&'a self, ts: &'a str, level: Level) -> Entry<'a> {
        Entry {
            ts,
            level,
            scratch: self,
        }
    }

    /// Gives back what one huge record took.
    pub(crate) fn shrink(&mut self) {
        self.arena.shrink();
        if self.fields.capacity() > 256 {
            self.fields = Vec::new();
        }
        self.large.clear();
    }

    fn value(&self, stored: Stored) -> Value<'_> {
        match stored {
            Stored::Null => Value::Null,
            Stored::Bool(value) => Value::Bool(value),
            Stored::I64(value) => Value::I64(value),
            Stored::U64(value) => Value::U64(value),
            Stored::F32(value) => Value::F32(value),
            Stored::F64(value) => Value::F64(value),
            Stored::Text(text) => Value::Text(self.arena.get(text)),
            Stored::Large(number) => match &self.large[number] {
                Large::I128(value) => Value::I128(value),
                Large::U128(value) => Value::U128(value),
                Large::Nested(json) => Value::Nested(json),
            },
        }
    }
}

/// A text under a key, which is given with its beginning in JSON.
#[inline]
fn text(
    arena: &mut Arena,
    (key, json): (&'static str, &str),
    append: impl FnOnce(&mut Arena) -> bool,
) -> Field {
    let (text, json) = arena.text_field(json, append);
    Field {
        key,
        value: Stored::Text(text),
        json,
        safe: !json.is_empty(),
    }
}

#[cfg(test)]
mod tests;
