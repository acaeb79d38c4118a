//! Listing in key order, one folder open at a time.

use super::{
    publish::{failed, stat},
    root::{Root, kind_at},
};
use crate::storage::{
    error::Error,
    key::{Key, Prefix},
    metadata::Page,
    options::Depth,
    storage::MAX_PAGE,
};
use rustix::{
    fs::{Dir, FileType},
    io::Errno,
};
use std::collections::BinaryHeap;

/// So many entries of a folder are kept at once: what a page needs, and the one that tells that there are more. A folder
/// of a million is read for every page of it, and not remembered.
const KEPT: usize = MAX_PAGE + 1;

enum Entry {
    /// For a folder with a slash at the end, so that folders sort among files as their keys do.
    Path(String),
    /// What a folder holds after this path.
    Rest { folder: String, after: String },
}

/// Whether all keys of this path are up to the cursor, so that none of them is on this page.
fn is_before(path: &str, cursor: &str, depth: Depth) -> bool {
    let entered = path.ends_with('/') && cursor.starts_with(path);
    path <= cursor && !(depth == Depth::All && entered)
}

pub(super) fn page(
    root: &Root,
    prefix: &Prefix,
    depth: Depth,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Page, Error> {
    let mut waiting = read_folder(root, prefix.as_str(), depth, cursor, "")?;
    let mut page = Page::default();
    let mut last = None;
    while let Some(entry) = waiting.pop() {
        let path = match entry {
            Entry::Path(path) => path,
            Entry::Rest { folder, after } => {
                waiting.extend(read_folder(root, &folder, depth, cursor, &after)?);
                continue;
            }
        };
        let full = page.entries.len() + page.folders.len() == limit;
        if let Some(folder) = path.strip_suffix('/') {
            if depth == Depth::All {
                waiting.extend(read_folder(root, folder, depth, cursor, "")?);
            } else if holds_a_file(root, folder)? {
                if full {
                    page.next = last;
                    return Ok(page);
                }
                page.folders.push(Prefix::parse(folder)?);
                last = Some(path);
            }
            continue;
        }
        let Ok(key) = Key::parse(path) else {
            continue;
        };
        match stat(root, &key) {
            Ok(_) if full => {
                page.next = last;
                return Ok(page);
            }
            Ok(metadata) => {
                last = Some(metadata.key.as_str().to_owned());
                page.entries.push(metadata);
            }
            // Removed, or replaced by something that is no file, since the folder was read.
            Err(Error::NotFound { .. } | Error::PermissionDenied { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(page)
}

/// Whether there is a file anywhere beneath: a folder without any is none to those who think in keys.
fn holds_a_file(root: &Root, folder: &str) -> Result<bool, Error> {
    let beneath = page(root, &Prefix::parse(folder)?, Depth::All, None, 1)?;
    Ok(!beneath.entries.is_empty())
}

/// The files and folders of a folder that come after a path, last key first. Links, and names that are no keys, are left
/// out.
fn read_folder(
    root: &Root,
    folder: &str,
    depth: Depth,
    cursor: Option<&str>,
    after: &str,
) -> Result<Vec<Entry>, Error> {
    let listing = |errno: Errno| match Key::parse(folder) {
        Ok(key) => failed("listing a folder", &key, errno),
        Err(_) => Error::Io {
            op: "listing the disk",
            source: errno.into(),
        },
    };
    let descriptor = match root.folder(folder) {
        Ok(descriptor) => descriptor,
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(Vec::new()),
        Err(errno) => return Err(listing(errno)),
    };
    let (mut first, mut more) = (BinaryHeap::new(), false);
    for entry in Dir::read_from(&descriptor).map_err(listing)? {
        let entry = entry.map_err(listing)?;
        let Ok(name) = entry.file_name().to_str() else {
            continue;
        };
        // Also leaves out `.`, `..` and the staging folder.
        if Key::parse(name).is_err() {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Unknown => kind_at(&descriptor, name).unwrap_or(FileType::Unknown),
            kind => kind,
        };
        let slash = match kind {
            FileType::RegularFile => "",
            FileType::Directory => "/",
            _ => continue,
        };
        let path = if folder.is_empty() {
            format!("{name}{slash}")
        } else {
            format!("{folder}/{name}{slash}")
        };
        if path.as_str() <= after || cursor.is_some_and(|cursor| is_before(&path, cursor, depth)) {
            continue;
        }
        first.push(path);
        if first.len() > KEPT {
            first.pop();
            more = true;
        }
    }
    let mut entries = Vec::with_capacity(first.len() + 1);
    if let (true, Some(after)) = (more, first.peek()) {
        entries.push(Entry::Rest {
            folder: folder.to_owned(),
            after: after.clone(),
        });
    }
    let first = first.into_sorted_vec().into_iter();
    entries.extend(first.rev().map(Entry::Path));
    Ok(entries)
}
