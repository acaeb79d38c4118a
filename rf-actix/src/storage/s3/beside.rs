//! What is kept beside the bytes of a file.

use super::{acl, notes};
use crate::storage::{
    detect,
    error::Error,
    key::Key,
    metadata::{ETag, Metadata},
    options::{Condition, Visibility, WriteOptions},
};
use std::{
    collections::{BTreeMap, HashMap},
    time::SystemTime,
};

/// Type, notes and visibility of a file that is written.
///
/// A write under a condition is marked as well: when its answer is lost, the attempt that follows is refused because of
/// the first one, and the mark tells that from somebody else's file. A tag would not: equal bytes have equal tags.
#[derive(Debug, Clone)]
pub(super) struct Beside {
    content_type: Option<String>,
    notes: BTreeMap<String, String>,
    encoded: Option<HashMap<String, String>>,
    visibility: Option<Visibility>,
    mark: Option<String>,
}

impl Beside {
    /// # Errors
    /// [`Error::Unsupported`] and [`Error::TooLarge`] for what headers cannot carry.
    pub(super) fn new(options: &WriteOptions, usual: Option<Visibility>) -> Result<Self, Error> {
        if options.visibility.is_some() {
            acl::check(usual)?;
        }
        let told = options.content_type.as_ref();
        if told.is_some_and(|told| !told.bytes().all(|byte| matches!(byte, b' '..=b'~'))) {
            return Err(Error::Unsupported {
                op: "a media type that is not plain ASCII",
            });
        }
        let encoded = notes::encode(&options.user)?;
        let mark = uuid::Uuid::now_v7().to_string();
        let marked = options.condition != Condition::Always
            && notes::have_room_for(encoded.as_ref(), notes::MARK.len() + mark.len());
        Ok(Self {
            content_type: options.content_type.clone(),
            encoded,
            notes: options.user.clone(),
            visibility: options.visibility.or(usual),
            mark: marked.then_some(mark),
        })
    }

    /// # Errors
    /// As [`new`](Self::new): others may have kept more beside a file than we would.
    pub(super) fn of_copy(
        metadata: &Metadata,
        visibility: Option<Visibility>,
    ) -> Result<Self, Error> {
        Ok(Self {
            content_type: Some(metadata.content_type.clone()),
            encoded: notes::encode(&metadata.user)?,
            notes: metadata.user.clone(),
            visibility,
            mark: None,
        })
    }

    pub(super) fn content_type(&self, key: &Key) -> String {
        self.content_type
            .clone()
            .unwrap_or_else(|| detect::by_name(key.name()).to_owned())
    }

    pub(super) fn notes(&self) -> Option<HashMap<String, String>> {
        let Some(mark) = &self.mark else {
            return self.encoded.clone();
        };
        let mut notes = self.encoded.clone().unwrap_or_default();
        notes.insert(notes::MARK.to_owned(), mark.clone());
        Some(notes)
    }

    /// What tells this write from all others, if it is marked.
    pub(super) fn mark(&self) -> Option<&str> {
        self.mark.as_deref()
    }

    /// Nothing unless somebody asked for it: most buckets refuse to be told.
    pub(super) fn acl(&self) -> Option<String> {
        self.visibility.map(|who| acl::canned(who).to_owned())
    }

    /// The file as it is after a write.
    pub(super) fn into_metadata(
        self,
        key: Key,
        size: u64,
        etag: ETag,
        last_modified: SystemTime,
    ) -> Metadata {
        let content_type = self.content_type(&key);
        Metadata::new(key, size, content_type, last_modified, etag).with_user(self.notes)
    }
}
