//! Everything in one plain line: `2026-… INFO  target: message key=value`.

use super::escape;
use crate::logging::record::{Entry, Value};
use std::fmt::Write;

pub(super) fn render(entry: &Entry<'_>, out: &mut String) {
    // Writing to a string cannot fail, here and below.
    let _ = write!(out, "{} {:<5} ", entry.ts, entry.level);
    escape::plain(entry.target(), out);
    out.push_str(": ");
    escape::plain(entry.message(), out);
    for (key, field) in entry.fields() {
        out.push(' ');
        escape::word(key, out);
        out.push('=');
        value(field, out);
    }
}

/// A value as one word, quoted where needed.
pub(super) fn value(value: Value<'_>, out: &mut String) {
    let _ = match value {
        Value::Null => write!(out, "null"),
        Value::Bool(value) => write!(out, "{value}"),
        Value::I64(value) => write!(out, "{value}"),
        Value::U64(value) => write!(out, "{value}"),
        Value::I128(value) => write!(out, "{value}"),
        Value::U128(value) => write!(out, "{value}"),
        // The same as in JSON: no other format has to guess what NaN is.
        Value::F32(value) if !value.is_finite() => write!(out, "null"),
        Value::F64(value) if !value.is_finite() => write!(out, "null"),
        Value::F32(value) => write!(out, "{value}"),
        Value::F64(value) => write!(out, "{value}"),
        Value::Text(text) => {
            escape::word(text, out);
            Ok(())
        }
        Value::Nested(json) => {
            escape::word(&json.to_string(), out);
            Ok(())
        }
    };
}
