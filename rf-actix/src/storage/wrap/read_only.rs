//! A storage that is only read.

use crate::storage::{
    error::Error,
    key::{Key, Prefix},
    metadata::{Metadata, Page},
    options::{Capabilities, Condition, Depth, Grant, SignedUrlOptions, Visibility, WriteOptions},
    storage::{Object, SignedUrl, Storage, Writer},
};
use async_trait::async_trait;
use std::{ops::Range, sync::Arc};

/// Lets reads through and refuses every change with [`Error::ReadOnly`].
#[derive(Debug, Clone)]
pub struct ReadOnly {
    inner: Arc<dyn Storage>,
}

impl ReadOnly {
    /// Wraps a storage.
    pub fn new(inner: impl Storage) -> Self {
        Self::over(Arc::new(inner))
    }

    pub(in crate::storage) fn over(inner: Arc<dyn Storage>) -> Self {
        Self { inner }
    }
}

#[async_trait]
impl Storage for ReadOnly {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn place(&self, key: &Key) -> Option<String> {
        self.inner.place(key)
    }

    async fn open(&self, key: &Key, soon: Range<u64>) -> Result<Object, Error> {
        self.inner.open(key, soon).await
    }

    async fn stat(&self, key: &Key) -> Result<Metadata, Error> {
        self.inner.stat(key).await
    }

    async fn writer(&self, _: &Key, _: WriteOptions) -> Result<Box<dyn Writer>, Error> {
        Err(Error::ReadOnly)
    }

    async fn remove(&self, _: &Key, _: &Condition) -> Result<(), Error> {
        Err(Error::ReadOnly)
    }

    async fn remove_many(&self, keys: &[Key]) -> Vec<Result<(), Error>> {
        keys.iter().map(|_| Err(Error::ReadOnly)).collect()
    }

    async fn page(
        &self,
        prefix: &Prefix,
        depth: Depth,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, Error> {
        self.inner.page(prefix, depth, cursor, limit).await
    }

    async fn duplicate(&self, _: &Key, _: &Key) -> Result<Metadata, Error> {
        Err(Error::ReadOnly)
    }

    async fn rename(&self, _: &Key, _: &Key) -> Result<Metadata, Error> {
        Err(Error::ReadOnly)
    }

    async fn presign(&self, key: &Key, options: &SignedUrlOptions) -> Result<SignedUrl, Error> {
        match options.grant {
            Grant::Download { .. } => self.inner.presign(key, options).await,
            Grant::Upload(_) | Grant::Form(_) => Err(Error::ReadOnly),
        }
    }

    async fn visibility(&self, key: &Key) -> Result<Visibility, Error> {
        self.inner.visibility(key).await
    }

    async fn set_visibility(&self, _: &Key, _: Visibility) -> Result<(), Error> {
        Err(Error::ReadOnly)
    }

    fn public_url(&self, key: &Key) -> Result<String, Error> {
        self.inner.public_url(key)
    }

    async fn sync(&self, folder: &Prefix) -> Result<(), Error> {
        self.inner.sync(folder).await
    }

    async fn probe(&self) -> Result<(), Error> {
        // The probe of the wrapped storage writes, which may rightly fail on what is only read.
        self.inner
            .page(&Prefix::default(), Depth::Level, None, 1)
            .await
            .map(drop)
    }
}
