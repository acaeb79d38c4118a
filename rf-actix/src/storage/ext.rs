//! `StorageExt`: what callers use of any storage.

use super::{
    error::Error,
    key::{Key, Prefix},
    metadata::{ETag, Metadata, Page, Written},
    options::{Condition, Depth, SignedUrlOptions, Visibility, WriteOptions},
    storage::{MAX_PAGE, Object, SignedUrl, Storage},
    stream::ByteStream,
};
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{
    future::Future,
    ops::Range,
    path::Path,
    time::{Duration, SystemTime},
};

mod carry;

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
        async move { collect(self.open(&key?, ALL).await?.into_stream()).await }
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
            let object = self.open(&key?, range.clone()).await?;
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
        async move { self.open(&key?, ALL).await }
    }

    /// Reads a text file; bytes that are not UTF-8 are an error.
    fn read_string<K: IntoKey>(
        &self,
        key: K,
    ) -> impl Future<Output = Result<String, Error>> + Send {
        let content = self.get(key);
        async move {
            String::from_utf8(content.await?.into())
                .map_err(|_| Error::media_type("not UTF-8", "text"))
        }
    }

    /// Reads a JSON file.
    ///
    /// # Errors
    /// [`Error::MediaType`] for what is not JSON or not of this shape.
    fn read_json<T: DeserializeOwned, K: IntoKey>(
        &self,
        key: K,
    ) -> impl Future<Output = Result<T, Error>> + Send {
        let content = self.get(key);
        async move {
            serde_json::from_slice(&content.await?).map_err(|error| {
                let found = format!("not the JSON that is expected ({error})");
                Error::media_type(found, "application/json")
            })
        }
    }

    /// Writes a value as a JSON file, replacing an older one.
    fn put_json<T: Serialize + ?Sized, K: IntoKey>(
        &self,
        key: K,
        value: &T,
    ) -> impl Future<Output = Result<Written, Error>> + Send {
        let (key, content) = (key.into_key(), serde_json::to_vec(value));
        async move {
            let content = content.map_err(|error| Error::Io {
                op: "writing a value as JSON",
                source: error.into(),
            })?;
            let options = WriteOptions::new().content_type("application/json");
            self.put_with(key?, content, options).await
        }
    }

    /// Writes a file of the host, replacing an older one of the key.
    fn put_file<K: IntoKey>(
        &self,
        key: K,
        path: impl AsRef<Path>,
    ) -> impl Future<Output = Result<Written, Error>> + Send {
        let (key, path) = (key.into_key(), path.as_ref().to_owned());
        async move { carry::file(self, &key?, path).await }
    }

    /// Creates a file; [`Error::AlreadyExists`] when there is one. Of several callers exactly one creates it.
    fn create<K: IntoKey>(
        &self,
        key: K,
        content: impl Into<Bytes>,
    ) -> impl Future<Output = Result<Written, Error>> + Send {
        self.put_with(
            key,
            content,
            WriteOptions::new().condition(Condition::IfAbsent),
        )
    }

    /// Replaces the version of a file that the caller knows; [`Error::PreconditionFailed`] for any other.
    fn replace<K: IntoKey>(
        &self,
        key: K,
        content: impl Into<Bytes>,
        known: &ETag,
    ) -> impl Future<Output = Result<Written, Error>> + Send {
        let condition = Condition::IfMatch(known.clone());
        self.put_with(key, content, WriteOptions::new().condition(condition))
    }

    /// Adds bytes at the end of a file, or makes one of them. The file is not read into memory; its type, its notes
    /// and who may read it stay. What others write meanwhile is not lost where the storage knows conditions.
    fn append<K: IntoKey>(
        &self,
        key: K,
        content: impl Into<Bytes>,
    ) -> impl Future<Output = Result<Written, Error>> + Send {
        let (key, content) = (key.into_key(), content.into());
        async move { carry::joined(self, &key?, Bytes::new(), content).await }
    }

    /// Adds bytes at the front of a file, or makes one of them; otherwise as [`append`](Self::append).
    fn prepend<K: IntoKey>(
        &self,
        key: K,
        content: impl Into<Bytes>,
    ) -> impl Future<Output = Result<Written, Error>> + Send {
        let (key, content) = (key.into_key(), content.into());
        async move { carry::joined(self, &key?, content, Bytes::new()).await }
    }

    /// What is known of a file.
    fn metadata<K: IntoKey>(&self, key: K) -> impl Future<Output = Result<Metadata, Error>> + Send {
        let key = key.into_key();
        async move { self.stat(&key?).await }
    }

    /// The length of a file, in bytes.
    fn size<K: IntoKey>(&self, key: K) -> impl Future<Output = Result<u64, Error>> + Send {
        let known = self.metadata(key);
        async move { Ok(known.await?.size) }
    }

    /// When a file was last written.
    fn last_modified<K: IntoKey>(
        &self,
        key: K,
    ) -> impl Future<Output = Result<SystemTime, Error>> + Send {
        let known = self.metadata(key);
        async move { Ok(known.await?.last_modified) }
    }

    /// The SHA-256 of the content, in hexadecimal. The whole file is read, a chunk at a time: an entity tag is no
    /// checksum.
    fn checksum<K: IntoKey>(&self, key: K) -> impl Future<Output = Result<String, Error>> + Send {
        let key = key.into_key();
        async move {
            let mut content = self.open(&key?, ALL).await?.into_stream();
            let mut digest = Sha256::new();
            while let Some(bytes) = content.try_next().await? {
                digest.update(&bytes);
            }
            Ok(hex::encode(digest.finalize()))
        }
    }

    /// Who may read a file besides the application.
    fn get_visibility<K: IntoKey>(
        &self,
        key: K,
    ) -> impl Future<Output = Result<Visibility, Error>> + Send {
        let key = key.into_key();
        async move { self.visibility(&key?).await }
    }

    /// Changes who may read a file.
    fn change_visibility<K: IntoKey>(
        &self,
        key: K,
        visibility: Visibility,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        let key = key.into_key();
        async move { self.set_visibility(&key?, visibility).await }
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

    /// Removes many files, in as few requests as can be; tells those that could not be removed, and why.
    fn delete_many<K: IntoKey>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> impl Future<Output = Result<Vec<(Key, Error)>, Error>> + Send {
        let keys: Result<Vec<Key>, Error> = keys.into_iter().map(IntoKey::into_key).collect();
        async move {
            let keys = keys?;
            let removed = self.remove_many(&keys).await;
            let failed = keys.into_iter().zip(removed);
            Ok(failed
                .filter_map(|(key, removed)| Some((key, removed.err()?)))
                .collect())
        }
    }

    /// Removes all files beneath a prefix and tells how many there were; `""` empties the disk.
    ///
    /// # Errors
    /// The first one met. Files removed before stay removed.
    fn delete_prefix(&self, prefix: &str) -> impl Future<Output = Result<u64, Error>> + Send {
        let prefix = Prefix::parse(prefix);
        async move {
            let (prefix, mut removed) = (prefix?, 0);
            loop {
                let page = self.page(&prefix, Depth::All, None, MAX_PAGE).await?;
                let keys: Vec<Key> = page.entries.into_iter().map(|file| file.key).collect();
                for result in self.remove_many(&keys).await {
                    result?;
                    removed += 1;
                }
                if page.next.is_none() {
                    return Ok(removed);
                }
            }
        }
    }

    /// All files beneath a prefix, in key order; `""` is the whole disk. For many see
    /// [`list_page`](Self::list_page).
    fn list(&self, prefix: &str) -> impl Future<Output = Result<Vec<Metadata>, Error>> + Send {
        let prefix = Prefix::parse(prefix);
        async move {
            let prefix = prefix?;
            let (mut all, mut cursor) = (Vec::new(), None);
            loop {
                let page = self
                    .page(&prefix, Depth::All, cursor.as_deref(), MAX_PAGE)
                    .await?;
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
        async move {
            self.page(&prefix?, Depth::All, cursor.as_deref(), limit)
                .await
        }
    }

    /// The files and folders right beneath a prefix.
    fn list_level(&self, prefix: &str) -> impl Future<Output = Result<Page, Error>> + Send {
        let prefix = Prefix::parse(prefix);
        async move {
            let prefix = prefix?;
            let mut all = Page::default();
            loop {
                let cursor = all.next.take();
                let page = self.page(&prefix, Depth::Level, cursor.as_deref(), MAX_PAGE);
                let page = page.await?;
                all.entries.extend(page.entries);
                all.folders.extend(page.folders);
                all.next = page.next;
                if all.next.is_none() {
                    return Ok(all);
                }
            }
        }
    }

    /// All files beneath a prefix, in key order, a page in memory at a time.
    fn files(&self, prefix: &str) -> impl Stream<Item = Result<Metadata, Error>> + Send {
        let start = Prefix::parse(prefix).map(|prefix| (prefix, None));
        let pages = stream::try_unfold(Some(start), move |state| async move {
            let Some(state) = state else { return Ok(None) };
            let (prefix, cursor): (Prefix, Option<String>) = state?;
            let page = self
                .page(&prefix, Depth::All, cursor.as_deref(), MAX_PAGE)
                .await?;
            let rest = page.next.map(|next| Ok((prefix, Some(next))));
            let entries = stream::iter(page.entries.into_iter().map(Ok));
            Ok::<_, Error>(Some((entries, rest)))
        });
        pages.try_flatten().boxed()
    }

    /// Copies a file to another storage, its type and notes with it, replacing the target. Who may read it there is what
    /// that storage says. Onto itself: nothing happens.
    fn copy_across<K: IntoKey, L: IntoKey>(
        &self,
        from: K,
        other: &(impl Storage + ?Sized),
        to: L,
    ) -> impl Future<Output = Result<Written, Error>> + Send {
        let (from, to) = (from.into_key(), to.into_key());
        async move { carry::across(self, &from?, other, &to?).await }
    }

    /// Moves a file to another storage: copied, and removed here when it is all there and here still the same. Onto
    /// itself: nothing happens.
    fn move_across<K: IntoKey, L: IntoKey>(
        &self,
        from: K,
        other: &(impl Storage + ?Sized),
        to: L,
    ) -> impl Future<Output = Result<Written, Error>> + Send {
        let (from, to) = (from.into_key(), to.into_key());
        async move { carry::moved(self, &from?, other, &to?).await }
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

    /// A link to upload the file without credentials, by `PUT`, for 1 second to 7 days. What
    /// [`SignedUrl::headers`] names must be sent.
    fn signed_upload_url<K: IntoKey>(
        &self,
        key: K,
        expires: Duration,
    ) -> impl Future<Output = Result<SignedUrl, Error>> + Send {
        self.signed_url_with(key, SignedUrlOptions::upload(expires))
    }

    /// The lasting address of a public file. Whether there is one, and whether it is public, is not looked at.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where files have none.
    fn url<K: IntoKey>(&self, key: K) -> Result<String, Error> {
        self.public_url(&key.into_key()?)
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

/// The whole file, for [`Storage::open`].
const ALL: Range<u64> = 0..u64::MAX;

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
