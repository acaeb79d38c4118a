//! One of the outputs of a logger or a channel.

use crate::logging::{Error, Format, Level, Output, OutputOptions, Overflow};
use serde::Deserialize;
use std::{path::PathBuf, time::Duration};

/// One of the `outputs`: either `to`, `file` or `syslog`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutputSettings {
    /// One of the process's own outputs.
    pub to: Option<Stream>,
    /// A file that is appended to.
    pub file: Option<PathBuf>,
    /// `unix:///dev/log`, `udp://host:514` or `tcp://host:601`; needs the feature `syslog`.
    pub syslog: Option<String>,
    /// By default pretty for `to`, and JSON for `file`. Syslog has its own.
    pub format: Option<Format>,
    /// The least important level this output gets; everything that is logged by default.
    pub level: Option<Level>,
    /// What happens when the output is too slow; lines are dropped and reported by default.
    pub overflow: Overflow,
    /// How many lines may wait for it; 16384 by default.
    pub queue: Option<usize>,
    /// Rotates the file with the first line of a day.
    pub daily: bool,
    /// Days begin at midnight where this machine is; in UTC by default.
    pub local_time: bool,
    /// Rotates the file before it is larger, for example `"100MiB"`.
    #[serde(deserialize_with = "crate::setting::size::option::deserialize")]
    pub max_size: Option<u64>,
    /// How many rotated files stay; all by default.
    pub keep: Option<usize>,
    /// Rotated files of days longer ago are removed, for example `"30d"`; none by default.
    #[serde(deserialize_with = "crate::setting::duration::option::deserialize")]
    pub max_age: Option<Duration>,
    /// Compresses rotated files.
    pub gzip: bool,
    /// The facility of syslog; `daemon` by default.
    pub facility: Option<String>,
    /// The application's name in syslog; that of the program by default.
    pub app_name: Option<String>,
    /// The host's name in syslog; what the system says by default.
    pub hostname: Option<String>,
}

/// One of the process's own outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

const GOES_NOWHERE: &str =
    "goes nowhere, write to = \"stdout\", file = \"…\" or syslog = \"unix:///dev/log\"";

impl OutputSettings {
    /// What the builder is told; `place` is where in the section this stands.
    pub(super) fn options(&self, place: &str) -> Result<OutputOptions, Error> {
        let refused = |key: &str, reason: &str| {
            let dot = if key.is_empty() { "" } else { "." };
            Error::Setting {
                key: format!("{place}{dot}{key}"),
                reason: reason.to_owned(),
            }
        };
        let options = match (self.to, &self.file, &self.syslog) {
            (Some(stream), None, None) => {
                let output = match stream {
                    Stream::Stdout => Output::Stdout,
                    Stream::Stderr => Output::Stderr,
                };
                output.format(self.format.unwrap_or(Format::Pretty))
            }
            (None, Some(file), None) if file.as_os_str().is_empty() => {
                return Err(refused(
                    "file",
                    "is empty, write a path, for example \"var/app.log\"",
                ));
            }
            (None, Some(file), None) => self
                .rotated(file)
                .format(self.format.unwrap_or(Format::Json)),
            (None, None, Some(syslog)) => self.syslog(syslog, refused)?,
            (None, None, None) => return Err(refused("", GOES_NOWHERE)),
            _ => {
                return Err(refused(
                    "",
                    "has more than one of to, file and syslog, write an output for each",
                ));
            }
        };
        if let Some((key, what)) = self.misplaced() {
            return Err(refused(key, &format!("is for {what}, leave it out here")));
        }
        if let Some(key) = self.idle() {
            let reason = "is about rotated files, and the file is never rotated, add daily = true or max_size";
            return Err(refused(key, reason));
        }
        if self.max_size == Some(0) {
            return Err(refused("max_size", "is 0, write a size such as \"100MiB\""));
        }
        let options = options
            .min_level(self.level.unwrap_or(Level::Trace))
            .overflow(self.overflow);
        Ok(match self.queue {
            Some(0) => return Err(refused("queue", "is 0, write how many lines may wait")),
            Some(lines) => options.queue(lines),
            None => options,
        })
    }

    fn rotated(&self, path: &std::path::Path) -> crate::logging::FileOutput {
        let mut file = Output::file(path);
        if self.daily {
            file = file.daily();
        }
        if self.local_time {
            file = file.local_time();
        }
        if let Some(bytes) = self.max_size {
            file = file.max_size(bytes.to_string());
        }
        if let Some(files) = self.keep {
            file = file.keep(files);
        }
        if let Some(age) = self.max_age {
            file = file.max_age(age);
        }
        if self.gzip { file.gzip() } else { file }
    }

    #[cfg(feature = "syslog")]
    fn syslog(
        &self,
        address: &str,
        refused: impl Fn(&str, &str) -> Error,
    ) -> Result<OutputOptions, Error> {
        if self.format.is_some() {
            return Err(refused(
                "format",
                "is that of RFC 5424 for syslog, leave it out",
            ));
        }
        let mut syslog = Output::syslog(address);
        syslog.check().map_err(|reason| refused("syslog", reason))?;
        if let Some(facility) = &self.facility {
            syslog = syslog.facility(facility);
        }
        if let Some(name) = &self.app_name {
            syslog = syslog.app_name(name);
        }
        if let Some(name) = &self.hostname {
            syslog = syslog.hostname(name);
        }
        syslog
            .header()
            .map_err(|reason| refused("facility", &reason))?;
        Ok(syslog.into())
    }

    #[cfg(not(feature = "syslog"))]
    fn syslog(
        &self,
        _: &str,
        refused: impl Fn(&str, &str) -> Error,
    ) -> Result<OutputOptions, Error> {
        Err(refused(
            "syslog",
            "needs the feature `syslog`, build with it, or write to = \"stdout\" or file = \"…\"",
        ))
    }

    /// A key that says nothing about this kind of output.
    fn misplaced(&self) -> Option<(&'static str, &'static str)> {
        let of_files = [
            ("daily", self.daily),
            ("local_time", self.local_time),
            ("max_size", self.max_size.is_some()),
            ("keep", self.keep.is_some()),
            ("max_age", self.max_age.is_some()),
            ("gzip", self.gzip),
        ];
        let of_syslog = [
            ("facility", self.facility.is_some()),
            ("app_name", self.app_name.is_some()),
            ("hostname", self.hostname.is_some()),
        ];
        let first = |keys: &[(&'static str, bool)]| {
            keys.iter().find(|(_, said)| *said).map(|(key, _)| *key)
        };
        match (self.file.is_none(), self.syslog.is_none()) {
            (true, _) if first(&of_files).is_some() => first(&of_files).map(|key| (key, "a file")),
            (_, true) => first(&of_syslog).map(|key| (key, "syslog")),
            _ => None,
        }
    }

    /// A key about rotated files where nothing is rotated.
    fn idle(&self) -> Option<&'static str> {
        if self.daily || self.max_size.is_some() {
            return None;
        }
        let about = [
            ("keep", self.keep.is_some()),
            ("max_age", self.max_age.is_some()),
            ("gzip", self.gzip),
        ];
        let (key, _) = about.into_iter().find(|(_, said)| *said)?;
        Some(key)
    }
}
