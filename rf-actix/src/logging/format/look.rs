//! The formats to choose from.

use super::{compact, json, logfmt, pretty};
use crate::logging::record::Entry;
use serde::Deserialize;

/// How a record is written. Every format writes one line a record, whatever is in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Format {
    /// One JSON object a line, by slog-json: for machines.
    Json,
    /// Aligned, short and, on a terminal, coloured: for people. Times are UTC; trace ids are left out.
    #[default]
    Pretty,
    /// Everything in one plain line, without colours: for files that people read.
    Compact,
    /// `key=value` pairs, as Loki and Heroku read them.
    Logfmt,
}

/// How the lines of one output look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// A format to choose, and whether it is coloured.
    Format(Format, bool),
    /// Messages of RFC 5424.
    #[cfg(feature = "syslog")]
    Syslog(std::sync::Arc<super::Header>),
}

impl Look {
    /// Appends `entry` as one line, with its end.
    pub(crate) fn render(&self, entry: &Entry<'_>, out: &mut String) {
        match self {
            Self::Format(Format::Json, _) => json::render(entry, out),
            Self::Format(Format::Pretty, colour) => pretty::render(entry, *colour, out),
            Self::Format(Format::Compact, _) => compact::render(entry, out),
            Self::Format(Format::Logfmt, _) => logfmt::render(entry, out),
            #[cfg(feature = "syslog")]
            Self::Syslog(header) => super::syslog::render(entry, header, out),
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests;
