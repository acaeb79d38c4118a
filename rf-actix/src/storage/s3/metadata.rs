//! What headers and lists tell of a file.

use super::{error::Failure, notes};
use crate::storage::{
    detect,
    key::Key,
    metadata::{ETag, Metadata},
};
use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// What S3 says of files nobody gave a type.
const NO_TYPE: &str = "binary/octet-stream";

/// The headers every answer about a file has.
#[derive(Debug, Default)]
pub(super) struct Headers {
    pub(super) size: Option<u64>,
    pub(super) content_type: Option<String>,
    pub(super) last_modified: Option<String>,
    pub(super) etag: Option<String>,
    pub(super) notes: Option<HashMap<String, String>>,
}

impl Headers {
    /// # Errors
    /// [`Failure::unreadable`] without a length or a tag: then there is nothing to read by.
    pub(super) fn into_metadata(self, key: Key) -> Result<Metadata, Failure> {
        let (Some(size), Some(etag)) = (self.size, self.etag) else {
            return Err(Failure::unreadable());
        };
        let content_type = self
            .content_type
            .filter(|told| !told.is_empty() && told != NO_TYPE)
            .unwrap_or_else(|| detect::by_name(key.name()).to_owned());
        let last_modified = self.last_modified.as_deref().and_then(moment);
        let notes = notes::decode(self.notes);
        let last_modified = last_modified.unwrap_or(UNIX_EPOCH);
        Ok(Metadata::new(key, size, content_type, last_modified, tag(&etag)).with_user(notes))
    }
}

pub(super) fn tag(quoted: &str) -> ETag {
    ETag::new(quoted)
}

/// A moment in the form of a header (RFC 9110 §5.6.7) or of a list (RFC 3339), in whole seconds: a header has no
/// fractions, and both are to say the same.
pub(super) fn moment(text: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(text)
        .ok()
        .or_else(|| humantime::parse_rfc3339(text).ok())
        .map(whole_seconds)
}

/// The time of a write, as far as the answer to it says nothing: that is ours.
pub(super) fn now() -> SystemTime {
    whole_seconds(SystemTime::now())
}

fn whole_seconds(time: SystemTime) -> SystemTime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::{Headers, moment};
    use crate::storage::key::Key;

    #[test]
    fn a_header_and_a_list_tell_the_same_moment() {
        let header = moment("Wed, 12 Oct 2022 17:50:01 GMT");
        assert!(header.is_some());
        assert_eq!(header, moment("2022-10-12T17:50:01.123Z"));
        assert_eq!(moment("yesterday"), None);
    }

    #[test]
    fn a_file_without_a_type_has_that_of_its_name() {
        let headers = |told: Option<&str>| Headers {
            size: Some(1),
            etag: Some("\"a\"".to_owned()),
            content_type: told.map(str::to_owned),
            ..Headers::default()
        };
        let known = |told| {
            let key = Key::parse("a/b.png").expect("a key");
            let metadata = headers(told).into_metadata(key).expect("metadata");
            assert_eq!(metadata.etag.as_str(), "a");
            metadata.content_type
        };
        assert_eq!(known(None), "image/png");
        assert_eq!(known(Some("binary/octet-stream")), "image/png");
        assert_eq!(known(Some("x/y")), "x/y");
    }
}
