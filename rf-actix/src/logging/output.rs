//! Where lines go, as the builder is told.

use super::{
    Error, Format, Level, Overflow,
    format::Look,
    sink::{FileSink, Sink, StderrSink, StdoutSink},
    transport::{self, Transport},
};
use std::{
    fmt,
    io::{self, IsTerminal},
    path::PathBuf,
};

/// A place for lines.
#[non_exhaustive]
pub enum Output {
    /// The process's standard output; coloured when it is a terminal and `NO_COLOR` is unset.
    Stdout,
    /// The process's standard error; coloured likewise.
    Stderr,
    /// A file that is appended to: mode 0640, its folder made when missing, opened again when something moved it.
    File(PathBuf),
    /// An output of the application's own.
    Custom(Box<dyn Sink>),
}

impl Output {
    /// A file, for the options that follow: `Output::file("app.log").min_level(Level::Warn)`.
    pub fn file(path: impl Into<PathBuf>) -> OutputOptions {
        Self::File(path.into()).into()
    }

    /// An output of the application's own.
    pub fn custom(sink: impl Sink) -> OutputOptions {
        Self::Custom(Box::new(sink)).into()
    }

    /// Writes this output in another format than the builder's.
    #[must_use]
    pub fn format(self, format: Format) -> OutputOptions {
        OutputOptions::from(self).format(format)
    }

    /// Sends this output only records at least this important.
    #[must_use]
    pub fn min_level(self, level: Level) -> OutputOptions {
        OutputOptions::from(self).min_level(level)
    }

    /// What happens when this output is slower than what is logged.
    #[must_use]
    pub fn overflow(self, overflow: Overflow) -> OutputOptions {
        OutputOptions::from(self).overflow(overflow)
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("Stdout"),
            Self::Stderr => f.write_str("Stderr"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Custom(_) => f.write_str("Custom(..)"),
        }
    }
}

/// An output and how it is written.
#[derive(Debug)]
pub struct OutputOptions {
    output: Output,
    format: Option<Format>,
    least: Level,
    overflow: Overflow,
    queue: usize,
}

impl From<Output> for OutputOptions {
    fn from(output: Output) -> Self {
        Self {
            output,
            format: None,
            least: Level::Trace,
            overflow: Overflow::default(),
            queue: transport::QUEUE,
        }
    }
}

impl OutputOptions {
    /// Writes this output in another format than the builder's.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// Sends this output only records at least this important.
    #[must_use]
    pub fn min_level(mut self, level: Level) -> Self {
        self.least = level;
        self
    }

    /// What happens when this output is slower than what is logged; lines are dropped and reported by default.
    #[must_use]
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// How many lines may wait for this output, at least one; 16384 by default.
    #[must_use]
    pub fn queue(mut self, lines: usize) -> Self {
        self.queue = lines.max(1);
        self
    }

    pub(crate) fn start(self, general: Format) -> Result<Transport, Error> {
        let colourful = |terminal: bool| {
            terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        };
        let (name, colour, sink): (String, bool, Box<dyn Sink>) = match self.output {
            Output::Stdout => (
                "stdout".into(),
                colourful(io::stdout().is_terminal()),
                Box::new(StdoutSink),
            ),
            Output::Stderr => (
                "stderr".into(),
                colourful(io::stderr().is_terminal()),
                Box::new(StderrSink),
            ),
            Output::File(path) => {
                let sink = FileSink::open(&path).map_err(|source| Error::Open {
                    path: path.clone(),
                    source,
                })?;
                (path.display().to_string(), false, Box::new(sink))
            }
            Output::Custom(sink) => ("custom".into(), false, sink),
        };
        let look = Look {
            format: self.format.unwrap_or(general),
            colour,
        };
        Ok(Transport::start(
            name,
            look,
            self.least,
            self.overflow,
            self.queue,
            sink,
        ))
    }
}
