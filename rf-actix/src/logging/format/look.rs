//! The formats to choose from.

use super::{compact, json, logfmt, pretty};
use crate::logging::record::Entry;
use serde::Deserialize;

/// How a record is written. Every format writes one line a record, whatever is in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Format {
    /// One JSON object a line, written by slog-json: for machines.
    Json,
    /// Aligned, short and, on a terminal, coloured: for people. Times are UTC; trace ids are left out.
    #[default]
    Pretty,
    /// Everything in one plain line, without colours: for files that people read.
    Compact,
    /// `key=value` pairs, as Loki and Heroku read them.
    Logfmt,
}

/// A format, and whether to colour it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) format: Format,
    pub(crate) colour: bool,
}

impl Look {
    /// Appends `entry` as one line, with its end.
    pub(crate) fn render(self, entry: &Entry<'_>, out: &mut String) {
        match self.format {
            Format::Json => json::render(entry, out),
            Format::Pretty => pretty::render(entry, self.colour, out),
            Format::Compact => compact::render(entry, out),
            Format::Logfmt => logfmt::render(entry, out),
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests;
