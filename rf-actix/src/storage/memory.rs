//! Files in memory: for tests, and for what may be lost.

use super::{
    checked::Checked,
    detect,
    error::Error,
    key::{Key, Prefix},
    metadata::{ETag, Metadata, Page, Written},
    options::{Capabilities, Condition, Depth, SignedUrlOptions, Visibility, WriteOptions},
    storage::{MAX_PAGE, Object, SignedUrl, Source, Storage, Writer},
    stream::ByteStream,
};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use std::{
    collections::BTreeMap,
    fmt,
    ops::{Bound, Range},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::SystemTime,
};

/// Files in memory. Cloning is cheap; clones share the files.
///
/// Visibility is noted and means nothing; links are signed by the [`Disk`](super::Disk) round it.
#[derive(Clone, Default)]
pub struct MemoryStorage {
    files: Arc<RwLock<Files>>,
}

type Files = BTreeMap<Key, Stored>;

#[derive(Clone)]
struct Stored {
    content: Bytes,
    metadata: Metadata,
    visibility: Visibility,
}

impl MemoryStorage {
    /// An empty storage.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    // The map is whole between any two statements, so a panic elsewhere spoils nothing.
    fn files(&self) -> RwLockReadGuard<'_, Files> {
        self.files.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn files_mut(&self) -> RwLockWriteGuard<'_, Files> {
        self.files.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn stored(&self, key: &Key) -> Result<Stored, Error> {
        self.files()
            .get(key)
            .cloned()
            .ok_or_else(|| Error::NotFound { key: key.clone() })
    }
}

fn fresh_etag() -> ETag {
    let random = getrandom::u64().expect("the system has random numbers");
    ETag::new(format!("{random:016x}"))
}

impl fmt::Debug for MemoryStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStorage")
            .field("files", &self.files().len())
            .finish()
    }
}

#[async_trait]
impl Storage for MemoryStorage {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            links: false,
            ..Capabilities::ALL
        }
    }

    fn place(&self, key: &Key) -> Option<String> {
        Some(format!("memory {:p} {key}", Arc::as_ptr(&self.files)))
    }

    async fn open(&self, key: &Key, _: Range<u64>) -> Result<Object, Error> {
        let Stored {
            content, metadata, ..
        } = self.stored(key)?;
        Ok(Object {
            metadata,
            source: Box::new(Held(content)),
        })
    }

    async fn stat(&self, key: &Key) -> Result<Metadata, Error> {
        Ok(self.stored(key)?.metadata)
    }

    async fn writer(&self, key: &Key, options: WriteOptions) -> Result<Box<dyn Writer>, Error> {
        let writer = MemoryWriter {
            storage: self.clone(),
            key: key.clone(),
            options: options.clone(),
            content: BytesMut::new(),
        };
        Ok(Checked::over(Box::new(writer), key, &options))
    }

    async fn remove(&self, key: &Key, condition: &Condition) -> Result<(), Error> {
        let mut files = self.files_mut();
        let current = files.get(key).map(|stored| &stored.metadata.etag);
        let holds = match condition {
            Condition::Always => true,
            Condition::IfAbsent => current.is_none(),
            Condition::IfMatch(etag) => current == Some(etag),
        };
        if !holds {
            return Err(Error::PreconditionFailed { key: key.clone() });
        }
        files.remove(key);
        Ok(())
    }

    async fn remove_many(&self, keys: &[Key]) -> Vec<Result<(), Error>> {
        let mut files = self.files_mut();
        for key in keys {
            files.remove(key);
        }
        keys.iter().map(|_| Ok(())).collect()
    }

    async fn page(
        &self,
        prefix: &Prefix,
        depth: Depth,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, Error> {
        let limit = limit.clamp(1, MAX_PAGE);
        let from = match cursor {
            Some(cursor) if cursor > prefix.as_str() => Bound::Excluded(cursor),
            _ => Bound::Included(prefix.as_str()),
        };
        let files = self.files();
        let found = files
            .range::<str, _>((from, Bound::Unbounded))
            .take_while(|(key, _)| key.as_str().starts_with(prefix.as_str()))
            .filter(|(key, _)| prefix.holds(key));
        let mut page = Page::default();
        let mut last = None;
        for (key, stored) in found {
            let folder = match depth {
                Depth::All => None,
                Depth::Level => prefix.folder_of(key),
            };
            let name = match &folder {
                Some(folder) => format!("{folder}/"),
                None => key.as_str().to_owned(),
            };
            if cursor.is_some_and(|cursor| name.as_str() <= cursor) || last.as_ref() == Some(&name)
            {
                continue;
            }
            if page.entries.len() + page.folders.len() == limit {
                page.next = last;
                break;
            }
            last = Some(name);
            match folder {
                Some(folder) => page.folders.push(folder),
                None => page.entries.push(stored.metadata.clone()),
            }
        }
        Ok(page)
    }

    async fn duplicate(&self, from: &Key, to: &Key) -> Result<Metadata, Error> {
        let mut stored = self.stored(from)?;
        if from != to {
            stored.metadata.key = to.clone();
            stored.metadata.etag = fresh_etag();
            stored.metadata.last_modified = SystemTime::now();
            self.files_mut().insert(to.clone(), stored.clone());
        }
        Ok(stored.metadata)
    }

    async fn rename(&self, from: &Key, to: &Key) -> Result<Metadata, Error> {
        let mut files = self.files_mut();
        let mut stored = files
            .remove(from)
            .ok_or_else(|| Error::NotFound { key: from.clone() })?;
        stored.metadata.key = to.clone();
        files.insert(to.clone(), stored.clone());
        Ok(stored.metadata)
    }

    async fn visibility(&self, key: &Key) -> Result<Visibility, Error> {
        Ok(self.stored(key)?.visibility)
    }

    async fn set_visibility(&self, key: &Key, visibility: Visibility) -> Result<(), Error> {
        let mut files = self.files_mut();
        let stored = files.get_mut(key);
        let stored = stored.ok_or_else(|| Error::NotFound { key: key.clone() })?;
        stored.visibility = visibility;
        Ok(())
    }

    fn public_url(&self, _: &Key) -> Result<String, Error> {
        Err(Error::Unsupported {
            op: "the address of a file in memory without a `Disk` that has a `url`",
        })
    }

    async fn presign(&self, _: &Key, _: &SignedUrlOptions) -> Result<SignedUrl, Error> {
        Err(Error::Unsupported {
            op: "signing a link for memory without a served `Disk` round it",
        })
    }

    async fn sync(&self, _: &Prefix) -> Result<(), Error> {
        Ok(())
    }

    async fn probe(&self) -> Result<(), Error> {
        Ok(())
    }
}

#[derive(Debug)]
struct Held(Bytes);

impl Source for Held {
    fn read(self: Box<Self>, range: Range<u64>) -> ByteStream {
        let bounds = usize::try_from(range.start)
            .ok()
            .zip(usize::try_from(range.end).ok());
        match bounds {
            Some((start, end)) if start <= end && end <= self.0.len() => {
                self.0.slice(start..end).into()
            }
            _ => ByteStream::new(stream::iter([Err(Error::RangeNotSatisfiable {
                size: self.0.len() as u64,
            })])),
        }
    }
}

struct MemoryWriter {
    storage: MemoryStorage,
    key: Key,
    options: WriteOptions,
    content: BytesMut,
}

impl fmt::Debug for MemoryWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryWriter")
            .field("key", &self.key)
            .field("bytes", &self.content.len())
            .finish()
    }
}

#[async_trait]
impl Writer for MemoryWriter {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.content.extend_from_slice(&bytes);
        Ok(())
    }

    fn retarget(&mut self, key: Key) -> Result<(), Error> {
        self.key = key;
        Ok(())
    }

    async fn commit(self: Box<Self>) -> Result<Written, Error> {
        let Self {
            storage,
            key,
            options,
            content,
        } = *self;
        let mut files = storage.files_mut();
        let old = files.get(&key);
        match (&options.condition, old) {
            (Condition::IfAbsent, Some(_)) => return Err(Error::AlreadyExists { key }),
            (Condition::IfMatch(etag), old) if old.is_none_or(|old| old.metadata.etag != *etag) => {
                return Err(Error::PreconditionFailed { key });
            }
            _ => {}
        }
        let content_type = options
            .content_type
            .unwrap_or_else(|| detect::by_name(key.name()).to_owned());
        let metadata = Metadata::new(
            key.clone(),
            content.len() as u64,
            content_type,
            SystemTime::now(),
            fresh_etag(),
        )
        .with_user(options.user);
        let created = files
            .insert(
                key,
                Stored {
                    content: content.freeze(),
                    metadata: metadata.clone(),
                    visibility: options.visibility.unwrap_or_default(),
                },
            )
            .is_none();
        Ok(Written::new(metadata, created))
    }

    async fn abort(self: Box<Self>) -> Result<(), Error> {
        Ok(())
    }
}
