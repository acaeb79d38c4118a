//! Listing, in the order of keys and `folder/`.

use super::{
    error::Failure,
    metadata::{moment, tag},
    transport::Transport,
};
use crate::storage::{
    detect,
    error::Error,
    key::{Key, Prefix},
    metadata::{Metadata, Page},
    options::Depth,
    storage::MAX_PAGE,
};
use percent_encoding::percent_decode_str;
use rusoto_s3::{ListObjectsV2Output, ListObjectsV2Request, Object, S3};
use std::time::UNIX_EPOCH;

/// Nothing in a folder comes after it.
const LAST: char = '\u{10ffff}';

/// A file, or a folder with a slash at its end.
#[derive(Debug, Clone, PartialEq)]
enum Found {
    File(Metadata),
    Folder(String),
}

impl Found {
    /// What it is sorted by, and where to go on after it.
    fn name(&self) -> &str {
        match self {
            Self::File(file) => file.key.as_str(),
            Self::Folder(name) => name,
        }
    }
}

pub(super) async fn page(
    transport: &Transport,
    prefix: &Prefix,
    depth: Depth,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Page, Error> {
    let limit = limit.clamp(1, MAX_PAGE);
    let mut request = ListObjectsV2Request {
        bucket: transport.resolved().bucket.clone(),
        prefix: Some(beneath(prefix)),
        delimiter: (depth == Depth::Level).then(|| "/".to_owned()),
        start_after: cursor
            .filter(|cursor| !cursor.is_empty())
            .map(|cursor| start_after(cursor, prefix, depth)),
        max_keys: i64::try_from(limit).ok(),
        // A key may hold what no XML can.
        encoding_type: Some("url".to_owned()),
        ..Default::default()
    };
    let mut found = Vec::new();
    loop {
        let answer = transport.client().list_objects_v2(request.clone()).await;
        let answer = answer.map_err(|error| Failure::from(error).about_bucket())?;
        let more = answer.is_truncated == Some(true);
        request
            .continuation_token
            .clone_from(&answer.next_continuation_token);
        // A service that does not know `start-after` begins at the beginning.
        let new = read(answer).into_iter();
        found.extend(new.filter(|item| cursor.is_none_or(|cursor| item.name() > cursor)));
        if found.len() >= limit || !more || request.continuation_token.is_none() {
            return Ok(cut(found, limit, more));
        }
    }
}

fn beneath(prefix: &Prefix) -> String {
    if prefix.is_empty() {
        return String::new();
    }
    format!("{prefix}/")
}

/// A folder that is on this level was told as a whole.
fn start_after(cursor: &str, prefix: &Prefix, depth: Depth) -> String {
    let mut start = cursor.to_owned();
    let is_beneath = cursor
        .strip_prefix(&beneath(prefix))
        .is_some_and(|rest| !rest.is_empty());
    if depth == Depth::Level && is_beneath && cursor.ends_with('/') {
        start.push(LAST);
    }
    start
}

/// In order, without what is no file of ours: keys that are none, such as the empty ones consoles make for folders.
fn read(answer: ListObjectsV2Output) -> Vec<Found> {
    let encoded = answer.encoding_type.as_deref() == Some("url");
    let plain = |text: String| decoded(text, encoded);
    let file = |object: Object| {
        let key = Key::parse(plain(object.key?)?).ok()?;
        let content_type = detect::by_name(key.name()).to_owned();
        let size = u64::try_from(object.size?).ok()?;
        let last_modified = object.last_modified.as_deref().and_then(moment);
        let last_modified = last_modified.unwrap_or(UNIX_EPOCH);
        let etag = tag(&object.e_tag?);
        Some(Found::File(Metadata::new(
            key,
            size,
            content_type,
            last_modified,
            etag,
        )))
    };
    let files = answer.contents.unwrap_or_default().into_iter();
    let folders = answer.common_prefixes.unwrap_or_default().into_iter();
    let mut found: Vec<_> = files
        .filter_map(file)
        .chain(folders.filter_map(|folder| {
            let name = plain(folder.prefix?)?;
            Prefix::parse(&name).ok()?;
            Some(Found::Folder(name))
        }))
        .collect();
    found.sort_by(|one, other| one.name().cmp(other.name()));
    found
}

/// A space may be sent as `+`, then a plus is `%2B`.
fn decoded(text: String, encoded: bool) -> Option<String> {
    if !encoded {
        return Some(text);
    }
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

fn cut(mut found: Vec<Found>, limit: usize, more: bool) -> Page {
    let more = more || found.len() > limit;
    found.truncate(limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|last| last.name().to_owned());
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for item in found {
        match item {
            Found::File(file) => files.push(file),
            Found::Folder(name) => {
                folders.push(Prefix::parse(&name).expect("it was read as one"));
            }
        }
    }
    Page::new(files, next).with_folders(folders)
}

#[cfg(test)]
mod tests {
    use super::{Found, cut, decoded, read, start_after};
    use crate::storage::{key::Prefix, options::Depth};
    use rusoto_s3::{CommonPrefix, ListObjectsV2Output, Object};

    fn answer(keys: &[&str], folders: &[&str]) -> ListObjectsV2Output {
        let object = |key: &&str| Object {
            key: Some((*key).to_owned()),
            size: Some(1),
            e_tag: Some("\"x\"".to_owned()),
            ..Object::default()
        };
        let folder = |name: &&str| CommonPrefix {
            prefix: Some((*name).to_owned()),
        };
        ListObjectsV2Output {
            contents: Some(keys.iter().map(object).collect()),
            common_prefixes: Some(folders.iter().map(folder).collect()),
            ..ListObjectsV2Output::default()
        }
    }

    fn names(found: &[Found]) -> Vec<&str> {
        found.iter().map(Found::name).collect()
    }

    #[test]
    fn files_and_folders_are_in_one_order_without_what_is_no_key() {
        let found = read(answer(
            &["a.txt", "a0", "dir/", "x//y", "../z"],
            &["a/", "a-b/", "//"],
        ));
        assert_eq!(names(&found), ["a-b/", "a.txt", "a/", "a0"]);
        let page = cut(found, 3, false);
        assert_eq!((page.entries.len(), page.folders.len()), (1, 2));
        assert_eq!(page.next.as_deref(), Some("a/"));
    }

    #[test]
    fn after_a_folder_comes_what_is_not_in_it() {
        let after = |cursor| start_after(cursor, &Prefix::default(), Depth::Level);
        assert_eq!(after("a"), "a");
        assert!(after("a/").as_str() > "a/\u{10fffe}zzz");
        assert!(after("a/").as_str() < "a0");
    }

    #[test]
    fn a_folder_hides_its_files_only_where_it_stands_for_them() {
        let level = Prefix::parse("a").expect("a prefix");
        assert_eq!(start_after("a/", &level, Depth::Level), "a/");
        assert_eq!(start_after("a/b/", &level, Depth::All), "a/b/");
    }

    #[test]
    fn an_encoded_key_is_decoded_once() {
        let plain = |text: &str| decoded(text.to_owned(), true);
        assert_eq!(plain("a+b%2Bc%2520").as_deref(), Some("a b+c%20"));
        assert_eq!(plain("%ff"), None);
        assert_eq!(
            decoded("a+b%20".to_owned(), false).as_deref(),
            Some("a+b%20")
        );
    }
}
