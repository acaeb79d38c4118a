//! A storage that fails when it is told to.

use crate::storage::{
    ByteStream, Capabilities, Condition, Depth, Error, Key, Metadata, Object, Page, Prefix,
    SignedUrl, SignedUrlOptions, Storage, Visibility, WriteOptions, Writer, Written,
};
use async_trait::async_trait;
use bytes::Bytes;
use std::{
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
};

/// The key that stands for the probe where one is refused.
pub(super) const PROBE: &str = "probe";

/// Where a change breaks off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Point {
    Create,
    Write,
    Commit,
    /// It is done, and the answer gets lost.
    Answer,
}

/// Cloning is cheap; clones are the same storage.
#[derive(Debug, Clone)]
pub(super) struct Flaky {
    pub(super) files: Arc<dyn Storage>,
    script: Arc<Script>,
}

#[derive(Debug, Default)]
struct Script {
    /// Changes and probes fail.
    closed: AtomicBool,
    /// Reads fail as well.
    down: AtomicBool,
    full: AtomicBool,
    /// The next change that comes to this point fails, and from then on all do.
    breaks: Mutex<Option<Point>>,
    /// The next change that comes to this point fails, and only that.
    slips: Mutex<Option<Point>>,
    refused: Mutex<Option<Key>>,
    /// Changes of this key fail as in an outage, and nothing else does.
    failing: Mutex<Option<Key>>,
    syncs: AtomicUsize,
    /// One in so many steps fails, and others go on.
    luck: AtomicU64,
    one_in: AtomicU64,
    changes: AtomicUsize,
}

pub(super) fn outage() -> Error {
    Error::Backend {
        code: "InternalError".to_owned(),
        status: 503,
        request_id: None,
    }
}

impl Flaky {
    pub(super) fn over(files: impl Storage) -> Self {
        Self {
            files: Arc::new(files),
            script: Arc::default(),
        }
    }

    pub(super) fn shared(&self) -> Arc<dyn Storage> {
        Arc::new(self.clone())
    }

    pub(super) fn down(&self) {
        self.close();
        self.script.down.store(true, SeqCst);
    }

    pub(super) fn close(&self) {
        self.script.closed.store(true, SeqCst);
    }

    pub(super) fn up(&self) {
        self.script.one_in.store(0, SeqCst);
        self.script.down.store(false, SeqCst);
        self.script.closed.store(false, SeqCst);
    }

    pub(super) fn full(&self, yes: bool) {
        self.script.full.store(yes, SeqCst);
    }

    pub(super) fn break_at(&self, point: Point) {
        *self.script.breaks.lock().unwrap() = Some(point);
    }

    pub(super) fn slip_at(&self, point: Point) {
        *self.script.slips.lock().unwrap() = Some(point);
    }

    pub(super) fn refuse(&self, key: Option<&str>) {
        *self.script.refused.lock().unwrap() = key.map(|key| Key::parse(key).unwrap());
    }

    pub(super) fn fail(&self, key: Option<&str>) {
        *self.script.failing.lock().unwrap() = key.map(|key| Key::parse(key).unwrap());
    }

    /// How often a folder was synced.
    pub(super) fn syncs(&self) -> usize {
        self.script.syncs.load(SeqCst)
    }

    pub(super) fn unlucky(&self, seed: u64, one_in: u64) {
        self.script.luck.store(seed, SeqCst);
        self.script.one_in.store(one_in, SeqCst);
    }

    /// How many changes were asked for.
    pub(super) fn changes(&self) -> usize {
        self.script.changes.load(SeqCst)
    }
}

impl Script {
    fn read(&self) -> Result<(), Error> {
        match self.down.load(SeqCst) {
            true => Err(outage()),
            false => Ok(()),
        }
    }

    fn step(&self, key: &Key, point: Point) -> Result<(), Error> {
        self.changes.fetch_add(1, SeqCst);
        if self
            .breaks
            .lock()
            .unwrap()
            .take_if(|breaks| *breaks == point)
            .is_some()
        {
            self.closed.store(true, SeqCst);
            self.down.store(true, SeqCst);
        }
        let slipped = self.slips.lock().unwrap().take_if(|slip| *slip == point);
        let failing = point != Point::Create && self.failing.lock().unwrap().as_ref() == Some(key);
        if self.closed.load(SeqCst) || slipped.is_some() || failing {
            return Err(outage());
        }
        if self.refused.lock().unwrap().as_ref() == Some(key) {
            return Err(Error::PermissionDenied { key: key.clone() });
        }
        if self.full.load(SeqCst) && matches!(point, Point::Write | Point::Commit) {
            return Err(Error::NoSpace);
        }
        let one_in = self.one_in.load(SeqCst);
        let mut luck = self.luck.load(SeqCst);
        luck ^= luck << 13;
        luck ^= luck >> 7;
        luck ^= luck << 17;
        self.luck.store(luck, SeqCst);
        match one_in > 0 && luck.is_multiple_of(one_in) {
            true => Err(outage()),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Storage for Flaky {
    fn capabilities(&self) -> Capabilities {
        self.files.capabilities()
    }

    fn place(&self, key: &Key) -> Option<String> {
        self.files.place(key)
    }

    async fn open(&self, key: &Key, soon: Range<u64>) -> Result<Object, Error> {
        self.script.read()?;
        self.files.open(key, soon).await
    }

    async fn stat(&self, key: &Key) -> Result<Metadata, Error> {
        self.script.read()?;
        self.files.stat(key).await
    }

    async fn writer(&self, key: &Key, options: WriteOptions) -> Result<Box<dyn Writer>, Error> {
        self.script.step(key, Point::Create)?;
        Ok(Box::new(FlakyWriter {
            script: Arc::clone(&self.script),
            key: key.clone(),
            inner: self.files.writer(key, options).await?,
        }))
    }

    async fn remove(&self, key: &Key, condition: &Condition) -> Result<(), Error> {
        self.script.step(key, Point::Create)?;
        self.files.remove(key, condition).await?;
        self.script.step(key, Point::Answer)
    }

    async fn remove_many(&self, keys: &[Key]) -> Vec<Result<(), Error>> {
        let mut answers = Vec::new();
        for key in keys {
            answers.push(self.remove(key, &Condition::Always).await);
        }
        answers
    }

    async fn page(
        &self,
        prefix: &Prefix,
        depth: Depth,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, Error> {
        self.script.read()?;
        self.files.page(prefix, depth, cursor, limit).await
    }

    async fn duplicate(&self, from: &Key, to: &Key) -> Result<Metadata, Error> {
        self.script.step(to, Point::Create)?;
        self.files.duplicate(from, to).await
    }

    async fn rename(&self, from: &Key, to: &Key) -> Result<Metadata, Error> {
        self.script.step(to, Point::Create)?;
        self.files.rename(from, to).await
    }

    async fn visibility(&self, key: &Key) -> Result<Visibility, Error> {
        self.script.read()?;
        self.files.visibility(key).await
    }

    async fn set_visibility(&self, key: &Key, visibility: Visibility) -> Result<(), Error> {
        self.script.step(key, Point::Create)?;
        self.files.set_visibility(key, visibility).await
    }

    async fn presign(&self, key: &Key, options: &SignedUrlOptions) -> Result<SignedUrl, Error> {
        self.files.presign(key, options).await
    }

    fn public_url(&self, key: &Key) -> Result<String, Error> {
        self.files.public_url(key)
    }

    async fn sync(&self, folder: &Prefix) -> Result<(), Error> {
        self.script.syncs.fetch_add(1, SeqCst);
        self.files.sync(folder).await
    }

    async fn probe(&self) -> Result<(), Error> {
        if self.script.closed.load(SeqCst) {
            return Err(outage());
        }
        match self.script.refused.lock().unwrap().clone() {
            Some(key) if key.as_str() == PROBE => Err(Error::PermissionDenied { key }),
            _ => Ok(()),
        }
    }
}

#[derive(Debug)]
struct FlakyWriter {
    script: Arc<Script>,
    key: Key,
    inner: Box<dyn Writer>,
}

#[async_trait]
impl Writer for FlakyWriter {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.script.step(&self.key, Point::Write)?;
        self.inner.write(bytes).await
    }

    fn retarget(&mut self, key: Key) -> Result<(), Error> {
        self.key = key.clone();
        self.inner.retarget(key)
    }

    async fn commit(self: Box<Self>) -> Result<Written, Error> {
        self.script.step(&self.key, Point::Commit)?;
        let written = self.inner.commit().await?;
        self.script.step(&self.key, Point::Answer)?;
        Ok(written)
    }

    async fn abort(self: Box<Self>) -> Result<(), Error> {
        self.inner.abort().await
    }
}

/// Several chunks, so that a write can break between two of them.
pub(super) fn chunks(seed: u8) -> impl futures_core::Stream<Item = Result<Bytes, Error>> + Unpin {
    let chunks = (0..5).map(move |n| Ok(Bytes::from(vec![seed ^ n; 70_001])));
    ByteStream::new(futures_util::stream::iter(chunks.collect::<Vec<_>>()))
}

/// What [`chunks`] are together.
pub(super) fn whole(seed: u8) -> Vec<u8> {
    (0..5).flat_map(|n| vec![seed ^ n; 70_001]).collect()
}
