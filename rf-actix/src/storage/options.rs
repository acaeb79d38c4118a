//! The options of disk operations, each explicit.

use super::{detect, error::Error, key::Prefix, metadata::ETag};
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
    pub(super) sha256: Option<[u8; 32]>,
    pub(super) ask_created: bool,
}

/// How deep a listing goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Depth {
    /// All files beneath the prefix.
    #[default]
    All,
    /// The files right beneath the prefix, and the folders there.
    Level,
}

/// What a storage can keep of the options it is given. What it cannot is refused with
/// [`Error::Unsupported`](super::Error::Unsupported).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Conditions of writes and removals hold at the moment they happen.
    pub conditions: bool,
    /// Files are private or public, each on its own.
    pub visibility: bool,
    /// Types and notes are kept beside files.
    pub notes: bool,
    /// Links are signed by the storage itself.
    pub links: bool,
    /// An opened file is read to its end as it was, whatever is written meanwhile. Elsewhere such a read may fail, but
    /// never mixes two versions.
    pub pinned: bool,
    /// A key may be a file and a folder of other files at once.
    pub nested: bool,
}

impl Capabilities {
    /// All of them.
    pub const ALL: Self = Self {
        conditions: true,
        visibility: true,
        notes: true,
        links: true,
        pinned: true,
        nested: true,
    };

    /// What two storages have in common.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            conditions: self.conditions && other.conditions,
            visibility: self.visibility && other.visibility,
            notes: self.notes && other.notes,
            links: self.links && other.links,
            pinned: self.pinned && other.pinned,
            nested: self.nested && other.nested,
        }
    }
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

    /// A note to keep with the file; all names and values together are at most 2 KiB. A local disk writes them down as
    /// JSON and takes 3,840 bytes of it, which many quotes or very many notes may come to earlier.
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

    /// The SHA-256 the content must have, else it is [`Error::Checksum`](super::Error::Checksum) and nothing is
    /// published.
    #[must_use]
    pub fn sha256(mut self, digest: [u8; 32]) -> Self {
        self.sha256 = Some(digest);
        self
    }

    /// Whether [`Written::created`](super::Written::created) must be told. Local disks and memory always tell; on S3 it
    /// takes one more request.
    #[must_use]
    pub fn ask_created(mut self, yes: bool) -> Self {
        self.ask_created = yes;
        self
    }

    /// What [`sha256`](Self::sha256) set.
    #[must_use]
    pub fn get_sha256(&self) -> Option<&[u8; 32]> {
        self.sha256.as_ref()
    }

    /// What [`ask_created`](Self::ask_created) set.
    #[must_use]
    pub fn asks_created(&self) -> bool {
        self.ask_created
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
    Upload(Upload),
    /// An upload by a form that a browser sends.
    Form(Upload),
}

/// What an uploaded file must be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Upload {
    pub(super) max_size: Option<u64>,
    pub(super) content_type: Option<String>,
    pub(super) content_length: Option<u64>,
    pub(super) sha256: Option<[u8; 32]>,
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
            grant: Grant::Upload(Upload::default()),
            hidden: Prefix::default(),
        }
    }

    /// A link that takes the file from a form of a browser (`POST`, `multipart/form-data`, the field `file` last) for
    /// so long: 1 second to 7 days.
    #[must_use]
    pub fn form(expires: Duration) -> Self {
        Self {
            expires,
            grant: Grant::Form(Upload::default()),
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
    ///
    /// A `PUT` that S3 signs cannot be held to a largest size, so with a limit, from here or from the disk, it takes a
    /// [`form`](Self::form) or an exact [`content_length`](Self::content_length).
    #[must_use]
    pub fn max_size(mut self, bytes: u64) -> Self {
        self.upload_mut(|upload| upload.max_size = Some(bytes));
        self
    }

    /// Exactly so many bytes must be uploaded. Says nothing of a download.
    #[must_use]
    pub fn content_length(mut self, bytes: u64) -> Self {
        self.upload_mut(|upload| upload.content_length = Some(bytes));
        self
    }

    /// The SHA-256 the uploaded bytes must have. Says nothing of a download.
    #[must_use]
    pub fn sha256(mut self, digest: [u8; 32]) -> Self {
        self.upload_mut(|upload| upload.sha256 = Some(digest));
        self
    }

    /// The type the uploaded bytes must be of, for example `image/png` or `image/*`; what a typed disk accepts counts as
    /// well. Says nothing of a download.
    #[must_use]
    pub fn content_type(mut self, pattern: impl Into<String>) -> Self {
        let pattern = pattern.into();
        self.upload_mut(|upload| upload.content_type = Some(pattern));
        self
    }

    /// The same under the rules of a disk: an upload is held to them as well.
    ///
    /// # Errors
    /// [`Error::TooLarge`] and [`Error::MediaType`] for what the disk would never take.
    pub(super) fn under(&self, max_size: Option<u64>, accepted: &[String]) -> Result<Self, Error> {
        let mut options = self.clone();
        let (Grant::Upload(upload) | Grant::Form(upload)) = &mut options.grant else {
            return Ok(options);
        };
        match (max_size, upload.content_length) {
            (Some(limit), Some(exact)) if exact > limit => {
                return Err(Error::TooLarge {
                    what: "the file",
                    limit,
                });
            }
            (Some(limit), None) => {
                upload.max_size = Some(upload.max_size.map_or(limit, |asked| asked.min(limit)));
            }
            // An exact length says it all.
            (Some(_), Some(_)) | (None, _) => {}
        }
        if !accepted.is_empty() {
            upload.content_type = Some(match &upload.content_type {
                Some(asked) => detect::narrowed(asked, accepted)?,
                None => accepted.join(","),
            });
        }
        Ok(options)
    }

    fn upload_mut(&mut self, change: impl FnOnce(&mut Upload)) {
        if let Grant::Upload(upload) | Grant::Form(upload) = &mut self.grant {
            change(upload);
        }
    }

    /// The same beneath a prefix, which need not show either.
    pub(super) fn beneath(&self, prefix: &Prefix) -> Result<Self, Error> {
        Ok(Self {
            hidden: prefix.nest(&self.hidden)?,
            ..self.clone()
        })
    }
}
