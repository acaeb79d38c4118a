//! Where lines go, as the builder is told.

mod file;
#[cfg(feature = "syslog")]
mod syslog;

pub use self::file::FileOutput;
#[cfg(feature = "syslog")]
pub use self::syslog::SyslogOutput;

use super::{
    Error, Format, Level, Overflow,
    format::Look,
    sink::{Sink, StderrSink, StdoutSink},
    transport::{self, Plan, Transport},
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
    /// A file, for the options that follow: `Output::file("app.log").daily().keep(14)`.
    pub fn file(path: impl Into<PathBuf>) -> FileOutput {
        FileOutput::new(path.into())
    }

    /// Syslog at `unix:///dev/log`, `udp://host:514` or `tcp://host:601`, in the format of RFC 5424.
    #[cfg(feature = "syslog")]
    pub fn syslog(address: &str) -> SyslogOutput {
        SyslogOutput::new(address)
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
    place: Place,
    format: Option<Format>,
    least: Level,
    overflow: Overflow,
    queue: usize,
}

/// An output with all that is said of it.
#[derive(Debug)]
enum Place {
    Simple(Output),
    File(FileOutput),
    #[cfg(feature = "syslog")]
    Syslog(SyslogOutput),
}

impl From<Output> for OutputOptions {
    fn from(output: Output) -> Self {
        Self::at(match output {
            Output::File(path) => Place::File(FileOutput::new(path)),
            output => Place::Simple(output),
        })
    }
}

impl OutputOptions {
    fn at(place: Place) -> Self {
        Self {
            place,
            format: None,
            least: Level::Trace,
            overflow: Overflow::default(),
            queue: transport::QUEUE,
        }
    }

    /// Writes this output in another format than the builder's. Syslog has a format of its own.
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
        let format = self.format.unwrap_or(general);
        let colourful = |terminal: bool| {
            terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        };
        let opened = match self.place {
            Place::Simple(Output::Stdout) => Opened {
                name: "stdout".into(),
                look: Look::Format(format, colourful(io::stdout().is_terminal())),
                sink: Box::new(StdoutSink),
                is_file: false,
            },
            Place::Simple(Output::Stderr) => Opened {
                name: "stderr".into(),
                look: Look::Format(format, colourful(io::stderr().is_terminal())),
                sink: Box::new(StderrSink),
                is_file: false,
            },
            Place::Simple(Output::Custom(sink)) => Opened {
                name: "custom".into(),
                look: Look::Format(format, false),
                sink,
                is_file: false,
            },
            Place::Simple(Output::File(path)) => FileOutput::new(path).open(format)?,
            Place::File(file) => file.open(format)?,
            #[cfg(feature = "syslog")]
            Place::Syslog(syslog) => syslog.open(self.format)?,
        };
        let plan = Plan {
            name: opened.name,
            look: opened.look,
            is_file: opened.is_file,
            least: self.least,
            overflow: self.overflow,
            queue: self.queue,
            moment: transport::MOMENT,
        };
        Ok(Transport::start(plan, opened.sink))
    }
}

/// An output that is ready for lines.
struct Opened {
    name: String,
    look: Look,
    sink: Box<dyn Sink>,
    is_file: bool,
}

/// What every kind of output can be told, on the way to [`OutputOptions`].
macro_rules! options {
    ($output:ty) => {
        impl $output {
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

            /// How many lines may wait for this output.
            #[must_use]
            pub fn queue(self, lines: usize) -> OutputOptions {
                OutputOptions::from(self).queue(lines)
            }
        }
    };
}

options!(FileOutput);
#[cfg(feature = "syslog")]
options!(SyslogOutput);

/// A value that a setter took, and that `build` refuses.
fn refused(key: &str, reason: String) -> Error {
    Error::Setting {
        key: key.to_owned(),
        reason,
    }
}
