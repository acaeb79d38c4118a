//! A storage whose keys lie beneath a prefix of another.

use crate::storage::{
    error::Error,
    key::{Key, Prefix},
    metadata::{Metadata, Page, Written},
    options::{Capabilities, Condition, Depth, SignedUrlOptions, Visibility, WriteOptions},
    storage::{Object, SignedUrl, Storage, Writer},
};
use async_trait::async_trait;
use bytes::Bytes;
use std::{ops::Range, sync::Arc};

/// Shows the files beneath a prefix as if there were nothing else: no key, listing or error names the prefix.
///
/// Scopes nest. A signed link of a [`Disk`](crate::storage::Disk) shows the key beneath the prefix and carries the
/// prefix sealed; a backend that signs links of its own shows the whole key in them.
#[derive(Debug, Clone)]
pub struct Scoped {
    inner: Arc<dyn Storage>,
    prefix: Prefix,
}

impl Scoped {
    /// Wraps a storage.
    pub fn new(inner: impl Storage, prefix: Prefix) -> Self {
        Self::over(Arc::new(inner), prefix)
    }

    pub(in crate::storage) fn over(inner: Arc<dyn Storage>, prefix: Prefix) -> Self {
        Self { inner, prefix }
    }

    pub(in crate::storage) fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    pub(in crate::storage) fn nest(&self, prefix: &Prefix) -> Result<Self, Error> {
        Ok(Self {
            inner: Arc::clone(&self.inner),
            prefix: self.prefix.nest(prefix)?,
        })
    }

    fn show(&self, mut metadata: Metadata) -> Metadata {
        metadata.key = hide(&self.prefix, metadata.key);
        metadata
    }

    fn blame(&self, error: Error) -> Error {
        error.map_key(|key| hide(&self.prefix, key))
    }
}

fn hide(prefix: &Prefix, key: Key) -> Key {
    prefix.strip(&key).unwrap_or(key)
}

#[async_trait]
impl Storage for Scoped {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn place(&self, key: &Key) -> Option<String> {
        self.inner.place(&self.prefix.join(key).ok()?)
    }

    async fn open(&self, key: &Key, soon: Range<u64>) -> Result<Object, Error> {
        let opened = self.inner.open(&self.prefix.join(key)?, soon).await;
        let Object { metadata, source } = opened.map_err(|error| self.blame(error))?;
        Ok(Object {
            metadata: self.show(metadata),
            source,
        })
    }

    async fn stat(&self, key: &Key) -> Result<Metadata, Error> {
        let found = self.inner.stat(&self.prefix.join(key)?).await;
        found
            .map(|metadata| self.show(metadata))
            .map_err(|error| self.blame(error))
    }

    async fn writer(&self, key: &Key, options: WriteOptions) -> Result<Box<dyn Writer>, Error> {
        let writer = self.inner.writer(&self.prefix.join(key)?, options).await;
        let inner = writer.map_err(|error| self.blame(error))?;
        Ok(Box::new(ScopedWriter {
            inner,
            prefix: self.prefix.clone(),
        }))
    }

    async fn remove(&self, key: &Key, condition: &Condition) -> Result<(), Error> {
        let removed = self.inner.remove(&self.prefix.join(key)?, condition).await;
        removed.map_err(|error| self.blame(error))
    }

    async fn remove_many(&self, keys: &[Key]) -> Vec<Result<(), Error>> {
        // Keys that are too long together with the prefix are not there, and must not hold up the others.
        let joined: Vec<_> = keys.iter().map(|key| self.prefix.join(key)).collect();
        let inner: Vec<_> = joined.iter().flatten().cloned().collect();
        let mut removed = self.inner.remove_many(&inner).await.into_iter();
        joined
            .into_iter()
            .map(|key| match key {
                Ok(_) => removed
                    .next()
                    .expect("one result a key")
                    .map_err(|error| self.blame(error)),
                Err(invalid) => Err(invalid.into()),
            })
            .collect()
    }

    async fn page(
        &self,
        prefix: &Prefix,
        depth: Depth,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, Error> {
        let inner_cursor = match cursor {
            Some(cursor) if !self.prefix.is_empty() => Some(format!("{}/{cursor}", self.prefix)),
            cursor => cursor.map(str::to_owned),
        };
        let page = self
            .inner
            .page(
                &self.prefix.nest(prefix)?,
                depth,
                inner_cursor.as_deref(),
                limit,
            )
            .await;
        let page = page.map_err(|error| self.blame(error))?;
        let entries: Vec<_> = page
            .entries
            .into_iter()
            .map(|metadata| self.show(metadata))
            .collect();
        let shown = |text: &str| match self.prefix.is_empty() {
            true => Some(text.to_owned()),
            false => {
                let rest = text.strip_prefix(self.prefix.as_str())?;
                Some(rest.strip_prefix('/')?.to_owned())
            }
        };
        let next = page.next.and_then(|next| shown(&next));
        let folders = page.folders.iter();
        let folders = folders.filter_map(|folder| Prefix::parse(&shown(folder.as_str())?).ok());
        let folders = folders.collect();
        Ok(Page::new(entries, next).with_folders(folders))
    }

    async fn duplicate(&self, from: &Key, to: &Key) -> Result<Metadata, Error> {
        let copied = self
            .inner
            .duplicate(&self.prefix.join(from)?, &self.prefix.join(to)?)
            .await;
        copied
            .map(|metadata| self.show(metadata))
            .map_err(|error| self.blame(error))
    }

    async fn rename(&self, from: &Key, to: &Key) -> Result<Metadata, Error> {
        let moved = self
            .inner
            .rename(&self.prefix.join(from)?, &self.prefix.join(to)?)
            .await;
        moved
            .map(|metadata| self.show(metadata))
            .map_err(|error| self.blame(error))
    }

    async fn visibility(&self, key: &Key) -> Result<Visibility, Error> {
        let seen = self.inner.visibility(&self.prefix.join(key)?).await;
        seen.map_err(|error| self.blame(error))
    }

    async fn set_visibility(&self, key: &Key, visibility: Visibility) -> Result<(), Error> {
        let key = self.prefix.join(key)?;
        let changed = self.inner.set_visibility(&key, visibility).await;
        changed.map_err(|error| self.blame(error))
    }

    fn public_url(&self, key: &Key) -> Result<String, Error> {
        self.inner.public_url(&self.prefix.join(key)?)
    }

    async fn presign(&self, key: &Key, options: &SignedUrlOptions) -> Result<SignedUrl, Error> {
        let key = self.prefix.join(key)?;
        let options = options.beneath(&self.prefix)?;
        let signed = self.inner.presign(&key, &options).await;
        signed.map_err(|error| self.blame(error))
    }

    async fn sync(&self, folder: &Prefix) -> Result<(), Error> {
        let synced = self.inner.sync(&self.prefix.nest(folder)?).await;
        synced.map_err(|error| self.blame(error))
    }

    async fn probe(&self) -> Result<(), Error> {
        self.inner.probe().await
    }
}

#[derive(Debug)]
struct ScopedWriter {
    inner: Box<dyn Writer>,
    prefix: Prefix,
}

#[async_trait]
impl Writer for ScopedWriter {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        let written = self.inner.write(bytes).await;
        written.map_err(|error| error.map_key(|key| hide(&self.prefix, key)))
    }

    fn retarget(&mut self, key: Key) -> Result<(), Error> {
        self.inner.retarget(self.prefix.join(&key)?)
    }

    async fn commit(self: Box<Self>) -> Result<Written, Error> {
        let Self { inner, prefix } = *self;
        let written = inner.commit().await;
        let mut written = written.map_err(|error| error.map_key(|key| hide(&prefix, key)))?;
        written.metadata.key = hide(&prefix, written.metadata.key);
        Ok(written)
    }

    async fn abort(self: Box<Self>) -> Result<(), Error> {
        self.inner.abort().await
    }
}
