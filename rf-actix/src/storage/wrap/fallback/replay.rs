//! The thread that takes to the primary what waits.

use super::shared::Shared;
use crate::storage::{
    error::Error,
    key::Key,
    options::Condition,
    wrap::fallback::{journal::Waiting, record::File},
};
use futures_util::TryStreamExt;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tokio::{runtime, sync::oneshot};

/// So many in a row that fail while the primary answers: it is no single file's fault, and the others wait as well.
const IN_A_ROW: usize = 3;

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

impl Backoff {
    fn after(self, pause: Duration) -> Duration {
        pause.saturating_mul(2).min(self.longest)
    }
}

/// An operation that failed while the primary was there: tried again later, and after all others.
#[derive(Debug)]
struct Held {
    pause: Duration,
    until: Instant,
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
    let mut held = BTreeMap::new();
    loop {
        let went_on = match shared.journal.load().await {
            Ok(()) => {
                let work = state.wait_for(|state| !state.primary_up || state.pending > 0);
                if work.await.is_err() {
                    return;
                }
                round(shared, backoff, &mut held).await
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
            pause = backoff.after(pause);
        }
    }
}

/// Tries all that waits: in order, and what is held after the others. Whether anything came of it.
async fn round(shared: &Shared, backoff: Backoff, held: &mut BTreeMap<u64, Held>) -> bool {
    if !shared.state().primary_up {
        if !answers(shared).await {
            return false;
        }
        shared.found();
    }
    // Was logged when it failed first. Nothing that it concerns is settled before it goes well.
    let _ = shared.journal.tidy().await;
    let Ok(mut queue) = shared.journal.queue().await else {
        return false;
    };
    let waiting: BTreeSet<u64> = queue.iter().map(|(_, waiting)| waiting.sequence).collect();
    held.retain(|sequence, _| waiting.contains(sequence));
    queue.sort_by_key(|(_, waiting)| held.get(&waiting.sequence).map(|held| held.pause));
    let (total, mut done, mut in_a_row) = (queue.len(), 0, 0);
    for (key, waiting) in queue {
        let sequence = waiting.sequence;
        if held
            .get(&sequence)
            .is_some_and(|held| held.until > Instant::now())
        {
            continue;
        }
        let Err(Failed { error, outage }) = replay(shared, &key, &waiting).await else {
            (done, in_a_row) = (done + 1, 0);
            continue;
        };
        if outage && !answers(shared).await {
            shared.lost(&error);
            break;
        }
        log::error!(target: "rf::storage", "disk {}: {key} waits on the secondary storage, and the primary does not take it: {error}", shared.name);
        let before = held.get(&sequence).map(|held| held.pause);
        let pause = before.map_or(backoff.first, |pause| backoff.after(pause));
        let until = Instant::now() + pause;
        held.insert(sequence, Held { pause, until });
        in_a_row = if outage { in_a_row + 1 } else { 0 };
        if in_a_row == IN_A_ROW {
            break;
        }
    }
    if done > 0 {
        log::info!(target: "rf::storage", "disk {}: {done} of {total} files and deletes are on the primary storage now", shared.name);
    }
    // An outage right after a probe that went well is no progress, or we would ask without a pause.
    done > 0 || total == 0 && shared.state().primary_up
}

/// Whether the primary answers. A refusal is an answer too: what the primary refuses, callers must hear.
async fn answers(shared: &Shared) -> bool {
    let probed = shared.primary.probe().await;
    !probed.is_err_and(|error| error.is_outage())
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
