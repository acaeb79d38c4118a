//! The `[logging]` section of `rf.toml`.

use super::{
    Directives, Error, Format, Level, Logger, LoggerBuilder, Output, OutputOptions, Overflow,
};
use serde::Deserialize;
use std::{path::PathBuf, time::Duration};

/// How an application logs, as its configuration says it.
///
/// ```
/// let settings: rf::logging::LoggingSettings = toml::from_str(r#"
///     level = "info"
///     directives = "sqlx=warn"
///     slow_request = "500ms"
///     outputs = [{ to = "stdout", format = "pretty" }, { file = "var/app.log", level = "warn", overflow = "block" }]
/// "#)?;
/// assert_eq!(settings.outputs.len(), 2);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoggingSettings {
    /// The least important level that is logged; info by default.
    pub level: Level,
    /// Other levels for some targets, see [`Directives`]; none by default.
    pub directives: String,
    /// Requests whose response takes this long to begin are logged at warn; 500 ms by default.
    #[serde(deserialize_with = "crate::setting::duration::deserialize")]
    pub slow_request: Duration,
    /// Where lines go; pretty lines on stdout when none is given.
    pub outputs: Vec<OutputSettings>,
}

impl Default for LoggingSettings {
    fn default() -> Self {
        Self {
            level: Level::Info,
            directives: String::new(),
            slow_request: Duration::from_millis(500),
            outputs: Vec::new(),
        }
    }
}

/// One of the `outputs`: either `to` or `file`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutputSettings {
    /// One of the process's own outputs.
    pub to: Option<Stream>,
    /// A file that is appended to.
    pub file: Option<PathBuf>,
    /// Not supported yet: refused when the logger is built.
    pub syslog: Option<String>,
    /// By default pretty for `to`, and JSON for `file`.
    pub format: Option<Format>,
    /// The least important level this output gets; everything that is logged by default.
    pub level: Option<Level>,
    /// What happens when the output is too slow; lines are dropped and reported by default.
    pub overflow: Overflow,
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

impl LoggingSettings {
    /// The settings as a builder, for what configuration cannot say: own outputs, static context, the panic hook.
    ///
    /// # Errors
    ///
    /// Names the key whose value cannot be used.
    pub fn builder(&self) -> Result<LoggerBuilder, Error> {
        // Read here too, so that every refusal of a setting comes before a file is touched.
        self.directives.parse::<Directives>()?;
        let builder = Logger::builder()
            .level(self.level)
            .directives(&self.directives)
            .slow_request(self.slow_request)
            .with_request_id();
        self.outputs
            .iter()
            .enumerate()
            .try_fold(builder, |builder, (at, output)| {
                Ok(builder.output(output.options(at)?))
            })
    }
}

impl Logger {
    /// Builds what the `[logging]` section describes, with request ids.
    ///
    /// # Errors
    ///
    /// Names the key whose value cannot be used, or the file that cannot be opened.
    pub fn from_settings(settings: &LoggingSettings) -> Result<Self, Error> {
        settings.builder()?.build()
    }
}

impl OutputSettings {
    fn options(&self, at: usize) -> Result<OutputOptions, Error> {
        let refused = |key: &str, reason: &str| Error::Setting {
            key: if key.is_empty() {
                format!("outputs[{at}]")
            } else {
                format!("outputs[{at}].{key}")
            },
            reason: reason.to_owned(),
        };
        if self.syslog.is_some() {
            return Err(refused(
                "syslog",
                "is not supported yet, write to = \"stdout\" or file = \"…\"",
            ));
        }
        let (output, format) = match (self.to, &self.file) {
            (Some(Stream::Stdout), None) => (Output::Stdout, Format::Pretty),
            (Some(Stream::Stderr), None) => (Output::Stderr, Format::Pretty),
            (None, Some(file)) if file.as_os_str().is_empty() => {
                return Err(refused(
                    "file",
                    "is empty, write a path, for example \"var/app.log\"",
                ));
            }
            (None, Some(file)) => (Output::File(file.clone()), Format::Json),
            (Some(_), Some(_)) => {
                return Err(refused("", "has both to and file, write two outputs"));
            }
            (None, None) => {
                return Err(refused(
                    "",
                    "goes nowhere, write to = \"stdout\" or file = \"…\"",
                ));
            }
        };
        Ok(output
            .format(self.format.unwrap_or(format))
            .min_level(self.level.unwrap_or(Level::Trace))
            .overflow(self.overflow))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn read(text: &str) -> Result<LoggerBuilder, String> {
        let settings: LoggingSettings = toml::from_str(text).map_err(|error| error.to_string())?;
        settings.builder().map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_section_is_valid() {
        let _builder = read("").unwrap();
    }

    #[test]
    fn every_refusal_names_its_key_and_says_what_to_write() {
        for (text, parts) in [
            ("level = 'loud'", ["level", "`warn`"]),
            ("directives = 'sqlx'", ["directives", "sqlx=warn"]),
            ("slow_request = 'soon'", ["slow_request", "500ms"]),
            ("colour = true", ["colour", "`level`"]),
            ("[[outputs]]\nto = 'printer'", ["to", "`stdout`"]),
            (
                "[[outputs]]\nto = 'stdout'\nformat = 'xml'",
                ["format", "`json`"],
            ),
            (
                "[[outputs]]\nto = 'stdout'\noverflow = 'wait'",
                ["overflow", "`block`"],
            ),
            (
                "[[outputs]]\nto = 'stdout'\nlevel = 'loud'",
                ["level", "`warn`"],
            ),
            (
                "[[outputs]]\nfile = 'a.log'\ndaily = true",
                ["daily", "`file`"],
            ),
            ("[[outputs]]\nfile = ''", ["outputs[0].file", "var/app.log"]),
            (
                "[[outputs]]\nsyslog = 'unix:///dev/log'",
                ["outputs[0].syslog", "to = \"stdout\""],
            ),
            (
                "[[outputs]]\nto = 'stdout'\n[[outputs]]\nformat = 'json'",
                ["outputs[1]", "to = \"stdout\""],
            ),
            (
                "[[outputs]]\nto = 'stdout'\nfile = 'a.log'",
                ["outputs[0]", "two outputs"],
            ),
        ] {
            let error = read(text).map(drop).unwrap_err();
            assert!(
                parts.iter().all(|part| error.contains(part)),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_file_is_json_and_a_stream_is_pretty_unless_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.log");
        let settings: LoggingSettings = toml::from_str(&format!(
            "outputs = [{{ file = {path:?}, level = 'warn' }}]"
        ))
        .unwrap();
        let logger = Logger::from_settings(&settings).unwrap();
        slog::warn!(logger.slog(), "kept");
        slog::info!(logger.slog(), "not important enough");
        logger.shutdown().unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["msg"], "kept");
    }
}
