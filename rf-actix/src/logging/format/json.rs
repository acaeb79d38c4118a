//! JSON by slog-json, into memory: it writes a record in dozens of pieces, and leaves half of one on an error.

use super::escape;
use crate::logging::{
    keys::{LEVEL, MSG, TARGET, TS},
    record::{Entry, Value},
};
use slog::{Drain, KV, OwnedKVList, Record, RecordLocation, RecordStatic, Serializer};
use std::cell::RefCell;

static LOCATION: RecordLocation = RecordLocation {
    file: "",
    line: 0,
    column: 0,
    function: "",
    module: "",
};

struct Rendering {
    bytes: Vec<u8>,
    nothing: OwnedKVList,
}

thread_local! {
    static RENDERING: RefCell<Rendering> = RefCell::new(Rendering {
        bytes: Vec::with_capacity(512),
        nothing: OwnedKVList::from(slog::o!()),
    });
}

pub(super) fn render(entry: &Entry<'_>, out: &mut String) {
    RENDERING.with_borrow_mut(|Rendering { bytes, nothing }| {
        bytes.clear();
        let level = entry.level.to_slog();
        let fixed = RecordStatic {
            location: &LOCATION,
            tag: "",
            level,
        };
        let json = slog_json::Json::new(&mut *bytes)
            .set_newlines(false)
            .build();
        let fields = Fields(entry);
        let rendered = json.log(
            &Record::new(&fixed, &format_args!(""), slog::BorrowedKV(&fields)),
            nothing,
        );
        debug_assert!(
            rendered.is_ok(),
            "collected values serialize, and memory takes them: {rendered:?}"
        );
        drop(json);
        // Almost every line is plain ASCII, where only DEL is left to escape.
        match std::str::from_utf8(bytes) {
            Ok(line) if line.is_ascii() && !bytes.contains(&0x7f) => out.push_str(line),
            Ok(line) => escape::json(line, out),
            Err(_) => escape::json(&String::from_utf8_lossy(bytes), out),
        }
        bytes.shrink_to(64 * 1024);
    });
}

/// The collected record as slog-json asks for it.
struct Fields<'a>(&'a Entry<'a>);

impl KV for Fields<'_> {
    fn serialize(&self, _: &Record<'_>, to: &mut dyn Serializer) -> slog::Result {
        let entry = self.0;
        to.emit_str(TS, entry.ts)?;
        to.emit_str(LEVEL, entry.level.as_str())?;
        to.emit_str(MSG, entry.message)?;
        to.emit_str(TARGET, entry.target)?;
        for (key, value) in entry.fields() {
            match value {
                Value::Null => to.emit_unit(key)?,
                Value::Bool(value) => to.emit_bool(key, value)?,
                Value::I64(value) => to.emit_i64(key, value)?,
                Value::U64(value) => to.emit_u64(key, value)?,
                Value::I128(value) => to.emit_i128(key, value)?,
                Value::U128(value) => to.emit_u128(key, value)?,
                Value::F32(value) => to.emit_f32(key, value)?,
                Value::F64(value) => to.emit_f64(key, value)?,
                Value::Text(value) => to.emit_str(key, value)?,
                Value::Nested(value) => to.emit_serde(key, &slog::Serde(value.clone()))?,
            }
        }
        Ok(())
    }
}
