//! `ts=… level=info msg="…" key=value`: what Loki and Heroku call logfmt.

use super::{compact::value, escape};
use crate::logging::{
    Level,
    keys::{LEVEL, MSG, TARGET, TS},
    record::Entry,
};

pub(super) fn render(entry: &Entry<'_>, out: &mut String) {
    let fixed = [
        (TS, entry.ts),
        (LEVEL, level(entry)),
        (MSG, entry.message()),
        (TARGET, entry.target()),
    ];
    for (at, (key, text)) in fixed.into_iter().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        out.push_str(key);
        out.push('=');
        escape::word(text, out);
    }
    for (key, field) in entry.fields() {
        out.push(' ');
        // A key is one word: whatever would end it becomes an underscore.
        out.extend(key.chars().map(|c| match c {
            c if c.is_whitespace() || escape::is_unsafe(c) || matches!(c, '=' | '"') => '_',
            c => c,
        }));
        out.push('=');
        value(field, out);
    }
}

/// Lower case, as everybody writes it in logfmt.
fn level(entry: &Entry<'_>) -> &'static str {
    match entry.level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
        Level::Trace => "trace",
    }
}
