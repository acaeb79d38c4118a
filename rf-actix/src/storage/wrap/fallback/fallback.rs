//! `Fallback` itself: who answers what.

use super::{
    compose, listing,
    replay::{Backoff, Replayer},
    shared::{Shared, unreachable},
    writer::FallbackWriter,
};
use crate::storage::{
    error::{Error, OnItsWay},
    key::{Key, Prefix},
    metadata::{Metadata, Page},
    options::{Capabilities, Condition, Depth, SignedUrlOptions, Visibility, WriteOptions},
    storage::{Object, SignedUrl, Storage, Writer},
};
use async_trait::async_trait;
use std::{ops::Range, sync::Arc, time::Duration};

/// Writes to a primary storage, and to a secondary one while the primary cannot be reached.
///
/// ```
/// use rf::storage::{Fallback, MemoryStorage, Storage, StorageExt};
/// use std::sync::Arc;
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), rf::storage::Error> {
/// let remote: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
/// let local: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
/// let files = Fallback::builder("drive", remote, local).build()?;
/// files.put("notes/today.txt", "milk").await?;
/// files.settled().await?;
/// assert!(files.state().primary_up);
/// # Ok(())
/// # }
/// ```
///
/// - **What counts as that**: [`Error::is_outage`], at any moment of a write or a removal. A refusal is the caller's
///   error as ever.
/// - **Then** writes and removals are kept on the secondary, beneath `fallback-NAME`, and acknowledged. They are taken
///   to the primary as soon as it answers, also after a restart. Changes of a key keep their order: what comes while
///   something waits for the key waits behind it.
/// - **Readers** see what waits as if it were there. What only the primary knows is an error while it is away, and so
///   is a condition that only it can judge.
/// - **A full secondary** is an error to who writes while the primary is away, and nothing to anybody else.
/// - **A refusal by the primary** of something that waits is logged as an error; it is kept and tried again.
///
/// The folder on the secondary belongs to one process. Whether an acknowledged write survives a power cut is up to the
/// secondary: see [`LocalStorageBuilder::durable`](crate::storage::LocalStorageBuilder::durable). Cloning is cheap;
/// the thread that takes files to the primary ends with the last clone.
#[derive(Debug, Clone)]
pub struct Fallback {
    pub(super) shared: Arc<Shared>,
    _replayer: Arc<Replayer>,
}

/// How a [`Fallback`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FallbackState {
    /// Whether the primary could be reached when it was last tried.
    pub primary_up: bool,
    /// The keys whose files or removals wait for the primary.
    pub pending: usize,
}

/// Makes a [`Fallback`].
#[derive(Debug, Clone)]
pub struct FallbackBuilder {
    name: String,
    primary: Arc<dyn Storage>,
    secondary: Arc<dyn Storage>,
    backoff: Backoff,
}

impl FallbackBuilder {
    /// How long to wait before the primary is tried again: `first`, then twice as long each time, up to `longest`.
    /// One second to half a minute unless told.
    #[must_use]
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.backoff = Backoff { first, longest };
        self
    }

    /// Starts the thread that takes to the primary what waits, also what an earlier run left.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] for a name too long for a folder, [`Error::Io`] when there is no thread to be had.
    pub fn build(self) -> Result<Fallback, Error> {
        let shared = Arc::new(Shared::new(self.name, self.primary, self.secondary)?);
        let replayer = Replayer::start(Arc::clone(&shared), self.backoff)?;
        Ok(Fallback {
            shared,
            _replayer: Arc::new(replayer),
        })
    }
}

impl Fallback {
    /// Begins one. The name tells several on one secondary apart.
    pub fn builder(
        name: impl Into<String>,
        primary: Arc<dyn Storage>,
        secondary: Arc<dyn Storage>,
    ) -> FallbackBuilder {
        FallbackBuilder {
            name: name.into(),
            primary,
            secondary,
            backoff: Backoff {
                first: Duration::from_secs(1),
                longest: Duration::from_secs(30),
            },
        }
    }

    /// Whether the primary is there, and how much waits for it. Nothing until the secondary was read for the first
    /// time, which the start sets off.
    #[must_use]
    pub fn state(&self) -> FallbackState {
        self.shared.state()
    }

    /// Waits until nothing waits for the primary any more.
    ///
    /// # Errors
    /// When the secondary cannot be read.
    pub async fn settled(&self) -> Result<(), Error> {
        self.shared.journal.load().await?;
        let mut state = self.shared.watch();
        // The sender lives as long as we do.
        let _ = state.wait_for(|state| state.pending == 0).await;
        Ok(())
    }

    /// For what only the primary can do with a file it has.
    async fn not_waiting(&self, key: &Key) -> Result<(), Error> {
        match self.shared.journal.latest(key).await? {
            None => Ok(()),
            Some(waiting) if waiting.file.is_none() => Err(Error::NotFound { key: key.clone() }),
            Some(_) => Err(unreachable(OnItsWay)),
        }
    }

    /// Whether a copy or a renaming can be left to the primary.
    async fn are_direct(&self, from: &Key, to: &Key) -> Result<bool, Error> {
        let up = self.shared.state().primary_up;
        Ok(up && self.shared.is_direct(from).await? && self.shared.is_direct(to).await?)
    }

    fn told<T>(&self, answer: Result<T, Error>) -> Result<T, Error> {
        answer.inspect_err(|error| {
            if error.is_outage() {
                self.shared.lost(error);
            }
        })
    }
}

#[async_trait]
impl Storage for Fallback {
    fn capabilities(&self) -> Capabilities {
        // The journal keeps types, notes and conditions itself; of an opened file the secondary gives the bytes.
        let primary = self.shared.primary.capabilities();
        let secondary = self.shared.journal.secondary().capabilities();
        Capabilities {
            pinned: primary.pinned && secondary.pinned,
            ..primary
        }
    }

    fn place(&self, key: &Key) -> Option<String> {
        // Where it lies in the end: what waits is on its way there.
        self.shared.primary.place(key)
    }

    async fn open(&self, key: &Key, soon: Range<u64>) -> Result<Object, Error> {
        loop {
            let Some(waiting) = self.shared.journal.latest(key).await? else {
                return self.shared.primary.open(key, soon).await;
            };
            let opened = self
                .shared
                .journal
                .open(key, &waiting, soon.clone())
                .await?;
            if let Some(object) = opened {
                return Ok(object);
            }
        }
    }

    async fn stat(&self, key: &Key) -> Result<Metadata, Error> {
        match self.shared.journal.latest(key).await? {
            None => self.shared.primary.stat(key).await,
            Some(waiting) => match waiting.metadata() {
                Some(metadata) => Ok(metadata.clone()),
                None => Err(Error::NotFound { key: key.clone() }),
            },
        }
    }

    async fn writer(&self, key: &Key, options: WriteOptions) -> Result<Box<dyn Writer>, Error> {
        let writer = FallbackWriter::begin(&self.shared, key, options).await?;
        Ok(Box::new(writer))
    }

    async fn remove(&self, key: &Key, condition: &Condition) -> Result<(), Error> {
        self.shared.remove(key, condition).await
    }

    async fn remove_many(&self, keys: &[Key]) -> Vec<Result<(), Error>> {
        let mut together = Vec::new();
        let mut is_direct = Vec::with_capacity(keys.len());
        for key in keys {
            let direct = self.shared.is_direct(key).await;
            if matches!(direct, Ok(true)) {
                together.push(key.clone());
            }
            is_direct.push(direct);
        }
        let answers = match together.is_empty() {
            true => Vec::new(),
            false => self.shared.primary.remove_many(&together).await,
        };
        let mut answers = answers.into_iter();
        let mut removed = Vec::with_capacity(keys.len());
        for (key, direct) in keys.iter().zip(is_direct) {
            let answer = match direct {
                Ok(true) => answers.next(),
                Ok(false) => None,
                Err(error) => {
                    removed.push(Err(error));
                    continue;
                }
            };
            removed.push(match answer {
                Some(Err(error)) if error.is_outage() => {
                    self.shared.lost(&error);
                    self.shared.note_removal(key, &Condition::Always).await
                }
                Some(answer) => answer,
                None => self.shared.note_removal(key, &Condition::Always).await,
            });
        }
        removed
    }

    async fn page(
        &self,
        prefix: &Prefix,
        depth: Depth,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, Error> {
        listing::page(self, prefix, depth, cursor, limit).await
    }

    async fn duplicate(&self, from: &Key, to: &Key) -> Result<Metadata, Error> {
        if from == to {
            return self.stat(from).await;
        }
        if self.are_direct(from, to).await? {
            return self.told(self.shared.primary.duplicate(from, to).await);
        }
        let (_, metadata) = compose::copy(self, from, to).await?;
        Ok(metadata)
    }

    async fn rename(&self, from: &Key, to: &Key) -> Result<Metadata, Error> {
        if from == to {
            return self.stat(from).await;
        }
        if self.are_direct(from, to).await? {
            return self.told(self.shared.primary.rename(from, to).await);
        }
        let waits = self.shared.journal.latest(from).await?.is_some();
        if !waits && !self.state().primary_up {
            // A copy could be had, perhaps; whether the file is still that one when it is removed, nobody could say.
            return Err(unreachable("the file to rename is there"));
        }
        compose::rename(self, from, to).await
    }

    async fn visibility(&self, key: &Key) -> Result<Visibility, Error> {
        let waiting = self.shared.journal.latest(key).await?;
        let file = waiting.as_ref().and_then(|waiting| waiting.file.as_ref());
        if let Some(visibility) = file.and_then(|file| file.0.visibility) {
            return Ok(visibility);
        }
        self.not_waiting(key).await?;
        self.shared.primary.visibility(key).await
    }

    async fn set_visibility(&self, key: &Key, visibility: Visibility) -> Result<(), Error> {
        self.not_waiting(key).await?;
        self.told(self.shared.primary.set_visibility(key, visibility).await)
    }

    async fn presign(&self, key: &Key, options: &SignedUrlOptions) -> Result<SignedUrl, Error> {
        // Who follows the link meets the primary, past what waits.
        self.not_waiting(key).await?;
        self.shared.primary.presign(key, options).await
    }

    fn public_url(&self, key: &Key) -> Result<String, Error> {
        self.shared.primary.public_url(key)
    }

    async fn sync(&self, folder: &Prefix) -> Result<(), Error> {
        self.shared.primary.sync(folder).await
    }

    async fn probe(&self) -> Result<(), Error> {
        self.shared.journal.load().await?;
        self.shared.journal.secondary().probe().await?;
        if !self.state().primary_up {
            // Files are taken all the same. That it is away is told by the state, and was logged.
            return Ok(());
        }
        match self.told(self.shared.primary.probe().await) {
            Err(error) if error.is_outage() => Ok(()),
            answered => answered,
        }
    }
}
