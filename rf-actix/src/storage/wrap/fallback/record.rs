//! One operation as it stands on the secondary storage.
//!
//! A file of the journal is the content, then the record as JSON, then the length of the record: what to do and with
//! what is published by one rename and can never disagree. The record stands last, because size and digest are known
//! only then; it stands in the file and not beside it, so that the secondary need not keep notes, nor all of them.

use crate::storage::{
    key::Key,
    options::{Visibility, WriteOptions},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The length of the record in hexadecimal, and the name of the form.
pub(super) const FOOTER: usize = 16;
const FORM: &str = " rf-1\n\n\n";

/// What a key becomes on the primary: a file, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) key: Key,
    pub(super) file: Option<File>,
}

/// What is kept of a file besides its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// As it was asked for; left out, the primary tells by the key.
    pub(super) content_type: Option<String>,
    pub(super) user: BTreeMap<String, String>,
    pub(super) visibility: Option<Visibility>,
    pub(super) size: u64,
    pub(super) sha256: [u8; 32],
}

impl File {
    /// How it is written to the primary.
    pub(super) fn options(&self) -> WriteOptions {
        WriteOptions {
            content_type: self.content_type.clone(),
            user: self.user.clone(),
            visibility: self.visibility,
            sha256: Some(self.sha256),
            ..WriteOptions::new()
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Text {
    key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<FileText>,
}

#[derive(Serialize, Deserialize)]
struct FileText {
    size: u64,
    sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    notes: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public: Option<bool>,
}

impl Record {
    /// The end of the file in the journal: record and footer.
    pub(super) fn encode(&self) -> Vec<u8> {
        let text = Text {
            key: self.key.as_str().to_owned(),
            file: self.file.as_ref().map(|file| FileText {
                size: file.size,
                sha256: hex::encode(file.sha256),
                content_type: file.content_type.clone(),
                notes: file.user.clone(),
                public: file.visibility.map(|seen| seen == Visibility::Public),
            }),
        };
        let mut end = serde_json::to_vec(&text).expect("strings and numbers are JSON");
        let footer = format!("{:08x}{FORM}", end.len());
        end.extend_from_slice(footer.as_bytes());
        end
    }

    /// The length of record and footer, as the last bytes of a file tell; `None` for a file that is none of ours.
    pub(super) fn length(tail: &[u8]) -> Option<usize> {
        let footer = tail.get(tail.len().checked_sub(FOOTER)?..)?;
        let digits = std::str::from_utf8(footer).ok()?.strip_suffix(FORM)?;
        Some(usize::from_str_radix(digits, 16).ok()? + FOOTER)
    }

    /// Reads record and footer; the content before it must be as long as the record says.
    pub(super) fn decode(end: &[u8], content: u64) -> Option<Self> {
        let text: Text = serde_json::from_slice(end.get(..end.len().checked_sub(FOOTER)?)?).ok()?;
        let file = match text.file {
            Some(file) => {
                let mut sha256 = [0; 32];
                hex::decode_to_slice(&file.sha256, &mut sha256).ok()?;
                Some(File {
                    content_type: file.content_type,
                    user: file.notes,
                    visibility: file.public.map(|public| match public {
                        true => Visibility::Public,
                        false => Visibility::Private,
                    }),
                    size: file.size,
                    sha256,
                })
            }
            None => None,
        };
        let key = Key::parse(text.key).ok()?;
        let size = file.as_ref().map_or(0, |file| file.size);
        (size == content).then_some(Self { key, file })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_record_comes_back_as_it_was() {
        let file = File {
            content_type: Some("x/y".to_owned()),
            user: BTreeMap::from([("who".to_owned(), "mé\u{1}\"".repeat(400))]),
            visibility: Some(Visibility::Public),
            size: 7,
            sha256: [0xa5; 32],
        };
        let key = Key::parse("ünï/çödé \"1\"").unwrap();
        for (file, content) in [(Some(file), 7), (None, 0)] {
            let record = Record {
                key: key.clone(),
                file,
            };
            let end = record.encode();
            assert_eq!(Record::length(&end), Some(end.len()));
            assert_eq!(Record::length(&end[end.len() - FOOTER..]), Some(end.len()));
            assert_eq!(Record::decode(&end, content), Some(record));
            assert_eq!(Record::decode(&end, content + 1), None, "bytes are missing");
            assert_eq!(Record::decode(&end[1..], content), None);
        }
        assert_eq!(Record::length(b"short"), None);
        assert_eq!(Record::length(b"a file that somebody else left here"), None);
    }
}
