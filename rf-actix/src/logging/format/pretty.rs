//! What a developer sees in the terminal.
//!
//! ```text
//! 15:44:37.123  INFO  drive ready disk=drive root=var/drive  quickstart
//! 15:44:37.130  INFO  GET /api/files 200 1.2 ms 512 B remote=127.0.0.1  rf::access 01JD…
//! ```

use super::{compact::value, escape};
use crate::logging::{
    Level,
    keys::{self, REQUEST_ID, SPAN_ID, TRACE_ID},
    record::{Entry, Value},
};
use std::fmt::Write;

const RESET: &str = "\x1b[0m";
const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const BLUE: &str = "\x1b[34m";
const MAGENTA: &str = "\x1b[35m";
const CYAN: &str = "\x1b[36m";

/// What an access line's beginning says already.
const SUMMARY: [&str; 5] = [
    keys::METHOD,
    keys::PATH,
    keys::STATUS,
    keys::DURATION,
    keys::BYTES_OUT,
];

pub(super) fn render(entry: &Entry<'_>, colour: bool, out: &mut String) {
    let mut line = Line { out, colour };
    // The date is the same all day, and UTC is said in the documentation.
    line.styled(DIM, |out| {
        out.push_str(entry.ts.get(11..23).unwrap_or(entry.ts))
    });
    line.out.push_str("  ");
    line.styled(level_style(entry.level), |out| {
        let _ = write!(out, "{:<5}", entry.level);
    });
    line.out.push(' ');
    let shown: &[&str] = if entry.target() == keys::ACCESS && line.request(entry).is_some() {
        &SUMMARY
    } else {
        line.out.push(' ');
        let style = if entry.level <= Level::Warn { BOLD } else { "" };
        line.styled(style, |out| escape::plain(entry.message(), out));
        &[]
    };
    for (key, field) in entry.fields() {
        if shown.contains(&key) || matches!(key, REQUEST_ID | TRACE_ID | SPAN_ID) {
            continue;
        }
        line.out.push(' ');
        let style = if key == "error" { RED } else { CYAN };
        line.styled(style, |out| escape::word(key, out));
        line.styled(DIM, |out| out.push('='));
        value(field, line.out);
    }
    line.out.push_str("  ");
    line.styled(DIM, |out| {
        escape::plain(entry.target(), out);
        if let Some(Value::Text(id)) = entry.field(REQUEST_ID) {
            out.push(' ');
            escape::plain(id, out);
        }
    });
}

struct Line<'a> {
    out: &'a mut String,
    colour: bool,
}

impl Line<'_> {
    fn styled(&mut self, style: &str, write: impl FnOnce(&mut String)) {
        let colour = self.colour && !style.is_empty();
        if colour {
            self.out.push_str(style);
        }
        write(self.out);
        if colour {
            self.out.push_str(RESET);
        }
    }

    /// An access line as people say it: `GET /api/files 200 1.2 ms 512 B`. `None`, and nothing written, when
    /// the record is not the middleware's.
    fn request(&mut self, entry: &Entry<'_>) -> Option<()> {
        let (Value::Text(method), Value::Text(path)) =
            (entry.field(keys::METHOD)?, entry.field(keys::PATH)?)
        else {
            return None;
        };
        let (Value::U64(status), Value::F64(duration)) =
            (entry.field(keys::STATUS)?, entry.field(keys::DURATION)?)
        else {
            return None;
        };
        let Value::U64(bytes) = entry.field(keys::BYTES_OUT)? else {
            return None;
        };
        self.out.push(' ');
        self.styled(BOLD, |out| escape::plain(method, out));
        self.out.push(' ');
        escape::plain(path, self.out);
        self.out.push(' ');
        self.styled(status_style(status), |out| {
            let _ = write!(out, "{status}");
        });
        self.out.push(' ');
        self.styled(DIM, |out| {
            let _ = match duration {
                ms if ms < 1.0 => write!(out, "{:.0} µs", ms * 1000.0),
                ms if ms < 1000.0 => write!(out, "{ms:.1} ms"),
                ms => write!(out, "{:.2} s", ms / 1000.0),
            };
            out.push(' ');
            size(bytes, out);
        });
        Some(())
    }
}

fn size(bytes: u64, out: &mut String) {
    let mut amount = bytes as f64;
    let mut unit = "B";
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if amount < 1024.0 {
            break;
        }
        amount /= 1024.0;
        unit = larger;
    }
    let decimals = usize::from(unit != "B" && amount < 100.0);
    let _ = write!(out, "{amount:.decimals$} {unit}");
}

fn level_style(level: Level) -> &'static str {
    match level {
        Level::Error => "\x1b[1;31m",
        Level::Warn => YELLOW,
        Level::Info => GREEN,
        Level::Debug => BLUE,
        Level::Trace => MAGENTA,
    }
}

fn status_style(status: u64) -> &'static str {
    match status {
        500.. => RED,
        400.. => YELLOW,
        300.. => CYAN,
        _ => GREEN,
    }
}
