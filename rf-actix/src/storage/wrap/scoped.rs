//! A storage whose keys lie beneath a prefix of another.

use crate::storage::{
    error::Error,
    key::{Key, Prefix},
    metadata::{Metadata, Page, Written},
    options::{Condition, SignedUrlOptions, WriteOptions},
    storage::{Object, SignedUrl, Storage, Writer},
};
use async_trait::async_trait;
use bytes::Bytes;
use std::sync::Arc;

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
    async fn open(&self, key: &Key) -> Result<Object, Error> {
        let opened = self.inner.open(&self.prefix.join(key)?).await;
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

    async fn page(
        &self,
        prefix: &Prefix,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, Error> {
        let inner_cursor = match cursor {
            Some(cursor) if !self.prefix.is_empty() => Some(format!("{}/{cursor}", self.prefix)),
            cursor => cursor.map(str::to_owned),
        };
        let page = self
            .inner
            .page(&self.prefix.nest(prefix)?, inner_cursor.as_deref(), limit)
            .await;
        let page = page.map_err(|error| self.blame(error))?;
        let entries: Vec<_> = page
            .entries
            .into_iter()
            .map(|metadata| self.show(metadata))
            .collect();
        let next = page
            .next
            .and_then(|_| entries.last().map(|last| last.key.as_str().to_owned()));
        Ok(Page::new(entries, next))
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

    async fn presign(&self, key: &Key, options: &SignedUrlOptions) -> Result<SignedUrl, Error> {
        let key = self.prefix.join(key)?;
        let options = options.beneath(&self.prefix)?;
        let signed = self.inner.presign(&key, &options).await;
        signed.map_err(|error| self.blame(error))
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
