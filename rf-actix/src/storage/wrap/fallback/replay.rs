//! The thread that takes to the primary what waits.

use super::shared::Shared;
use crate::storage::{
    error::Error,
    key::Key,
    options::Condition,
    wrap::fallback::{journal::Waiting, record::File},
};
use futures_util::TryStreamExt;
use std::{sync::Arc, thread, time::Duration};
use tokio::{runtime, sync::oneshot};

/// The thread, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Replayer {
    close: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// How long to wait before the next try: doubled after every one in vain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    pub(super) first: Duration,
    pub(super) longest: Duration,
}

impl Replayer {
    /// A runtime of its own: the application's may be one that ends with a worker, or not be there yet.
    pub(super) fn start(shared: Arc<Shared>, backoff: Backoff) -> Result<Self, Error> {
        let failed = |source| Error::Io {
            op: "starting the thread of a fallback disk",
            source,
        };
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let (close, closed) = oneshot::channel::<()>();
        let thread = thread::Builder::new()
            .name("rf-fallback".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        biased;
                        _ = closed => {}
                        () = run(&shared, backoff) => {}
                    }
                });
                // A look-up of a name that hangs must not hold up the end of the application.
                runtime.shutdown_background();
            })
            .map_err(failed)?;
        Ok(Self {
            close: Some(close),
            thread: Some(thread),
        })
    }
}

impl Drop for Replayer {
    fn drop(&mut self) {
        drop(self.close.take());
        if let Some(thread) = self.thread.take() {
            // Waits for a step of its work at most, never for the network. A panic in there was told already.
            let _ = thread.join();
        }
    }
}

async fn run(shared: &Shared, backoff: Backoff) {
    let mut state = shared.watch();
    let mut pause = backoff.first;
    loop {
        let went_on = match shared.journal.load().await {
            Ok(()) => {
                let work = state.wait_for(|state| !state.primary_up || state.pending > 0);
                if work.await.is_err() {
                    return;
                }
                round(shared).await
            }
            Err(error) => {
                log::error!(target: "rf::storage", "disk {}: cannot read what waits on the secondary storage: {error}", shared.name);
                false
            }
        };
        if went_on {
            pause = backoff.first;
        } else {
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(backoff.longest);
        }
    }
}

/// Tries all that waits, in order. Whether anything came of it.
async fn round(shared: &Shared) -> bool {
    if !shared.state().primary_up {
        match shared.primary.probe().await {
            Err(error) if error.is_outage() => return false,
            // A refusal is an answer too: what the primary refuses, callers must hear.
            _ => shared.found(),
        }
    }
    let queue = match shared.journal.queue().await {
        Ok(queue) => queue,
        Err(_) => return false,
    };
    let (total, mut done) = (queue.len(), 0);
    for (key, waiting) in queue {
        match replay(shared, &key, &waiting).await {
            Ok(()) => done += 1,
            Err(Failed {
                error,
                outage: true,
            }) => {
                shared.lost(&error);
                break;
            }
            Err(Failed { error, .. }) => {
                log::error!(target: "rf::storage", "disk {}: {key} waits on the secondary storage, and the primary does not take it: {error}", shared.name);
            }
        }
    }
    if done > 0 {
        log::info!(target: "rf::storage", "disk {}: {done} of {total} files and deletes are on the primary storage now", shared.name);
    }
    // An outage right after a probe that went well is no progress, or we would ask without a pause.
    done > 0 || total == 0 && shared.state().primary_up
}

struct Failed {
    error: Error,
    /// The primary cannot be reached. One of the secondary says nothing of the primary.
    outage: bool,
}

fn primary(error: Error) -> Failed {
    let outage = error.is_outage();
    Failed { error, outage }
}

fn secondary(error: Error) -> Failed {
    Failed {
        error,
        outage: false,
    }
}

/// Takes one operation to the primary. Doing so twice does no harm, so it is removed only afterwards.
async fn replay(shared: &Shared, key: &Key, waiting: &Waiting) -> Result<(), Failed> {
    match &waiting.file {
        Some(file) => {
            if !write(shared, key, waiting, &file.0).await? {
                return Ok(());
            }
        }
        None => {
            let removed = shared.primary.remove(key, &Condition::Always).await;
            removed.map_err(primary)?;
        }
    }
    let settled = shared.journal.settle(key, waiting.sequence).await;
    settled.map_err(secondary)
}

/// Writes a file to the primary and looks whether it is there. `false` when something newer took its place.
async fn write(shared: &Shared, key: &Key, waiting: &Waiting, file: &File) -> Result<bool, Failed> {
    let opened = shared.journal.open(key, waiting, 0..u64::MAX).await;
    let Some(object) = opened.map_err(secondary)? else {
        return Ok(false);
    };
    let mut content = object.into_stream();
    let writer = shared.primary.writer(key, file.options()).await;
    let mut writer = writer.map_err(primary)?;
    while let Some(bytes) = content.try_next().await.map_err(secondary)? {
        writer.write(bytes).await.map_err(primary)?;
    }
    writer.commit().await.map_err(primary)?;
    let there = shared.primary.stat(key).await.map_err(primary)?;
    if there.size != file.size {
        return Err(primary(Error::Checksum { key: key.clone() }));
    }
    Ok(true)
}
