//! `Storage`: what a backend implements.

use super::{
    error::Error,
    key::{Key, Prefix},
    metadata::{Metadata, Page, Written},
    options::{Capabilities, Condition, Depth, SignedUrlOptions, Visibility, WriteOptions},
    stream::ByteStream,
};
use async_trait::async_trait;
use bytes::Bytes;
use std::{fmt, ops::Range, time::SystemTime};

/// The most keys one page of a listing holds.
pub const MAX_PAGE: usize = 1000;

/// A place that keeps files: what a backend or a decorator implements.
///
/// Few methods, every option explicit, and an option a backend cannot keep is
/// [`Error::Unsupported`], never ignored. None has a default, so that a decorator cannot forget one. Callers use
/// [`StorageExt`](super::StorageExt).
#[async_trait]
pub trait Storage: fmt::Debug + Send + Sync + 'static {
    /// What it keeps of the options it is given.
    fn capabilities(&self) -> Capabilities;

    /// Where the file of a key really lies: one text for one file, however it is reached, and another one for any other.
    /// `None` where that cannot be told. It is compared and never shown.
    fn place(&self, key: &Key) -> Option<String>;

    /// Opens a file for reading: its metadata, and its content as it is now. When the key is written meanwhile, the
    /// content stays what it was ([`Capabilities::pinned`]) or reading it fails; two versions are never mixed.
    ///
    /// `soon` tells what the caller is about to read, so that a backend may fetch it at once: `0..u64::MAX` is the whole
    /// file, `0..0` perhaps nothing. The source takes any range all the same.
    async fn open(&self, key: &Key, soon: Range<u64>) -> Result<Object, Error>;

    /// What is known of a file.
    async fn stat(&self, key: &Key) -> Result<Metadata, Error>;

    /// Begins to write a file, which nobody sees before [`Writer::commit`].
    async fn writer(&self, key: &Key, options: WriteOptions) -> Result<Box<dyn Writer>, Error>;

    /// Removes a file when the condition holds at that moment, else [`Error::PreconditionFailed`]. One that is not
    /// there is removed already, unless a version is asked for.
    async fn remove(&self, key: &Key, condition: &Condition) -> Result<(), Error>;

    /// Removes many files, in as few requests as can be. One result a key, in their order.
    async fn remove_many(&self, keys: &[Key]) -> Vec<Result<(), Error>>;

    /// The files beneath a prefix in the byte order of their keys, those after the key `cursor`, at most `limit` and
    /// never more than [`MAX_PAGE`]. At [`Depth::Level`] a folder counts as an entry, ordered by its name with a slash
    /// behind it. Any text is a cursor: what comes after it in byte order is listed, and the empty one is the beginning.
    async fn page(
        &self,
        prefix: &Prefix,
        depth: Depth,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, Error>;

    /// Copies a file, its type and notes with it, replacing the target. Onto itself: nothing happens.
    async fn duplicate(&self, from: &Key, to: &Key) -> Result<Metadata, Error>;

    /// Renames a file, replacing the target. Onto itself: nothing happens.
    async fn rename(&self, from: &Key, to: &Key) -> Result<Metadata, Error>;

    /// Who may read the file besides the application.
    async fn visibility(&self, key: &Key) -> Result<Visibility, Error>;

    /// Changes who may read the file.
    async fn set_visibility(&self, key: &Key, visibility: Visibility) -> Result<(), Error>;

    /// The lasting address of a public file. Whether there is one, and whether it is public, is not looked at.
    fn public_url(&self, key: &Key) -> Result<String, Error>;

    /// A link that works without credentials until it expires.
    async fn presign(&self, key: &Key, options: &SignedUrlOptions) -> Result<SignedUrl, Error>;

    /// Puts removals from a folder, and files that became visible there, on the medium, also where they are
    /// acknowledged before that. What is there of their content is up to the storage. Nothing to do where nothing is
    /// acknowledged before.
    async fn sync(&self, folder: &Prefix) -> Result<(), Error>;

    /// Whether files can be read and written now: the health check.
    async fn probe(&self) -> Result<(), Error>;
}

/// A file being written. Dropped without [`commit`](Self::commit), it leaves nothing behind.
#[async_trait]
pub trait Writer: fmt::Debug + Send {
    /// Takes the next bytes.
    async fn write(&mut self, bytes: Bytes) -> Result<(), Error>;

    /// Changes the key the bytes will be published under; for names known only at the end. Begin such a file under
    /// [`Key::provisional`]: a backend may refuse with [`Error::Unsupported`] to take a large one elsewhere than it began.
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

/// A link that works without credentials, what to send with it, and until when.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedUrl {
    /// The link: absolute when the base URL is configured, else a path on the same host.
    pub url: String,
    /// `GET` for a download (`HEAD` does as well), `PUT` for an upload, `POST` for a form.
    pub method: &'static str,
    /// Headers that must be sent as they stand, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Fields that a form must hold, before its field `file`.
    pub fields: Vec<(String, String)>,
    /// The first moment it is refused.
    pub expires_at: SystemTime,
}

impl SignedUrl {
    /// A link for `GET` without further ado; for backends outside of this crate.
    #[must_use]
    pub fn new(url: String, expires_at: SystemTime) -> Self {
        Self {
            url,
            method: "GET",
            headers: Vec::new(),
            fields: Vec::new(),
            expires_at,
        }
    }

    /// The same for another method.
    #[must_use]
    pub fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    /// With a header that must be sent.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With a field that the form must hold.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }
}

/// The link is a secret: who has it has the file.
impl fmt::Debug for SignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.url.split('?').next().unwrap_or_default();
        f.debug_struct("SignedUrl")
            .field("method", &self.method)
            .field("url", &format_args!("{path}?…"))
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
