//! From the first signal to exit code 0.

use super::Suite;
use crate::{Error, logging::Logger};
use actix_web::dev::{Server, ServerHandle};
use std::{future::Future, io};
use tokio::signal::unix::{Signal, SignalKind, signal};

impl Suite {
    /// Runs `server` until SIGTERM or Ctrl-C, then ends it in order.
    ///
    /// Readiness answers 503 for `server.drain` while requests are still served, so that load balancers look
    /// elsewhere; then no new connection is taken and requests in flight end, for as long as the server was built to
    /// wait; at last the logs are flushed. A second signal skips the draining. Build the server with
    /// `disable_signals()`: otherwise actix ends it at the first signal. SIGHUP opens log files again; without log files
    /// it ends the process, as ever.
    ///
    /// # Errors
    /// When signals cannot be listened to, the server failed, or log lines could not be written.
    pub fn serve(&self, server: Server) -> impl Future<Output = Result<(), Error>> + use<> {
        // Now, not when the future is first polled: whoever tells the world that it is up may be signalled at once.
        let signals = Signals::listen(self.logger().writes_files());
        self.clone().run(server, signals)
    }

    async fn run(self, server: Server, signals: io::Result<Signals>) -> Result<(), Error> {
        let mut signals = signals?;
        let hangup = signals.hangup.take();
        let reopener = hangup.map(|hangup| tokio::spawn(reopen(self.logger().clone(), hangup)));
        let stopper = tokio::spawn(self.clone().drain(server.handle(), signals));
        let scrape = self.scrape_server()?.map(|scrape| {
            let handle = scrape.handle();
            actix_web::rt::spawn(scrape);
            handle
        });
        let ended = server.await;
        // After the app's own, so that the end of it can still be scraped.
        if let Some(scrape) = scrape {
            scrape.stop(false).await;
        }
        // Without effect when it was the stopper that ended the server.
        stopper.abort();
        if let Some(reopener) = reopener {
            reopener.abort();
        }
        let logger = self.logger().clone();
        let flushed = tokio::task::spawn_blocking(move || logger.shutdown()).await;
        ended?;
        match flushed {
            Ok(flushed) => Ok(flushed?),
            Err(panicked) => Err(io::Error::other(panicked).into()),
        }
    }

    async fn drain(self, server: ServerHandle, mut signals: Signals) {
        signals.next().await;
        let drain = self.config().server.drain;
        self.metrics().health().drain();
        log::info!(target: "rf::suite", "draining for {drain:?}");
        tokio::select! {
            () = tokio::time::sleep(drain) => (),
            () = signals.next() => (),
        }
        server.stop(true).await;
    }
}

/// Opens log files again on SIGHUP: what logrotate sends when it has renamed them.
async fn reopen(logger: Logger, mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        let logger = logger.clone();
        let reopened = tokio::task::spawn_blocking(move || logger.reopen()).await;
        match reopened {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                log::error!(target: "rf::suite", "a log file was not opened again: {error}")
            }
            Err(panicked) => {
                log::error!(target: "rf::suite", "log files were not opened again: {panicked}")
            }
        }
    }
}

/// What asks a process to end, and to open its log files again.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Option<Signal>,
}

impl Signals {
    fn listen(files: bool) -> io::Result<Self> {
        let hangup = files.then(|| signal(SignalKind::hangup())).transpose()?;
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => (),
            _ = self.interrupt.recv() => (),
        }
    }
}
