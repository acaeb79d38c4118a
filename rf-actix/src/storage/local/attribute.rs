//! Type, notes and generation of a file, kept in an extended attribute of the file itself.
//!
//! A sidecar file would need a second rename, and a crash between the two would show new content under old
//! metadata. An attribute is set on the staged file before the one rename. ext4, xfs, btrfs, overlayfs, and tmpfs
//! since Linux 6.6 have them. Where they are missing, the type is what the extension of the key tells, and a
//! write that asks for another type or for notes is refused as unsupported.

use crate::storage::{
    detect,
    error::Error,
    key::Key,
    metadata::{ETag, Metadata},
};
use rustix::{
    fd::AsFd,
    fs::{self, Stat, XattrFlags},
    io::Errno,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

const NAME: &str = "user.rf-actix";
const MAX_NOTES: usize = 2048;
/// As they are written: ext4 keeps all attributes of a file in one block of 4 KiB, with a few bytes round each.
const MAX_TEXT: usize = 3840;
/// What the kernel gives an attribute at most; longer ones than ours were written once, or by others.
const LARGEST: usize = 64 * 1024;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Attribute {
    /// Random, new at every write: tells two files of one size written in one tick of the clock apart.
    #[serde(rename = "g", default)]
    generation: String,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    #[serde(rename = "n", default, skip_serializing_if = "BTreeMap::is_empty")]
    user: BTreeMap<String, String>,
}

impl Attribute {
    /// # Errors
    /// [`Error::TooLarge`] for more notes than an attribute holds.
    pub(super) fn new(
        content_type: Option<String>,
        user: BTreeMap<String, String>,
    ) -> Result<Self, Error> {
        let notes: usize = user
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if notes > MAX_NOTES {
            return Err(Error::TooLarge {
                what: "the notes beside the file",
                limit: MAX_NOTES as u64,
            });
        }
        Ok(Self {
            generation: String::new(),
            content_type,
            user,
        })
    }

    /// Reads what stands beside a file; nothing for files that were not written by us.
    ///
    /// # Errors
    /// What stands there and cannot be read is not nothing: type and notes were acknowledged.
    pub(super) fn read(file: impl AsFd, key: &Key) -> Result<Self, Error> {
        let mut usual = [0; MAX_TEXT];
        let mut large = Vec::new();
        let text = match fs::fgetxattr(&file, NAME, &mut usual[..]) {
            Ok(length) => &usual[..length],
            Err(Errno::NODATA | Errno::NOTSUP | Errno::NOSYS) => return Ok(Self::default()),
            Err(Errno::RANGE) => {
                large.resize(LARGEST, 0);
                let length = fs::fgetxattr(&file, NAME, &mut large[..])
                    .map_err(|errno| unread(key, errno.into()))?;
                &large[..length]
            }
            Err(errno) => return Err(unread(key, errno.into())),
        };
        serde_json::from_slice(text).map_err(|error| unread(key, error.into()))
    }

    /// Notes it beside a staged file, as a new generation.
    pub(super) fn write(&mut self, file: impl AsFd, key: &Key) -> Result<(), Error> {
        self.generation = format!("{:016x}", random());
        self.content_type
            .get_or_insert_with(|| detect::by_name(key.name()).to_owned());
        let text = serde_json::to_vec(self).expect("strings and maps of strings are JSON");
        if text.len() > MAX_TEXT {
            return Err(Error::TooLarge {
                what: "what is to be noted beside the file, type and notes as JSON,",
                limit: MAX_TEXT as u64,
            });
        }
        match fs::fsetxattr(file, NAME, &text, XattrFlags::empty()) {
            Ok(()) => Ok(()),
            Err(Errno::NOTSUP) => {
                self.generation.clear();
                let told = self.content_type.take();
                if !self.user.is_empty()
                    || told.is_some_and(|told| told != detect::by_name(key.name()))
                {
                    let op = "keeping types and notes on a file system without extended attributes";
                    return Err(Error::Unsupported { op });
                }
                Ok(())
            }
            Err(Errno::NOSPC | Errno::DQUOT) => Err(Error::NoSpace),
            Err(errno) => Err(Error::Io {
                op: "noting the type of a file",
                source: errno.into(),
            }),
        }
    }

    /// For a copy under another name: the type is kept, not guessed anew.
    pub(super) fn keeping_type_of(mut self, key: &Key) -> Self {
        self.content_type
            .get_or_insert_with(|| detect::by_name(key.name()).to_owned());
        self
    }

    pub(super) fn into_metadata(self, key: Key, stat: &Stat) -> Metadata {
        // Modification time and size are part of the tag as well: the file may be edited in place by others.
        let etag = format!(
            "{}-{:x}-{:x}-{:x}",
            if self.generation.is_empty() {
                format!("{:x}", stat.st_ino)
            } else {
                self.generation
            },
            stat.st_mtime,
            stat.st_mtime_nsec,
            stat.st_size
        );
        let content_type = self
            .content_type
            .unwrap_or_else(|| detect::by_name(key.name()).to_owned());
        let modified = modified(stat);
        Metadata::new(key, size(stat), content_type, modified, ETag::new(etag)).with_user(self.user)
    }
}

fn unread(key: &Key, source: std::io::Error) -> Error {
    log::error!(target: "rf::storage", "cannot read the type and the notes of {key}: {source}");
    Error::Io {
        op: "reading the type and notes of a file",
        source,
    }
}

pub(super) fn size(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}

/// Clamped to the years an HTTP date can say: a file may carry any time.
fn modified(stat: &Stat) -> SystemTime {
    const YEAR_9999: u64 = 253_370_764_800;
    let seconds = u64::try_from(stat.st_mtime).unwrap_or(0).min(YEAR_9999);
    let nanoseconds = u32::try_from(stat.st_mtime_nsec).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds)
}

/// 64 bits that do not repeat.
pub(super) fn random() -> u64 {
    getrandom::u64().expect("the system has random numbers")
}
