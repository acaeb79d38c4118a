//! A body that broke is asked for again, as long as nobody has seen any of it.

use super::{
    error::Failure,
    transport::{Transport, pause},
};
use tokio::time::{Instant, sleep};

/// How often a body was asked for, and until when it may be.
///
/// The transport tries a request until its answer begins; this is for what comes after that.
#[derive(Debug)]
pub(super) struct Again {
    attempts: u32,
    end: Instant,
}

impl Again {
    /// For a body of so many bytes, which is asked for now.
    pub(super) fn new(transport: &Transport, bytes: u64) -> Self {
        Self {
            attempts: 1,
            end: Instant::now() + transport.resolved().patience(bytes),
        }
    }

    /// Waits until the body may be asked for again.
    ///
    /// # Errors
    /// The failure, when it does not pass by itself or the patience is over.
    pub(super) async fn after(
        &mut self,
        transport: &Transport,
        failure: Failure,
    ) -> Result<(), Failure> {
        let wait = pause(self.attempts, None);
        let next = Instant::now() + wait;
        if !failure.is_outage()
            || self.attempts >= transport.resolved().attempts
            || next >= self.end
        {
            return Err(failure);
        }
        self.attempts += 1;
        // On the runtime of the transport: the caller may have none that knows time.
        transport.spawn(sleep(wait)).await;
        Ok(())
    }
}
