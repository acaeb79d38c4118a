//! One logger for the process: macros, libraries and panics.

use super::{Error, Logger, bridge, panic};

impl Logger {
    /// Makes this the process's logger: the macros use it outside requests, and what libraries say through the
    /// `log` and `tracing` crates arrives in it, once, under the same filter.
    ///
    /// # Errors
    ///
    /// When a logger is installed already, here or directly with `log` or `tracing`. Records then go on to where
    /// they went.
    pub fn install(&self) -> Result<(), Error> {
        // The bridges go first: another logging library has most likely taken `log`.
        bridge::install().map_err(Error::AlreadyInstalled)?;
        self.make_global()?;
        self.announce_level();
        if self.options().panic_hook {
            panic::set_hook();
        }
        Ok(())
    }
}
