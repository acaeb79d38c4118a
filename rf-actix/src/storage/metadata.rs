//! What is known of a file without reading it.

use super::key::{Key, Prefix};
use std::{collections::BTreeMap, fmt, time::SystemTime};

/// What is known of a file without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// The name of the file.
    pub key: Key,
    /// Its length, in bytes.
    pub size: u64,
    /// Its media type, as it was written or as the extension of the key tells.
    pub content_type: String,
    /// When it was last written.
    pub last_modified: SystemTime,
    /// Another one whenever the content is another.
    pub etag: ETag,
    /// What the writer noted beside it.
    pub user: BTreeMap<String, String>,
}

/// A strong entity tag (RFC 9110 §8.8.3): equal for equal bytes only.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ETag(String);

impl ETag {
    /// A tag from its opaque part, without quotes.
    ///
    /// Characters that may not stand in a tag are left out; backends make theirs of letters, digits and `-`.
    #[must_use]
    pub fn new(opaque: impl Into<String>) -> Self {
        let mut opaque = opaque.into();
        opaque.retain(|c| c.is_ascii_graphic() && c != '"');
        Self(opaque)
    }

    /// The opaque part, without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The tag as it stands in a header: in quotes.
impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// What a committed write leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// The file as it is now.
    pub metadata: Metadata,
    /// Whether there was none of that key before; `None` where nobody looked, see
    /// [`WriteOptions::ask_created`](super::WriteOptions::ask_created).
    pub created: Option<bool>,
}

/// One stretch of a listing, in key order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// The files, in the byte order of their keys.
    pub entries: Vec<Metadata>,
    /// The folders of a listing of one level, in order; always empty for one of all files.
    pub folders: Vec<Prefix>,
    /// Where to go on: the last key of this page, or the last folder with a slash at its end. `None` on the last page.
    pub next: Option<String>,
}

impl Metadata {
    /// For backends outside of this crate.
    #[must_use]
    pub fn new(
        key: Key,
        size: u64,
        content_type: String,
        last_modified: SystemTime,
        etag: ETag,
    ) -> Self {
        Self {
            key,
            size,
            content_type,
            last_modified,
            etag,
            user: BTreeMap::new(),
        }
    }

    /// With what the writer noted beside the file.
    #[must_use]
    pub fn with_user(mut self, user: BTreeMap<String, String>) -> Self {
        self.user = user;
        self
    }
}

impl Written {
    /// For backends outside of this crate.
    #[must_use]
    pub fn new(metadata: Metadata, created: impl Into<Option<bool>>) -> Self {
        Self {
            metadata,
            created: created.into(),
        }
    }
}

impl Page {
    /// For backends outside of this crate.
    #[must_use]
    pub fn new(entries: Vec<Metadata>, next: Option<String>) -> Self {
        Self {
            entries,
            folders: Vec::new(),
            next,
        }
    }

    /// With the folders of a listing of one level.
    #[must_use]
    pub fn with_folders(mut self, folders: Vec<Prefix>) -> Self {
        self.folders = folders;
        self
    }
}
