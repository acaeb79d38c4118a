//! A writer that holds the content to the checksum it was announced with.

use super::{error::Error, key::Key, metadata::Written, options::WriteOptions, storage::Writer};
use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// Counts the digest along the way, and publishes only what has the right one.
#[derive(Debug)]
pub(super) struct Checked {
    inner: Box<dyn Writer>,
    key: Key,
    digest: Sha256,
    expected: [u8; 32],
}

impl Checked {
    /// The writer itself when the options expect no digest.
    pub(super) fn over(
        inner: Box<dyn Writer>,
        key: &Key,
        options: &WriteOptions,
    ) -> Box<dyn Writer> {
        match options.sha256 {
            Some(expected) => Box::new(Self {
                inner,
                key: key.clone(),
                digest: Sha256::new(),
                expected,
            }),
            None => inner,
        }
    }
}

#[async_trait]
impl Writer for Checked {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.digest.update(&bytes);
        self.inner.write(bytes).await
    }

    fn retarget(&mut self, key: Key) -> Result<(), Error> {
        self.key = key.clone();
        self.inner.retarget(key)
    }

    async fn commit(self: Box<Self>) -> Result<Written, Error> {
        if self.digest.finalize().as_slice() != self.expected {
            self.inner.abort().await?;
            return Err(Error::Checksum { key: self.key });
        }
        self.inner.commit().await
    }

    async fn abort(self: Box<Self>) -> Result<(), Error> {
        self.inner.abort().await
    }
}
