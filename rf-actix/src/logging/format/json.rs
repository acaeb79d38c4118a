//! JSON by slog-json, into memory: it writes a record in dozens of pieces, and leaves half of one on an error.
//!
//! Most fields are words and whole numbers, which JSON has as they are. slog-json would look at each of their bytes once
//! more, and hand each field over in seven pieces; they are put into its object as they were collected, between two fields
//! of its own. It writes whatever has to be thought about: escapes, fractions, large numbers, nested values.

use super::escape;
use crate::logging::record::{Entry, NOTHING, Piece, Value};
use slog::{Drain, KV, Record, RecordLocation, RecordStatic, Serializer};
use std::{cell::Cell, io};

static LOCATION: RecordLocation = RecordLocation {
    file: "",
    line: 0,
    column: 0,
    function: "",
    module: "",
};

pub(super) fn render(entry: &Entry<'_>, out: &mut String) {
    let start = out.len();
    let fixed = RecordStatic {
        location: &LOCATION,
        tag: "",
        level: entry.level.to_slog(),
    };
    let line = Line {
        text: Cell::new(std::mem::take(out)),
        safe: Cell::new(true),
    };
    let fields = Fields { entry, line: &line };
    let rendered = slog_json::Json::new(&line).set_newlines(false).build().log(
        &Record::new(&fixed, &format_args!(""), slog::BorrowedKV(&fields)),
        &NOTHING,
    );
    debug_assert!(
        rendered.is_ok(),
        "collected values serialize, and memory takes them: {rendered:?}"
    );
    *out = line.text.into_inner();
    if !line.safe.get() {
        let unescaped = out.split_off(start);
        escape::json(&unescaped, out);
    }
}

/// The line as it comes into being. Whoever writes has it in hand meanwhile.
struct Line {
    text: Cell<String>,
    /// Nothing in it is unsafe to show.
    safe: Cell<bool>,
}

impl Line {
    fn write<T>(&self, write: impl FnOnce(&mut String) -> T) -> T {
        let mut text = self.text.take();
        let written = write(&mut text);
        self.text.set(text);
        written
    }
}

impl io::Write for &Line {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if let [byte @ (b'{' | b'}')] = *piece {
            Line::write(self, |text| text.push(char::from(byte)));
            return Ok(1);
        }
        // serde_json hands over whole texts.
        let piece = std::str::from_utf8(piece).map_err(io::Error::other)?;
        Line::write(self, |text| text.push_str(piece));
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The collected record as slog-json asks for it.
struct Fields<'a> {
    entry: &'a Entry<'a>,
    line: &'a Line,
}

impl KV for Fields<'_> {
    fn serialize(&self, _: &Record<'_>, to: &mut dyn Serializer) -> slog::Result {
        let Self { entry, line } = *self;
        line.write(|text| {
            text.push_str("\"ts\":\"");
            text.push_str(entry.ts);
            text.push_str("\",\"level\":\"");
            text.push_str(entry.level.as_str());
            text.push('"');
        });
        let mut pieces = entry.pieces();
        // slog-json puts a comma before what it writes, except before the first.
        let mut first = true;
        loop {
            let raw = line.write(|text| {
                loop {
                    match pieces.next()? {
                        Piece::Ready(field) => text.push_str(field),
                        Piece::Raw { key, value, safe } => {
                            if std::mem::take(&mut first) {
                                text.push(',');
                            }
                            return Some((key, value, safe));
                        }
                    }
                }
            });
            let Some((key, value, safe)) = raw else {
                return Ok(());
            };
            line.safe.set(line.safe.get() && safe);
            put(to, key, value)?;
        }
    }
}

/// What slog-json writes itself.
fn put(to: &mut dyn Serializer, key: &'static str, value: Value<'_>) -> slog::Result {
    match value {
        Value::Null => to.emit_unit(key),
        Value::Bool(value) => to.emit_bool(key, value),
        Value::I64(value) => to.emit_i64(key, value),
        Value::U64(value) => to.emit_u64(key, value),
        Value::I128(value) => to.emit_i128(key, *value),
        Value::U128(value) => to.emit_u128(key, *value),
        Value::F32(value) => to.emit_f32(key, value),
        Value::F64(value) => to.emit_f64(key, value),
        Value::Text(value) => to.emit_str(key, value),
        Value::Nested(value) => to.emit_serde(key, &slog::Serde(value.clone())),
    }
}

#[cfg(test)]
mod tests;
