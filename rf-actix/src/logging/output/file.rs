//! A file as an output: when it is rotated, and what is kept of it.

use super::{Opened, OutputOptions, Place, refused};
use crate::{
    logging::{
        Error, Format,
        format::Look,
        sink::{FileRules, FileSink, Zone},
    },
    setting::size,
};
use std::{path::PathBuf, time::Duration};

/// A file that is appended to, and rotated when told to.
///
/// ```
/// use rf::logging::{Level, Logger, Output};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("app.log");
/// let file = Output::file(path).daily().max_size("100MiB").keep(14).gzip();
/// let logger = Logger::builder().output(file.min_level(Level::Info)).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Rotated files are named `app.log.2026-11-25.1`, after the day of their lines, and `….gz` once they are
/// compressed; nothing else in the folder is ever removed. Only one process may rotate a file. Where logrotate does it,
/// say nothing here: a renamed file is noticed, and [`Logger::reopen`](crate::logging::Logger::reopen) is what its
/// signal is for.
#[derive(Clone, Debug)]
#[must_use = "an output does nothing until a builder has it"]
pub struct FileOutput {
    path: PathBuf,
    rules: FileRules,
    max_size: Option<Result<u64, String>>,
}

impl FileOutput {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            rules: FileRules::default(),
            max_size: None,
        }
    }

    /// Rotates with the first line of a day; of a day in UTC, unless [`local_time`](Self::local_time) is said.
    pub fn daily(mut self) -> Self {
        self.rules.daily = true;
        self
    }

    /// Days begin at midnight where this machine is, and not in UTC.
    pub fn local_time(mut self) -> Self {
        self.rules.zone = Zone::Local;
        self
    }

    /// Rotates before the file is larger than this: `"100MiB"`, or a number of bytes. One line is never cut in two.
    pub fn max_size(mut self, size: impl AsRef<str>) -> Self {
        self.max_size = Some(size::parse(size.as_ref()));
        self
    }

    /// Keeps this many rotated files, and removes the oldest; all by default.
    pub fn keep(mut self, files: usize) -> Self {
        self.rules.keep = Some(files);
        self
    }

    /// Removes rotated files of days that are longer ago, in whole days; none by default.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.rules.max_age = Some(age);
        self
    }

    /// Compresses rotated files, on a thread of its own.
    pub fn gzip(mut self) -> Self {
        self.rules.gzip = true;
        self
    }

    /// Writes this output in another format than the builder's.
    #[must_use]
    pub fn format(self, format: Format) -> OutputOptions {
        OutputOptions::from(self).format(format)
    }

    pub(super) fn open(self, format: Format) -> Result<Opened, Error> {
        let Self {
            path,
            mut rules,
            max_size,
        } = self;
        rules.max_size = max_size
            .transpose()
            .map_err(|reason| refused("max_size", reason))?;
        if rules.max_size == Some(0) {
            return Err(refused(
                "max_size",
                "is 0, write a size such as \"100MiB\", or leave it out".to_owned(),
            ));
        }
        let idle = [
            (rules.keep.is_some(), "keep"),
            (rules.max_age.is_some(), "max_age"),
            (rules.gzip, "gzip"),
        ];
        if let Some((_, key)) = idle.iter().find(|(said, _)| *said && !rules.rotates()) {
            return Err(refused(
                key,
                "is about rotated files, and the file is never rotated, add daily or max_size"
                    .to_owned(),
            ));
        }
        let sink = FileSink::open(&path, rules).map_err(|source| Error::Open {
            path: path.clone(),
            source,
        })?;
        Ok(Opened {
            name: path.display().to_string(),
            look: Look::Format(format, false),
            sink: Box::new(sink),
            is_file: true,
        })
    }
}

impl From<FileOutput> for OutputOptions {
    fn from(file: FileOutput) -> Self {
        Self::at(Place::File(file))
    }
}
