//! Keeps a record on one line and a terminal in its state, whatever was logged.

use std::fmt::Write;

/// Characters that end a line, steer a terminal, or reorder what stands beside them (Unicode UAX #9): a log line
/// that contains one could be two lines, or not say what it seems to say.
pub(super) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Appends `text` with every unsafe character escaped.
pub(super) fn plain(text: &str, out: &mut String) {
    escape(text, out, is_unsafe);
}

/// Appends `text`, in quotes when it would not be read back as one word.
pub(super) fn word(text: &str, out: &mut String) {
    let bare = !text.is_empty()
        && !text
            .chars()
            .any(|c| c.is_whitespace() || is_unsafe(c) || matches!(c, '"' | '=' | '\\'));
    if bare {
        out.push_str(text);
    } else {
        out.push('"');
        escape(text, out, |c| is_unsafe(c) || matches!(c, '"' | '\\'));
        out.push('"');
    }
}

fn escape(text: &str, out: &mut String, unsafe_character: impl Fn(char) -> bool) {
    let mut copied = 0;
    for (at, c) in text.char_indices().filter(|(_, c)| unsafe_character(*c)) {
        out.push_str(&text[copied..at]);
        copied = at + c.len_utf8();
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            // Writing to a string cannot fail.
            c => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    out.push_str(&text[copied..]);
}

/// JSON escapes the C0 controls itself; this does the rest of a rendered object, where unsafe characters can only
/// stand inside strings.
pub(super) fn json(rendered: &str, out: &mut String) {
    let mut copied = 0;
    for (at, c) in rendered.char_indices().filter(|(_, c)| is_unsafe(*c)) {
        out.push_str(&rendered[copied..at]);
        copied = at + c.len_utf8();
        let _ = write!(out, "\\u{:04x}", u32::from(c));
    }
    out.push_str(&rendered[copied..]);
}
