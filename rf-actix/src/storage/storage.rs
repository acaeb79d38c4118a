//! `Storage`, what a backend implements, and `StorageExt`, what callers use.

use super::{
    error::Error,
    key::{Key, Prefix},
    metadata::{Metadata, Page, Written},
    options::{Condition, SignedUrlOptions, WriteOptions},
    stream::ByteStream,
};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::TryStreamExt;
use std::{
    fmt,
    future::Future,
    ops::Range,
    time::{Duration, SystemTime},
};

/// The most keys one page of a listing holds.
pub const MAX_PAGE: usize = 1000;

/// A place that keeps files: what a backend or a decorator implements.
///
/// Few methods, every option explicit, and an option a backend cannot keep is
/// [`Error::Unsupported`], never ignored. None has a default, so that a decorator cannot forget one. Callers use
/// [`StorageExt`].
#[async_trait]
pub trait Storage: fmt::Debug + Send + Sync + 'static {
    /// Opens a file for reading: its metadata, and its content as it is now whatever happens to the key later.
    async fn open(&self, key: &Key) -> Result<Object, Error>;

    /// What is known of a file.
    async fn stat(&self, key: &Key) -> Result<Metadata, Error>;

    /// Begins to write a file, which nobody sees before [`Writer::commit`].
    async fn writer(&self, key: &Key, options: WriteOptions) -> Result<Box<dyn Writer>, Error>;

    /// Removes a file when the condition holds at that moment, else [`Error::PreconditionFailed`]. One that is not
    /// there is removed already, unless a version is asked for.
    async fn remove(&self, key: &Key, condition: &Condition) -> Result<(), Error>;

    /// The files beneath a prefix in the byte order of their keys, those after the key `cursor`, at most `limit` and never more than [`MAX_PAGE`].
    async fn page(
        &self,
        prefix: &Prefix,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, Error>;

    /// Copies a file, its type and notes with it, replacing the target. Onto itself: nothing happens.
    async fn duplicate(&self, from: &Key, to: &Key) -> Result<Metadata, Error>;

    /// Renames a file, replacing the target. Onto itself: nothing happens.
    async fn rename(&self, from: &Key, to: &Key) -> Result<Metadata, Error>;

    /// A link that works without credentials until it expires.
    async fn presign(&self, key: &Key, options: &SignedUrlOptions) -> Result<SignedUrl, Error>;

    /// Whether files can be read and written now: the health check.
    async fn probe(&self) -> Result<(), Error>;
}

/// A file being written. Dropped without [`commit`](Self::commit), it leaves nothing behind.
#[async_trait]
pub trait Writer: fmt::Debug + Send {
    /// Takes the next bytes.
    async fn write(&mut self, bytes: Bytes) -> Result<(), Error>;

    /// Changes the key the bytes will be published under; for names known only at the end.
    fn retarget(&mut self, key: Key) -> Result<(), Error>;

    /// Publishes all bytes under the key, at once.
    async fn commit(self: Box<Self>) -> Result<Written, Error>;

    /// Discards all bytes.
    async fn abort(self: Box<Self>) -> Result<(), Error>;
}

/// The content of an opened file.
pub trait Source: fmt::Debug + Send {
    /// The bytes of a range that lies within the file. The stream ends with an error when there are fewer.
    fn read(self: Box<Self>, range: Range<u64>) -> ByteStream;
}

/// An opened file.
#[derive(Debug)]
pub struct Object {
    /// What is known of it.
    pub metadata: Metadata,
    /// Its content.
    pub source: Box<dyn Source>,
}

impl Object {
    /// The whole content.
    #[must_use]
    pub fn into_stream(self) -> ByteStream {
        let size = self.metadata.size;
        self.source.read(0..size)
    }
}

/// A link that works without credentials, and until when.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedUrl {
    /// The link: absolute when the base URL is configured, else a path on the same host.
    pub url: String,
    /// The first moment it is refused.
    pub expires_at: SystemTime,
}

impl SignedUrl {
    /// For backends outside of this crate.
    #[must_use]
    pub fn new(url: String, expires_at: SystemTime) -> Self {
        Self { url, expires_at }
    }
}

/// The link is a secret: who has it has the file.
impl fmt::Debug for SignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.url.split('?').next().unwrap_or_default();
        f.debug_struct("SignedUrl")
            .field("url", &format_args!("{path}?…"))
            .field("expires_at", &self.expires_at)
            .finish()
    }
}

/// What callers use of any [`Storage`].
///
/// ```
/// use rf::storage::{MemoryStorage, StorageExt};
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), rf::storage::Error> {
/// let storage = MemoryStorage::new();
/// storage.put("uploads/document.txt", "hello").await?;
/// assert_eq!(storage.get("uploads/document.txt").await?, "hello");
/// assert_eq!(storage.get_range("uploads/document.txt", 1..3).await?, "el");
/// assert_eq!(storage.list("uploads/").await?.len(), 1);
/// storage.delete("uploads/document.txt").await?;
/// # Ok(())
/// # }
/// ```
///
/// Keys are whatever turns into a [`Key`]; what does not is [`Error::InvalidKey`]. Futures are `Send`, save those
/// that read a stream of the caller's.
pub trait StorageExt: Storage {
    /// Writes a whole file, replacing an older one.
    fn put<K: IntoKey>(
        &self,
        key: K,
        content: impl Into<Bytes>,
    ) -> impl Future<Output = Result<Written, Error>> + Send {
        self.put_with(key, content, WriteOptions::new())
    }

    /// Writes a whole file as the options say.
    fn put_with<K: IntoKey>(
        &self,
        key: K,
        content: impl Into<Bytes>,
        options: WriteOptions,
    ) -> impl Future<Output = Result<Written, Error>> + Send {
        let (key, content) = (key.into_key(), content.into());
        async move {
            let mut writer = self.writer(&key?, options).await?;
            writer.write(content).await?;
            writer.commit().await
        }
    }

    /// Writes a file from a stream, holding no more than a chunk of it in memory.
    fn put_stream<K: IntoKey, S, E>(
        &self,
        key: K,
        mut content: S,
        options: WriteOptions,
    ) -> impl Future<Output = Result<Written, Error>>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        Error: From<E>,
    {
        let key = key.into_key();
        async move {
            let mut writer = self.writer(&key?, options).await?;
            while let Some(bytes) = content.try_next().await? {
                writer.write(bytes).await?;
            }
            writer.commit().await
        }
    }

    /// Reads a whole file into memory; for large ones see [`read`](Self::read).
    fn get<K: IntoKey>(&self, key: K) -> impl Future<Output = Result<Bytes, Error>> + Send {
        let key = key.into_key();
        async move { collect(self.open(&key?).await?.into_stream()).await }
    }

    /// Reads a part of a file into memory; an end past the end of the file is the end of the file.
    ///
    /// A start past it is [`Error::RangeNotSatisfiable`].
    fn get_range<K: IntoKey>(
        &self,
        key: K,
        range: Range<u64>,
    ) -> impl Future<Output = Result<Bytes, Error>> + Send {
        let key = key.into_key();
        async move {
            let object = self.open(&key?).await?;
            let size = object.metadata.size;
            let end = range.end.min(size);
            if range.start > end {
                return Err(Error::RangeNotSatisfiable { size });
            }
            collect(object.source.read(range.start..end)).await
        }
    }

    /// Opens a file for streaming.
    fn read<K: IntoKey>(&self, key: K) -> impl Future<Output = Result<Object, Error>> + Send {
        let key = key.into_key();
        async move { self.open(&key?).await }
    }

    /// Reads a text file; bytes that are not UTF-8 are an error.
    fn read_string<K: IntoKey>(
        &self,
        key: K,
    ) -> impl Future<Output = Result<String, Error>> + Send {
        let content = self.get(key);
        async move {
            String::from_utf8(content.await?.into()).map_err(|_| Error::MediaType {
                found: "not UTF-8".to_owned(),
                accepted: "text".to_owned(),
            })
        }
    }

    /// What is known of a file.
    fn metadata<K: IntoKey>(&self, key: K) -> impl Future<Output = Result<Metadata, Error>> + Send {
        let key = key.into_key();
        async move { self.stat(&key?).await }
    }

    /// Whether there is a file of that key.
    fn exists<K: IntoKey>(&self, key: K) -> impl Future<Output = Result<bool, Error>> + Send {
        let key = key.into_key();
        async move {
            match self.stat(&key?).await {
                Ok(_) => Ok(true),
                Err(Error::NotFound { .. }) => Ok(false),
                Err(error) => Err(error),
            }
        }
    }

    /// Removes a file. One that is not there is removed already.
    fn delete<K: IntoKey>(&self, key: K) -> impl Future<Output = Result<(), Error>> + Send {
        let key = key.into_key();
        async move { self.remove(&key?, &Condition::Always).await }
    }

    /// All files beneath a prefix, in key order; `""` is the whole disk. For many see
    /// [`list_page`](Self::list_page).
    fn list(&self, prefix: &str) -> impl Future<Output = Result<Vec<Metadata>, Error>> + Send {
        let prefix = Prefix::parse(prefix);
        async move {
            let prefix = prefix?;
            let (mut all, mut cursor) = (Vec::new(), None);
            loop {
                let page = self.page(&prefix, cursor.as_deref(), MAX_PAGE).await?;
                all.extend(page.entries);
                match page.next {
                    Some(next) => cursor = Some(next),
                    None => return Ok(all),
                }
            }
        }
    }

    /// A page of the files beneath a prefix, in key order; `cursor` is [`Page::next`] of the page before.
    fn list_page(
        &self,
        prefix: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Page, Error>> + Send {
        let prefix = Prefix::parse(prefix);
        let cursor = cursor.map(str::to_owned);
        async move { self.page(&prefix?, cursor.as_deref(), limit).await }
    }

    /// Copies a file on the same storage, replacing the target.
    fn copy<K: IntoKey, L: IntoKey>(
        &self,
        from: K,
        to: L,
    ) -> impl Future<Output = Result<Metadata, Error>> + Send {
        let (from, to) = (from.into_key(), to.into_key());
        async move { self.duplicate(&from?, &to?).await }
    }

    /// Renames a file on the same storage, replacing the target.
    fn move_to<K: IntoKey, L: IntoKey>(
        &self,
        from: K,
        to: L,
    ) -> impl Future<Output = Result<Metadata, Error>> + Send {
        let (from, to) = (from.into_key(), to.into_key());
        async move { self.rename(&from?, &to?).await }
    }

    /// A link to download the file without credentials, for 1 second to 7 days.
    fn signed_url<K: IntoKey>(
        &self,
        key: K,
        expires: Duration,
    ) -> impl Future<Output = Result<SignedUrl, Error>> + Send {
        self.signed_url_with(key, SignedUrlOptions::download(expires))
    }

    /// A link as the options say.
    fn signed_url_with<K: IntoKey>(
        &self,
        key: K,
        options: SignedUrlOptions,
    ) -> impl Future<Output = Result<SignedUrl, Error>> + Send {
        let key = key.into_key();
        async move { self.presign(&key?, &options).await }
    }

    /// Whether files can be read and written now.
    fn check(&self) -> impl Future<Output = Result<(), Error>> + Send {
        self.probe()
    }
}

impl<S: Storage + ?Sized> StorageExt for S {}

/// What can stand where a key is asked for: a [`Key`], or text that is parsed into one.
pub trait IntoKey {
    /// The key.
    ///
    /// # Errors
    /// [`Error::InvalidKey`].
    fn into_key(self) -> Result<Key, Error>;
}

impl<T: TryInto<Key, Error: Into<Error>>> IntoKey for T {
    fn into_key(self) -> Result<Key, Error> {
        self.try_into().map_err(Into::into)
    }
}

async fn collect(stream: ByteStream) -> Result<Bytes, Error> {
    match stream.try_into_bytes() {
        Ok(bytes) => Ok(bytes),
        Err(mut stream) => {
            let mut all = BytesMut::new();
            while let Some(bytes) = stream.try_next().await? {
                all.extend_from_slice(&bytes);
            }
            Ok(all.freeze())
        }
    }
}
