//! What an output has to be able to do.

use std::io;

/// A place to write lines to, for outputs of your own.
///
/// A sink is used by one thread, and is given whole batches: it needs neither locks nor buffers. What it
/// returns an error for is offered again later, exactly from where it stopped.
///
/// ```
/// use rf::logging::{Logger, Output, Sink};
/// use std::{io, sync::mpsc};
///
/// struct Channel(mpsc::Sender<Vec<u8>>);
///
/// impl Sink for Channel {
///     fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
///         self.0.send(lines.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
///         Ok(lines.len())
///     }
/// }
///
/// let (sender, lines) = mpsc::channel();
/// let logger = Logger::builder().output(Output::custom(Channel(sender))).build()?;
/// rf::logging::slog::info!(logger.slog(), "it works"; "answer" => 42);
/// logger.flush()?;
/// assert!(String::from_utf8(lines.recv()?)?.contains("answer=42"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Sink: Send + 'static {
    /// Writes one or more lines, or a part of them, and returns how many bytes were taken.
    ///
    /// # Errors
    ///
    /// When nothing could be written; the same bytes come again with the next lines, after a pause.
    fn write(&mut self, lines: &[u8]) -> io::Result<usize>;

    /// Hands what was taken to the system.
    ///
    /// # Errors
    ///
    /// When that failed.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Opens the place again, after something else has moved it away.
    ///
    /// # Errors
    ///
    /// When it cannot be opened; the former one stays in use.
    fn reopen(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Whether a line that was begun was left behind by [`reopen`](Self::reopen), and is to be written here as a whole.
    #[doc(hidden)]
    fn begins_anew(&mut self) -> bool {
        false
    }
}
