//! The process's own outputs.

use super::Sink;
use std::io::{self, Write};

pub(crate) struct StdoutSink;

impl Sink for StdoutSink {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        // Whole lines pass through its line buffer in one write.
        io::stdout().lock().write(lines)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().lock().flush()
    }
}

pub(crate) struct StderrSink;

impl Sink for StderrSink {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        io::stderr().lock().write(lines)
    }
}
