//! How far a value reaches that stands after the name of a secret: in forms and headers, JSON, TOML, and what `Debug`
//! writes. Where that cannot be told, it reaches to the end.

use super::REDACTED;
use std::ops::Range;

/// What may be said under any name.
const HARMLESS: [&str; 4] = ["null", "true", "false", "None"];

/// The longest name of a type that is looked for, in bytes: whoever writes texts must not have each of their words
/// read to the end.
const LONGEST_PATH: usize = 128;

/// What stands before a value.
pub(super) struct Before<'a> {
    /// All that does, the separator too.
    pub(super) text: &'a str,
    /// The name, of a header and without quotes: the value has the rest of the line.
    pub(super) header: Option<&'a str>,
    /// Only what is in quotes or brackets counts.
    pub(super) delimited: bool,
}

/// The value that begins `after` what stands before it, as a range of that; none if there is nothing to replace.
pub(super) fn value(before: &Before<'_>, after: &str) -> Option<Range<usize>> {
    let blank = after.len() - after.trim_start_matches(' ').len();
    let value = &after[blank..];
    if value.starts_with(REDACTED) {
        return None;
    }
    let escapes = value.len() - value.trim_start_matches('\\').len();
    let quote = value.as_bytes().get(escapes).copied();
    if let Some(quote @ (b'"' | b'\'')) = quote {
        let start = escapes + 1;
        let end = start + quoted(&value[start..], quote, escapes);
        // A second look finds what the first has written.
        let is_open = !value[start..].starts_with(REDACTED);
        return (is_open && start < end).then_some(blank + start..blank + end);
    }
    let end = match group(value) {
        Some(end) => end,
        None if before.delimited => return None,
        None => match before.header {
            Some(name) => line(before.text, name, value),
            None => value.find(ends_a_word).unwrap_or(value.len()),
        },
    };
    let found = value[..end].trim_end_matches('\\');
    let replaced = !found.is_empty() && !HARMLESS.contains(&found);
    replaced.then_some(blank..blank + found.len())
}

fn ends_a_word(c: char) -> bool {
    matches!(c, '&' | '#' | ';' | ',' | '"' | '\'' | ')' | ']' | '}') || c.is_whitespace()
}

/// The end of what is in brackets, with the name of its type before it: `Some("…")`, `Value { … }`, `[1, 2]`.
fn group(value: &str) -> Option<usize> {
    let is_path = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
    let mut start = value.bytes().take(LONGEST_PATH);
    let path = start.position(|byte| !is_path(byte))?;
    let rest = &value[path..];
    let opens = rest.starts_with(['(', '[', '{']) || path > 0 && rest.starts_with(" {");
    if !opens {
        return None;
    }
    let bytes = value.as_bytes();
    let (mut depth, mut escapes, mut at) = (0_usize, 0, path);
    while at < bytes.len() {
        match bytes[at] {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            // Apostrophes stand in texts as well, a bracket in one ends nothing too early but the value of a character.
            quote @ b'"' => at += 1 + quoted(&value[at + 1..], quote, escapes),
            _ => {}
        }
        escapes = if bytes.get(at) == Some(&b'\\') {
            escapes + 1
        } else {
            0
        };
        at += 1;
    }
    Some(value.len())
}

/// How far a text reaches whose quote had so many backslashes before it. Inside, a quote has more of them, and each
/// backslash of its own is doubled as often as the text was put into quotes (RFC 8259 section 7).
fn quoted(text: &str, quote: u8, escapes: usize) -> usize {
    let mut run = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte == quote && run % (2 * (escapes + 1)) == escapes {
            return at - escapes;
        }
        run = if byte == b'\\' { run + 1 } else { 0 };
    }
    text.len()
}

/// The rest of a header's line, which ends with the quotes in which all of it stands.
fn line(before: &str, name: &str, value: &str) -> usize {
    let line = value.find(['\r', '\n']).unwrap_or(value.len());
    let around = before.rfind(name).map_or("", |at| &before[..at]);
    let Some(quote @ (b'"' | b'\'')) = around.as_bytes().last().copied() else {
        return line;
    };
    let around = &around[..around.len() - 1];
    let escapes = around.len() - around.trim_end_matches('\\').len();
    line.min(quoted(value, quote, escapes))
}
