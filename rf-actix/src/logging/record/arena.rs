//! The texts of a record, one behind the other in one buffer.
//!
//! Whatever JSON has as it is lies here as it will stand in the line, with its key and its quotes: there it is copied, and
//! nobody looks at it again.

use super::{Scan, TEXT_LIMIT, collector::Limited};
use crate::logging::{filter::is_target, redact::Redactor};
use std::{
    borrow::Cow,
    fmt::{self, Write},
};

/// What the records of a thread are written into, one after the other.
#[derive(Debug, Default)]
pub(super) struct Arena {
    text: String,
    redactor: Redactor,
    /// The last target that was the path of a module: the next record often has the same.
    path: String,
    /// A text was too long.
    pub(super) cut: bool,
}

/// A piece of the buffer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Text {
    start: u32,
    end: u32,
}

impl Text {
    fn new(start: usize, end: usize) -> Self {
        // Nobody logs four gigabytes in a record; whoever tries finds its end missing.
        let place = |at| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            start: place(start),
            end: place(end),
        }
    }

    pub(super) const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Becomes one with the `next`, if that begins where this ends. Nothing does with what is empty.
    #[inline]
    pub(super) fn extend(&mut self, next: Self) -> bool {
        let follows = !self.is_empty() && !next.is_empty() && self.end == next.start;
        if follows {
            self.end = next.end;
        }
        follows
    }
}

impl Arena {
    /// Replaces what this redactor says until the next one comes.
    pub(super) fn obey(&mut self, redactor: &Redactor) {
        if self.redactor != *redactor {
            self.redactor = redactor.clone();
        }
    }

    #[inline]
    pub(super) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.cut = false;
    }

    /// Gives back what one huge record took.
    pub(super) fn shrink(&mut self) {
        if self.text.capacity() > 4 * TEXT_LIMIT {
            self.text = String::new();
        }
    }

    pub(super) fn get(&self, text: Text) -> &str {
        let range = text.start as usize..text.end as usize;
        self.text.get(range).unwrap_or_default()
    }

    /// A field that JSON has as it is; `key` is its beginning.
    #[inline]
    pub(super) fn field(&mut self, key: &str, value: &str) -> Text {
        let start = self.text.len();
        self.text.push_str(key);
        self.text.push_str(value);
        Text::new(start, self.text.len())
    }

    /// The same with a text that `append` appends, if JSON has it as it is. The text, and the field.
    #[inline]
    pub(super) fn text_field(
        &mut self,
        key: &str,
        append: impl FnOnce(&mut Self) -> bool,
    ) -> (Text, Text) {
        let begin = self.text.len();
        self.text.push_str(key);
        self.text.push('"');
        let start = self.text.len();
        let plain = append(self);
        let end = self.text.len();
        let mut json = Text::default();
        if plain && !key.is_empty() {
            self.text.push('"');
            json = Text::new(begin, end + 1);
        }
        (Text::new(start, end), json)
    }

    /// Appends at most [`TEXT_LIMIT`] bytes, and replaces what is secret. Here as below: whether JSON has it as it is.
    pub(super) fn format(&mut self, arguments: fmt::Arguments<'_>) -> bool {
        if let Some(text) = arguments.as_str() {
            return self.str(text);
        }
        let start = self.text.len();
        let mut limited = Limited {
            text: &mut self.text,
            end: start + TEXT_LIMIT,
            cut: false,
        };
        let formatted = limited.write_fmt(arguments);
        self.cut |= limited.cut;
        if formatted.is_err() {
            self.text.push_str(" [formatting failed]");
        }
        let scan = Scan::of(&self.text[start..]);
        self.clean(start, scan)
    }

    #[inline]
    pub(super) fn str(&mut self, text: &str) -> bool {
        let start = self.text.len();
        if text.len() <= TEXT_LIMIT {
            self.text.push_str(text);
            self.clean(start, Scan::of(text))
        } else {
            self.cut = true;
            self.str(&text[..text.floor_char_boundary(TEXT_LIMIT)])
        }
    }

    /// The beginning of what is too long, as it is. Whether anything was appended.
    pub(super) fn beginning(&mut self, of: &dyn fmt::Display) -> bool {
        let start = self.text.len();
        let mut limited = Limited {
            text: &mut self.text,
            end: start + TEXT_LIMIT,
            cut: false,
        };
        // Writing to a string cannot fail.
        let _ = write!(limited, "{of}");
        let cut = limited.cut;
        if cut {
            self.cut = true;
        } else {
            self.text.truncate(start);
        }
        cut
    }

    /// A target: the name of a module says nothing but itself, whatever it sounds like.
    pub(super) fn target(&mut self, target: &str) -> bool {
        if target == self.path {
            self.plain(target)
        } else if target.len() <= TEXT_LIMIT && is_target(target) {
            self.path.clear();
            self.path.push_str(target);
            self.plain(target)
        } else {
            self.str(target)
        }
    }

    /// What is no secret, and is known to be plain.
    #[inline]
    pub(super) fn plain(&mut self, text: &str) -> bool {
        self.text.push_str(text);
        true
    }

    #[inline]
    fn clean(&mut self, start: usize, scan: Scan) -> bool {
        if scan.suspicious {
            self.redact(start)
        } else {
            scan.plain
        }
    }

    #[inline(never)]
    fn redact(&mut self, start: usize) -> bool {
        if let Cow::Owned(clean) = self.redactor.text(&self.text[start..]) {
            self.text.truncate(start);
            self.text.push_str(&clean);
        }
        Scan::of(&self.text[start..]).plain
    }
}
