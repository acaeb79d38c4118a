//! Messages of RFC 5424: header, structured data, text.
//!
//! ```text
//! <30>1 2026-11-25T15:44:37.123456Z web-1 drive 4711 - [rf@32473 target="drive" disk="photos"] ready
//! ```

use super::escape;
use crate::logging::{
    Level,
    keys::TARGET,
    record::{Entry, Value},
};
use std::fmt::Write;

/// The number is the one that RFC 5612 keeps for examples: nobody's, so nobody is mistaken for us.
const ID: &str = "rf@32473";

/// What all messages of an output have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    facility: u8,
    /// Host, application and process, with the spaces between them.
    origin: String,
    /// Bytes of a message at most.
    limit: usize,
}

/// The facilities in the order of their numbers (RFC 5424 section 6.2.1).
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp", "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];

impl Header {
    pub(crate) fn new(
        facility: &str,
        app_name: &str,
        hostname: &str,
        limit: usize,
    ) -> Result<Self, String> {
        let number = FACILITIES.iter().position(|known| *known == facility);
        let number = number.ok_or_else(|| {
            format!(
                "{facility:?} is not a facility of syslog, write one of {}",
                FACILITIES.join(", ")
            )
        })?;
        // RFC 5424 section 6: at most 255, 48 and 128 characters.
        let origin = format!(
            "{} {} {}",
            printable(hostname, 255),
            printable(app_name, 48),
            std::process::id()
        );
        Ok(Self {
            facility: number as u8,
            origin,
            limit,
        })
    }
}

/// Printable ASCII without spaces, or the nil value (RFC 5424 section 6).
fn printable(text: &str, most: usize) -> String {
    let text: String = text
        .chars()
        .take(most)
        .map(|c| if c.is_ascii_graphic() { c } else { '_' })
        .collect();
    if text.is_empty() {
        "-".to_owned()
    } else {
        text
    }
}

/// RFC 5424 section 6.2.1; what is finer than debug is debug.
const fn severity(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

/// Appends the message. One that is too long loses the end of its text; fields that have no room are left out, and
/// `truncated="true"` says so.
pub(super) fn render(entry: &Entry<'_>, header: &Header, out: &mut String) {
    let begin = out.len();
    let limit = begin + header.limit;
    let priority = header.facility * 8 + severity(entry.level);
    // Writing to a string cannot fail.
    let _ = write!(out, "<{priority}>1 {} {} - [{ID}", entry.ts, header.origin);
    const FLAG: &str = " truncated=\"true\"";
    let mut all = true;
    let mut field = |out: &mut String, key: &str, value: Value<'_>| {
        let before = out.len();
        parameter(key, value, out);
        if out.len() + FLAG.len() + "] ".len() > limit {
            out.truncate(before);
            all = false;
        }
    };
    field(out, TARGET, Value::Text(entry.target()));
    for (key, value) in entry.fields() {
        field(out, key, value);
    }
    if !all {
        out.push_str(FLAG);
    }
    out.push(']');
    if !entry.message().is_empty() {
        out.push(' ');
        escape::plain(entry.message(), out);
    }
    if out.len() > limit {
        out.truncate(out.floor_char_boundary(limit));
    }
}

/// ` name="value"`, escaped as RFC 5424 section 6.3.3 demands.
fn parameter(key: &str, value: Value<'_>, out: &mut String) {
    out.push(' ');
    let name = key.chars().take(32).map(|c| match c {
        '=' | ']' | '"' => '_',
        c if c.is_ascii_graphic() => c,
        _ => '_',
    });
    let start = out.len();
    out.extend(name);
    if out.len() == start {
        out.push('_');
    }
    out.push_str("=\"");
    match value {
        Value::Text(text) => quoted(text, out),
        Value::Nested(json) => quoted(&json.to_string(), out),
        plain => super::compact::value(plain, out),
    }
    out.push('"');
}

fn quoted(text: &str, out: &mut String) {
    for part in text.split_inclusive(['"', '\\', ']']) {
        let mut rest = part.chars();
        match rest.next_back() {
            Some(last @ ('"' | '\\' | ']')) => {
                visible(rest.as_str(), out);
                out.push('\\');
                out.push(last);
            }
            _ => visible(part, out),
        }
    }
}

/// Control characters are shown, with a backslash that is escaped itself.
fn visible(text: &str, out: &mut String) {
    let start = out.len();
    escape::plain(text, out);
    if out[start..].contains('\\') {
        let shown = out[start..].replace('\\', "\\\\");
        out.truncate(start);
        out.push_str(&shown);
    }
}
