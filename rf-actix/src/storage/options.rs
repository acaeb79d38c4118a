//! The options of disk operations, each explicit.

use super::{error::Error, key::Prefix, metadata::ETag};
use serde::Deserialize;
use std::{collections::BTreeMap, time::Duration};

/// How a file is written. A backend that cannot keep one of these refuses with
/// [`Error::Unsupported`](super::Error::Unsupported).
#[derive(Debug, Clone, Default)]
pub struct WriteOptions {
    pub(super) content_type: Option<String>,
    pub(super) user: BTreeMap<String, String>,
    pub(super) condition: Condition,
    pub(super) visibility: Option<Visibility>,
}

/// What must hold for a write to be published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// Nothing: an older file is replaced.
    #[default]
    Always,
    /// There must be no file of that key; of several writers exactly one wins.
    IfAbsent,
    /// There must be this version of the file.
    IfMatch(ETag),
}

/// Who may read a file besides the application.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Nobody: mode 0600 on a local disk.
    #[default]
    Private,
    /// Everybody on the host: mode 0644 on a local disk.
    Public,
}

impl WriteOptions {
    /// A replacing write whose type the extension of the key tells.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The media type to keep with the file.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// A note to keep with the file; all names and values together are at most 2 KiB.
    #[must_use]
    pub fn note(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.user.insert(name.into(), value.into());
        self
    }

    /// What must hold for the write to be published.
    #[must_use]
    pub fn condition(mut self, condition: Condition) -> Self {
        self.condition = condition;
        self
    }

    /// Who may read the file; left out, what the disk says.
    #[must_use]
    pub fn visibility(mut self, visibility: Visibility) -> Self {
        self.visibility = Some(visibility);
        self
    }

    /// What [`content_type`](Self::content_type) set.
    #[must_use]
    pub fn get_content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// What [`note`](Self::note) set.
    #[must_use]
    pub fn get_notes(&self) -> &BTreeMap<String, String> {
        &self.user
    }

    /// What [`condition`](Self::condition) set.
    #[must_use]
    pub fn get_condition(&self) -> &Condition {
        &self.condition
    }

    /// What [`visibility`](Self::visibility) set.
    #[must_use]
    pub fn get_visibility(&self) -> Option<Visibility> {
        self.visibility
    }
}

/// What a signed link allows.
#[derive(Debug, Clone)]
pub struct SignedUrlOptions {
    pub(super) expires: Duration,
    pub(super) grant: Grant,
    /// The front of the key that the link need not show. The key is whole all the same, so that who signs links
    /// without minding this signs the right ones.
    pub(super) hidden: Prefix,
}

#[derive(Debug, Clone)]
pub(super) enum Grant {
    Download {
        attachment: bool,
    },
    Upload {
        max_size: Option<u64>,
        content_type: Option<String>,
    },
}

impl SignedUrlOptions {
    /// A link that reads the file (`GET` and `HEAD`) for so long: 1 second to 7 days.
    #[must_use]
    pub fn download(expires: Duration) -> Self {
        Self {
            expires,
            grant: Grant::Download { attachment: false },
            hidden: Prefix::default(),
        }
    }

    /// A link that writes the file (`PUT`) for so long: 1 second to 7 days.
    #[must_use]
    pub fn upload(expires: Duration) -> Self {
        Self {
            expires,
            grant: Grant::Upload {
                max_size: None,
                content_type: None,
            },
            hidden: Prefix::default(),
        }
    }

    /// Whether the browser saves a download instead of showing it. Says nothing of an upload.
    #[must_use]
    pub fn attachment(mut self, yes: bool) -> Self {
        if let Grant::Download { attachment } = &mut self.grant {
            *attachment = yes;
        }
        self
    }

    /// At most so many bytes may be uploaded; the limit of the disk counts as well. Says nothing of a download.
    #[must_use]
    pub fn max_size(mut self, bytes: u64) -> Self {
        if let Grant::Upload { max_size, .. } = &mut self.grant {
            *max_size = Some(bytes);
        }
        self
    }

    /// The type the uploaded bytes must be of, for example `image/png` or `image/*`. Says nothing of a download.
    #[must_use]
    pub fn content_type(mut self, pattern: impl Into<String>) -> Self {
        if let Grant::Upload { content_type, .. } = &mut self.grant {
            *content_type = Some(pattern.into());
        }
        self
    }

    /// The same beneath a prefix, which need not show either.
    pub(super) fn beneath(&self, prefix: &Prefix) -> Result<Self, Error> {
        Ok(Self {
            hidden: prefix.nest(&self.hidden)?,
            ..self.clone()
        })
    }
}
