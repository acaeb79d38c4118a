//! A runtime of its own for whoever asks other servers.
//!
//! One HTTP client used from two runtimes hangs once the one that owns a connection is not polled, and actix has one
//! runtime a worker. So all connections live here, and whoever wants something gets a [`Task`].

use std::{
    fmt,
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, mpsc},
    task::{Context, Poll},
    thread,
};
use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
    task::JoinHandle,
};

/// The thread and its runtime; both end with the last handle.
#[derive(Clone)]
pub(crate) struct Engine(Arc<Running>);

struct Running {
    handle: Handle,
    // Never sent to: dropping it is what ends the thread.
    _alive: oneshot::Sender<()>,
}

impl Engine {
    /// # Errors
    /// When the system gives no thread or no event queue.
    pub(crate) fn start(name: &str) -> io::Result<Self> {
        let (alive, over) = oneshot::channel::<()>();
        let (send, started) = mpsc::sync_channel(1);
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let runtime = match Builder::new_current_thread().enable_all().build() {
                    Ok(runtime) => runtime,
                    Err(error) => {
                        // Whoever waits for it gets the error; nobody waiting is no error.
                        let _ = send.send(Err(error));
                        return;
                    }
                };
                let _ = send.send(Ok(runtime.handle().clone()));
                let _ = runtime.block_on(over);
                // Does not wait for a digest or a name being looked up.
                runtime.shutdown_background();
            })?;
        let handle = started
            .recv()
            .map_err(|_| io::Error::other("the thread of the runtime ended"))??;
        Ok(Self(Arc::new(Running {
            handle,
            _alive: alive,
        })))
    }

    #[cfg(feature = "s3")]
    pub(crate) fn handle(&self) -> &Handle {
        &self.0.handle
    }

    /// Runs a future here. Dropping the task ends it.
    pub(crate) fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let engine = self.clone();
        Task {
            work: self.0.handle.spawn(async move {
                let output = future.await;
                // Held until here, so that the runtime outlives what was detached on it.
                drop(engine);
                output
            }),
            detached: false,
            _engine: self.clone(),
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine")
    }
}

/// Work on the runtime, which ends when this is dropped.
pub(crate) struct Task<T> {
    work: JoinHandle<T>,
    detached: bool,
    _engine: Engine,
}

impl<T> Task<T> {
    /// Lets the work go on without anybody waiting for it: what must be tidied up after a drop.
    pub(crate) fn detach(mut self) {
        self.detached = true;
    }
}

impl<T> Future for Task<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match Pin::new(&mut self.work).poll(cx) {
            Poll::Ready(Ok(output)) => Poll::Ready(output),
            Poll::Ready(Err(error)) if error.is_panic() => {
                std::panic::resume_unwind(error.into_panic())
            }
            // Only a drop cancels it, and a dropped task is not polled.
            Poll::Ready(Err(_)) | Poll::Pending => Poll::Pending,
        }
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        if !self.detached {
            self.work.abort();
        }
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").finish_non_exhaustive()
    }
}
