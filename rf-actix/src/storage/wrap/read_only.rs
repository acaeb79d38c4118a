//! A storage that is only read.

use crate::storage::{
    error::Error,
    key::{Key, Prefix},
    metadata::{Metadata, Page},
    options::{Condition, Grant, SignedUrlOptions, WriteOptions},
    storage::{Object, SignedUrl, Storage, Writer},
};
use async_trait::async_trait;
use std::sync::Arc;

/// Lets reads through and refuses every change with [`Error::ReadOnly`].
#[derive(Debug, Clone)]
pub struct ReadOnly {
    inner: Arc<dyn Storage>,
}

impl ReadOnly {
    /// Wraps a storage.
    pub fn new(inner: impl Storage) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }
}

#[async_trait]
impl Storage for ReadOnly {
    async fn open(&self, key: &Key) -> Result<Object, Error> {
        self.inner.open(key).await
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

    async fn page(
        &self,
        prefix: &Prefix,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, Error> {
        self.inner.page(prefix, cursor, limit).await
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
            Grant::Upload { .. } => Err(Error::ReadOnly),
        }
    }

    async fn probe(&self) -> Result<(), Error> {
        // The probe of the wrapped storage writes, which may rightly fail on what is only read.
        self.inner.page(&Prefix::default(), None, 1).await.map(drop)
    }
}
