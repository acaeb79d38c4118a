//! What waits for the primary: a file an operation on the secondary, and an index of them in memory.

use super::{
    fallback::FallbackState,
    record::{FOOTER, File, Record},
    shared::unreachable,
};
use crate::storage::{
    detect,
    error::Error,
    key::{Key, Prefix},
    metadata::{Metadata, Written},
    options::{Condition, Depth, WriteOptions},
    storage::{MAX_PAGE, Object, Source, Storage, Writer},
    stream::ByteStream,
    wrap::Scoped,
};
use bytes::{Bytes, BytesMut};
use futures_util::{TryStreamExt, stream};
use std::{
    collections::BTreeMap,
    io,
    ops::{Bound, Range},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{OnceCell, watch};

/// The most bytes one look at the end of a file takes; a longer record takes a second one.
const TAIL: u64 = 8 * 1024;

/// What waits for the primary. Of several operations on a key only the last one counts and is kept.
#[derive(Debug)]
pub(super) struct Journal {
    secondary: Scoped,
    folder: Prefix,
    /// Read from the secondary at the first use.
    index: OnceCell<Mutex<Index>>,
    /// Held by who adds or settles: numbers are in the order of what is published, conditions hold at that moment,
    /// and a file that is gone is gone from the index too.
    turn: tokio::sync::Mutex<()>,
    /// Is told how many wait, after every change.
    state: Arc<watch::Sender<FallbackState>>,
}

#[derive(Debug, Default)]
struct Index {
    waiting: BTreeMap<Key, Waiting>,
    /// Files that do not count and could not be removed yet, by their numbers, and the keys they are about.
    strays: BTreeMap<u64, Key>,
    next: u64,
}

/// The state of a key that the primary does not know of yet.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) sequence: u64,
    /// `None`: there is no such file any more.
    pub(super) file: Option<Arc<(File, Metadata)>>,
}

impl Waiting {
    /// What readers see of it, if it is a file.
    pub(super) fn metadata(&self) -> Option<&Metadata> {
        self.file.as_deref().map(|(_, metadata)| metadata)
    }
}

impl Journal {
    pub(super) fn new(secondary: Scoped, state: Arc<watch::Sender<FallbackState>>) -> Self {
        Self {
            secondary,
            folder: Prefix::parse("pending").expect("a plain name is a prefix"),
            index: OnceCell::new(),
            turn: tokio::sync::Mutex::default(),
            state,
        }
    }

    fn tell(&self, pending: usize) {
        self.state.send_modify(|state| state.pending = pending);
    }

    pub(super) fn secondary(&self) -> &dyn Storage {
        &self.secondary
    }

    fn name(&self, sequence: u64) -> Key {
        let key = format!("{}/{sequence:020}", self.folder);
        Key::parse(key).expect("a name and digits are a key")
    }

    /// The index, read from the secondary if nobody did yet.
    pub(super) async fn load(&self) -> Result<(), Error> {
        self.index().await.map(drop)
    }

    async fn index(&self) -> Result<MutexGuard<'_, Index>, Error> {
        let index = self.index.get_or_try_init(|| self.read()).await?;
        // The index is whole between any two statements, so a panic elsewhere spoils nothing.
        Ok(index.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The state of a key, if something waits for it.
    pub(super) async fn latest(&self, key: &Key) -> Result<Option<Waiting>, Error> {
        Ok(self.index().await?.waiting.get(key).cloned())
    }

    /// All that waits beneath a prefix, in key order.
    pub(super) async fn beneath(&self, prefix: &Prefix) -> Result<Vec<(Key, Waiting)>, Error> {
        let index = self.index().await?;
        let from = index
            .waiting
            .range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded));
        Ok(from
            .take_while(|(key, _)| key.as_str().starts_with(prefix.as_str()))
            .filter(|(key, _)| prefix.holds(key))
            .map(|(key, waiting)| (key.clone(), waiting.clone()))
            .collect())
    }

    /// Begins a file of the journal. Its name is given at the end, in the order of ends.
    pub(super) async fn stage(&self) -> Result<Box<dyn Writer>, Error> {
        // Another process on the same folder would take the same numbers: an error, and not the loss of its files.
        let options = WriteOptions::new().condition(Condition::IfAbsent);
        self.secondary.writer(&Key::provisional(), options).await
    }

    /// Publishes an operation, if the condition holds against what waits for its key.
    ///
    /// Runs to its end even when the caller goes away: half of it would be a file that the index does not know.
    pub(super) async fn append(
        self: &Arc<Self>,
        staged: Box<dyn Writer>,
        record: Record,
        condition: Condition,
    ) -> Result<Option<Written>, Error> {
        let journal = Arc::clone(self);
        tokio::spawn(async move { journal.append_in_turn(staged, record, &condition).await })
            .await
            .map_err(|gone| Error::Io {
                op: "noting an operation for the primary storage",
                source: io::Error::other(gone),
            })?
    }

    async fn append_in_turn(
        &self,
        mut staged: Box<dyn Writer>,
        record: Record,
        condition: &Condition,
    ) -> Result<Option<Written>, Error> {
        let _turn = self.turn.lock().await;
        let (before, sequence) = {
            let mut index = self.index().await?;
            index.next += 1;
            (index.waiting.get(&record.key).cloned(), index.next)
        };
        judge(&record, before.as_ref(), condition)?;
        let was_there = before.as_ref().map(|before| before.file.is_some());
        if record.file.is_none() && was_there == Some(false) {
            return Ok(None);
        }
        let (name, key) = (self.name(sequence), record.key.clone());
        staged.retarget(name.clone())?;
        staged.write(record.encode().into()).await?;
        let metadata = match staged.commit().await {
            Ok(written) => written.metadata,
            Err(error) => {
                // It may have arrived all the same, and must not count after a restart: nobody was told it does.
                if !matches!(error, Error::AlreadyExists { .. }) && !self.sweep(sequence).await {
                    self.index().await?.strays.insert(sequence, key.clone());
                }
                return Err(error.map_key(|_| key));
            }
        };
        let waiting = Waiting::new(sequence, record, metadata);
        let written = waiting
            .metadata()
            .map(|metadata| Written::new(metadata.clone(), was_there.map(|was| !was)));
        let count = {
            let mut index = self.index().await?;
            index.waiting.insert(key.clone(), waiting);
            index.waiting.len()
        };
        self.tell(count);
        if let Some(before) = before
            && !self.sweep(before.sequence).await
        {
            self.index().await?.strays.insert(before.sequence, key);
        }
        Ok(written)
    }

    /// All that waits, first come first.
    pub(super) async fn queue(&self) -> Result<Vec<(Key, Waiting)>, Error> {
        let mut queue = self.beneath(&Prefix::default()).await?;
        queue.sort_unstable_by_key(|(_, waiting)| waiting.sequence);
        Ok(queue)
    }

    /// Takes an operation away that the primary has.
    pub(super) async fn settle(&self, key: &Key, sequence: u64) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        // The files first, and those that do not count before the one that keeps them from counting: with the index
        // ahead, a newer file on the primary would be undone after a crash.
        self.clear(Some(key)).await?;
        let name = self.name(sequence);
        self.secondary.remove(&name, &Condition::Always).await?;
        // Nor may a power cut bring it back, whatever else it takes.
        if let Err(error) = self.secondary.sync(&self.folder).await {
            log::error!(target: "rf::storage", "cannot sync the secondary storage, a power cut may bring {key} back as it was: {error}");
        }
        let count = {
            let mut index = self.index().await?;
            if index
                .waiting
                .get(key)
                .is_some_and(|now| now.sequence == sequence)
            {
                index.waiting.remove(key);
            }
            index.waiting.len()
        };
        self.tell(count);
        Ok(())
    }

    /// Tries again to remove what does not count.
    pub(super) async fn tidy(&self) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        self.clear(None).await
    }

    /// The same in turn, for all keys or for one.
    async fn clear(&self, key: Option<&Key>) -> Result<(), Error> {
        let strays: Vec<u64> = {
            let index = self.index().await?;
            let strays = index.strays.iter();
            let of_key = strays.filter(|(_, about)| key.is_none_or(|key| key == *about));
            of_key.map(|(sequence, _)| *sequence).collect()
        };
        for sequence in strays {
            let name = self.name(sequence);
            self.secondary.remove(&name, &Condition::Always).await?;
            self.index().await?.strays.remove(&sequence);
        }
        Ok(())
    }

    /// Opens the content of a file that waits. `None` when it does not wait any more, or something newer does.
    pub(super) async fn open(
        &self,
        key: &Key,
        waiting: &Waiting,
        soon: Range<u64>,
    ) -> Result<Option<Object>, Error> {
        let Some(metadata) = waiting.metadata() else {
            return Err(Error::NotFound { key: key.clone() });
        };
        let size = metadata.size;
        let soon = soon.start.min(size)..soon.end.min(size);
        match self
            .secondary
            .open(&self.name(waiting.sequence), soon)
            .await
        {
            Ok(Object { source, .. }) => Ok(Some(Object {
                metadata: metadata.clone(),
                source: Box::new(Content { source, size }),
            })),
            Err(Error::NotFound { .. }) => {
                // File and index go in one turn; after it the index says why the file is not there.
                drop(self.turn.lock().await);
                match self.latest(key).await? {
                    Some(now) if now.sequence == waiting.sequence => Err(Error::Io {
                        op: "reading a file that waits for the primary storage",
                        source: io::ErrorKind::NotFound.into(),
                    }),
                    _ => Ok(None),
                }
            }
            Err(error) => Err(error.map_key(|_| key.clone())),
        }
    }

    /// Removes a file that does not count; `false` for one that stays, to be noted as a stray.
    async fn sweep(&self, sequence: u64) -> bool {
        let name = self.name(sequence);
        let removed = self.secondary.remove(&name, &Condition::Always).await;
        if let Err(error) = &removed {
            log::warn!(target: "rf::storage", "cannot remove {name} from the secondary storage: {error}");
        }
        removed.is_ok()
    }

    async fn read(&self) -> Result<Mutex<Index>, Error> {
        let mut index = Index::default();
        let mut cursor: Option<String> = None;
        loop {
            let page = self
                .secondary
                .page(&self.folder, Depth::All, cursor.as_deref(), MAX_PAGE)
                .await?;
            for entry in page.entries {
                let Ok(sequence) = entry.key.name().parse() else {
                    log::warn!(target: "rf::storage", "{} on the secondary storage is none of ours", entry.key);
                    continue;
                };
                index.next = index.next.max(sequence);
                let Some(record) = self.record(&entry).await? else {
                    log::error!(target: "rf::storage", "{} on the secondary storage is damaged: it is kept and not written to the primary", entry.key);
                    continue;
                };
                let key = record.key.clone();
                let waiting = Waiting::new(sequence, record, entry);
                if let Some(older) = index.waiting.insert(key.clone(), waiting)
                    && !self.sweep(older.sequence).await
                {
                    index.strays.insert(older.sequence, key);
                }
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        self.tell(index.waiting.len());
        Ok(Mutex::new(index))
    }

    /// What stands at the end of a file; `None` when that is no whole record.
    async fn record(&self, entry: &Metadata) -> Result<Option<Record>, Error> {
        let mut tail = self.tail(entry, TAIL).await?;
        let Some(length) = Record::length(&tail).filter(|length| *length as u64 <= entry.size)
        else {
            return Ok(None);
        };
        if length > tail.len() {
            tail = self.tail(entry, length as u64).await?;
        }
        let end = &tail[tail.len().saturating_sub(length)..];
        Ok(Record::decode(end, entry.size - length as u64))
    }

    async fn tail(&self, entry: &Metadata, length: u64) -> Result<Bytes, Error> {
        let range = entry.size - length.min(entry.size)..entry.size;
        let opened = self.secondary.open(&entry.key, range.clone()).await?;
        let mut chunks = opened.source.read(range);
        let mut tail = BytesMut::with_capacity(FOOTER);
        while let Some(bytes) = chunks.try_next().await? {
            tail.extend_from_slice(&bytes);
        }
        Ok(tail.freeze())
    }
}

impl Waiting {
    /// From a record and what the secondary knows of the file it stands in.
    fn new(sequence: u64, Record { key, file }: Record, stored: Metadata) -> Self {
        let file = file.map(|file| {
            let content_type = file.content_type.clone();
            let content_type =
                content_type.unwrap_or_else(|| detect::by_name(key.name()).to_owned());
            let Metadata {
                last_modified,
                etag,
                ..
            } = stored;
            let metadata = Metadata::new(key, file.size, content_type, last_modified, etag)
                .with_user(file.user.clone());
            Arc::new((file, metadata))
        });
        Self { sequence, file }
    }
}

/// Whether the condition holds. Where nothing waits, only the primary knows, and it was not asked or gave no answer.
fn judge(record: &Record, before: Option<&Waiting>, condition: &Condition) -> Result<(), Error> {
    let key = record.key.clone();
    if *condition == Condition::Always {
        return Ok(());
    }
    let Some(before) = before else {
        return Err(unreachable("whether the condition holds is not known"));
    };
    match (condition, before.metadata()) {
        (Condition::Always, _) | (Condition::IfAbsent, None) => Ok(()),
        (Condition::IfMatch(etag), Some(current)) if current.etag == *etag => Ok(()),
        (Condition::IfAbsent, Some(_)) if record.file.is_some() => {
            Err(Error::AlreadyExists { key })
        }
        _ => Err(Error::PreconditionFailed { key }),
    }
}

/// The content of a file in the journal, without the record behind it.
#[derive(Debug)]
struct Content {
    source: Box<dyn Source>,
    size: u64,
}

impl Source for Content {
    fn read(self: Box<Self>, range: Range<u64>) -> ByteStream {
        if range.start > range.end || range.end > self.size {
            let size = self.size;
            return ByteStream::new(stream::iter([Err(Error::RangeNotSatisfiable { size })]));
        }
        self.source.read(range)
    }
}
