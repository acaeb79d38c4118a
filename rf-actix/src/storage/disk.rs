//! `Disk`: a storage with a name, a limit and links.

use super::{
    error::Error,
    key::{Key, Prefix},
    metadata::{Metadata, Page, Written},
    options::{Capabilities, Condition, Depth, SignedUrlOptions, Visibility, WriteOptions},
    signed_url::Signer,
    storage::{Object, SignedUrl, Storage, Writer},
    wrap::Scoped,
};
use async_trait::async_trait;
use bytes::Bytes;
use std::{ops::Range, sync::Arc};

/// A storage with a name, a limit and links. Cloning is cheap; what can be done with it stands in
/// [`StorageExt`](super::StorageExt).
#[derive(Debug, Clone)]
pub struct Disk {
    name: Arc<str>,
    files: Scoped,
    max_size: Option<u64>,
    /// The types that links take; empty for all.
    accepted: Arc<[String]>,
    signer: Option<Arc<Signer>>,
    /// Where public files are found, without a slash at the end.
    url: Option<Arc<str>>,
}

impl Disk {
    pub(super) fn new(
        name: Arc<str>,
        storage: Arc<dyn Storage>,
        max_size: Option<u64>,
        signer: Option<Signer>,
        url: Option<String>,
    ) -> Self {
        Self {
            name,
            files: Scoped::over(storage, Prefix::default()),
            max_size,
            accepted: Arc::default(),
            signer: signer.map(Arc::new),
            url: url.map(|url| url.trim_end_matches('/').into()),
        }
    }

    /// A disk made on demand, beside those of the configuration: without a limit and without links of its own.
    ///
    /// ```
    /// use rf::storage::{Disk, MemoryStorage, StorageExt};
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), rf::storage::Error> {
    /// let export = Disk::on("export", MemoryStorage::new()).limited(1 << 20);
    /// export.put("report.csv", "a,b").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn on(name: impl Into<Arc<str>>, storage: impl Storage) -> Self {
        Self::new(name.into(), Arc::new(storage), None, None, None)
    }

    /// The name in the configuration.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The most bytes a file may have.
    #[must_use]
    pub fn max_size(&self) -> Option<u64> {
        self.max_size
    }

    /// The path its signed links start with.
    #[must_use]
    pub fn served_path(&self) -> Option<&str> {
        self.signer.as_ref().map(|signer| signer.serve.as_str())
    }

    /// The files beneath a prefix as a disk of their own; name, limit and links are kept.
    ///
    /// Its links show keys as they are known here: the prefix travels in them sealed.
    ///
    /// For a folder of each user see [`Prefix::for_name`].
    ///
    /// # Errors
    /// [`Error::InvalidKey`] for a prefix that is none.
    pub fn scoped<P>(&self, prefix: P) -> Result<Self, Error>
    where
        P: TryInto<Prefix>,
        Error: From<P::Error>,
    {
        let files = self.files.nest(&prefix.try_into()?)?;
        Ok(Self {
            files,
            ..self.clone()
        })
    }

    /// The same disk with a tighter limit.
    #[must_use]
    pub fn limited(mut self, max_size: u64) -> Self {
        self.max_size = Some(self.max_size.map_or(max_size, |limit| limit.min(max_size)));
        self
    }

    /// The same disk, whose upload links take these types only.
    pub(super) fn accepting(mut self, patterns: &[String]) -> Self {
        self.accepted = patterns.into();
        self
    }

    pub(super) fn signer(&self) -> Option<&Signer> {
        self.signer.as_deref()
    }
}

#[async_trait]
impl Storage for Disk {
    fn capabilities(&self) -> Capabilities {
        let files = self.files.capabilities();
        Capabilities {
            links: files.links || self.signer.is_some(),
            ..files
        }
    }

    fn place(&self, key: &Key) -> Option<String> {
        self.files.place(key)
    }

    async fn open(&self, key: &Key, soon: Range<u64>) -> Result<Object, Error> {
        self.files.open(key, soon).await
    }

    async fn stat(&self, key: &Key) -> Result<Metadata, Error> {
        self.files.stat(key).await
    }

    async fn writer(&self, key: &Key, options: WriteOptions) -> Result<Box<dyn Writer>, Error> {
        let inner = self.files.writer(key, options).await?;
        Ok(match self.max_size {
            Some(limit) => Box::new(LimitedWriter {
                inner,
                limit,
                rest: limit,
            }),
            None => inner,
        })
    }

    async fn remove(&self, key: &Key, condition: &Condition) -> Result<(), Error> {
        self.files.remove(key, condition).await
    }

    async fn remove_many(&self, keys: &[Key]) -> Vec<Result<(), Error>> {
        self.files.remove_many(keys).await
    }

    async fn page(
        &self,
        prefix: &Prefix,
        depth: Depth,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, Error> {
        self.files.page(prefix, depth, cursor, limit).await
    }

    async fn duplicate(&self, from: &Key, to: &Key) -> Result<Metadata, Error> {
        self.files.duplicate(from, to).await
    }

    async fn rename(&self, from: &Key, to: &Key) -> Result<Metadata, Error> {
        self.files.rename(from, to).await
    }

    async fn visibility(&self, key: &Key) -> Result<Visibility, Error> {
        self.files.visibility(key).await
    }

    async fn set_visibility(&self, key: &Key, visibility: Visibility) -> Result<(), Error> {
        self.files.set_visibility(key, visibility).await
    }

    fn public_url(&self, key: &Key) -> Result<String, Error> {
        match &self.url {
            Some(url) => Ok(format!(
                "{url}/{}",
                self.files.prefix().join(key)?.to_encoded()
            )),
            None => self.files.public_url(key),
        }
    }

    async fn presign(&self, key: &Key, options: &SignedUrlOptions) -> Result<SignedUrl, Error> {
        // Who follows the link meets the storage, or the disk as it is configured: what it is told here must hold there.
        let options = &options.under(self.max_size, &self.accepted)?;
        match &self.signer {
            Some(signer) => {
                let folder = self.files.prefix();
                match options.hidden.strip(key) {
                    Some(shown) => signer.sign(&folder.nest(&options.hidden)?, &shown, options),
                    None => signer.sign(folder, key, options),
                }
            }
            None => self.files.presign(key, options).await,
        }
    }

    async fn sync(&self, folder: &Prefix) -> Result<(), Error> {
        self.files.sync(folder).await
    }

    async fn probe(&self) -> Result<(), Error> {
        self.files.probe().await
    }
}

/// Refuses the byte after the last allowed one.
#[derive(Debug)]
struct LimitedWriter {
    inner: Box<dyn Writer>,
    limit: u64,
    rest: u64,
}

#[async_trait]
impl Writer for LimitedWriter {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        let Some(rest) = self.rest.checked_sub(bytes.len() as u64) else {
            return Err(Error::TooLarge {
                what: "the file",
                limit: self.limit,
            });
        };
        self.rest = rest;
        self.inner.write(bytes).await
    }

    fn retarget(&mut self, key: Key) -> Result<(), Error> {
        self.inner.retarget(key)
    }

    async fn commit(self: Box<Self>) -> Result<Written, Error> {
        self.inner.commit().await
    }

    async fn abort(self: Box<Self>) -> Result<(), Error> {
        self.inner.abort().await
    }
}
