//! What the storage, its writers and its replayer have in common.

use super::{fallback::FallbackState, journal::Journal, record::Record};
use crate::storage::{
    error::{Error, UNREACHABLE},
    key::{Key, Prefix},
    options::Condition,
    storage::Storage,
    wrap::Scoped,
};
use std::{io, sync::Arc};
use tokio::sync::watch;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) name: String,
    pub(super) primary: Arc<dyn Storage>,
    pub(super) journal: Arc<Journal>,
    state: Arc<watch::Sender<FallbackState>>,
}

impl Shared {
    pub(super) fn new(
        name: String,
        primary: Arc<dyn Storage>,
        secondary: Arc<dyn Storage>,
    ) -> Result<Self, Error> {
        let folder = Prefix::for_name(&format!("fallback-{name}"))?;
        let state = Arc::new(watch::Sender::new(FallbackState {
            primary_up: true,
            pending: 0,
        }));
        let secondary = Scoped::over(secondary, folder);
        Ok(Self {
            name,
            primary,
            journal: Arc::new(Journal::new(secondary, Arc::clone(&state))),
            state,
        })
    }

    pub(super) fn state(&self) -> FallbackState {
        *self.state.borrow()
    }

    pub(super) fn watch(&self) -> watch::Receiver<FallbackState> {
        self.state.subscribe()
    }

    /// Whether a change of the key goes to the primary: it can be reached, and nothing waits that came before.
    pub(super) async fn is_direct(&self, key: &Key) -> Result<bool, Error> {
        Ok(self.journal.latest(key).await?.is_none() && self.state().primary_up)
    }

    /// The primary cannot be reached: from now on it is not tried for changes until it answers a probe.
    pub(super) fn lost(&self, error: &Error) {
        if self.turn(false) {
            log::warn!(target: "rf::storage", "disk {}: the primary storage cannot be reached, files go to the secondary: {error}", self.name);
        }
    }

    /// The primary answered.
    pub(super) fn found(&self) {
        if self.turn(true) {
            let pending = self.state().pending;
            log::info!(target: "rf::storage", "disk {}: the primary storage is back, {pending} files and deletes wait for it", self.name);
        }
    }

    fn turn(&self, up: bool) -> bool {
        self.state.send_if_modified(|state| {
            let turned = state.primary_up != up;
            state.primary_up = up;
            turned
        })
    }

    /// Removes a file, in the journal unless the primary has.
    pub(super) async fn remove(&self, key: &Key, condition: &Condition) -> Result<(), Error> {
        loop {
            if self.is_direct(key).await? {
                match self.primary.remove(key, condition).await {
                    Err(error) if error.is_outage() => {
                        self.lost(&error);
                        // It may have been removed, so nobody can say any more whether the condition held.
                        if *condition != Condition::Always {
                            return Err(error);
                        }
                    }
                    answered => return answered,
                }
            }
            match self.note_removal(key, condition).await {
                // What waited has arrived meanwhile: it is for the primary to judge.
                Err(error) if error.is_outage() && self.is_direct(key).await? => {}
                noted => return noted,
            }
        }
    }

    pub(super) async fn note_removal(&self, key: &Key, condition: &Condition) -> Result<(), Error> {
        let record = Record {
            key: key.clone(),
            file: None,
        };
        let staged = self.journal.stage().await?;
        let noted = self.journal.append(staged, record, condition.clone()).await;
        noted.map(drop)
    }
}

/// What cannot be answered without the primary.
pub(super) fn unreachable(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Io {
        op: UNREACHABLE,
        source: io::Error::new(io::ErrorKind::NotConnected, why),
    }
}
