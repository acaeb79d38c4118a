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
        // `log` goes first: it is what another logging library has most likely taken.
        log::set_boxed_logger(Box::new(bridge::LogBridge))
            .map_err(|_| Error::AlreadyInstalled("the `log` crate"))?;
        self.make_global()?;
        let subscriber = tracing_core::Dispatch::new(bridge::TracingBridge);
        tracing_core::dispatcher::set_global_default(subscriber)
            .map_err(|_| Error::AlreadyInstalled("the `tracing` crate"))?;
        self.announce_level();
        if self.options().panic_hook {
            panic::set_hook();
        }
        Ok(())
    }
}
