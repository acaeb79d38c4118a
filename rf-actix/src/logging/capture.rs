//! An output that keeps lines in memory, for the tests of this part.

use super::{Format, Level, Logger, LoggerBuilder, Output, OutputOptions, Sink};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

/// What was written so far; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Capture(Arc<Mutex<Vec<u8>>>);

impl Sink for Capture {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(lines);
        Ok(lines.len())
    }
}

impl Capture {
    pub(crate) fn output(&self) -> OutputOptions {
        Output::custom(self.clone())
    }

    /// A builder that logs everything here, as JSON.
    pub(crate) fn builder(&self) -> LoggerBuilder {
        Logger::builder()
            .level(Level::Trace)
            .format(Format::Json)
            .output(self.output())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        )
        .expect("lines are UTF-8")
    }

    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        self.text()
            .lines()
            .map(|line| serde_json::from_str(line).expect(line))
            .collect()
    }
}

/// What `log` leaves on an output of this format.
pub(crate) fn lines(format: Format, log: impl FnOnce(&slog::Logger)) -> String {
    let capture = Capture::default();
    let logger = capture
        .builder()
        .format(format)
        .build()
        .expect("nothing to refuse");
    log(logger.slog());
    logger.shutdown().expect("memory takes all lines");
    capture.text()
}
