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
};
use rustix::{
    fs::{Dir, FileType},
    io::Errno,
};

struct Entry {
    /// For a folder with a slash at the end, so that folders sort among files as their keys do.
    path: String,
}

impl Entry {
    fn folder(&self) -> Option<&str> {
        self.path.strip_suffix('/')
    }

    /// Whether all keys of this entry are up to the cursor, so that none of them is on this page.
    fn is_before(&self, cursor: &str, depth: Depth) -> bool {
        let entered = self.folder().is_some() && cursor.starts_with(&self.path);
        self.path.as_str() <= cursor && !(depth == Depth::All && entered)
    }
}

pub(super) fn page(
    root: &Root,
    prefix: &Prefix,
    depth: Depth,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Page, Error> {
    let mut waiting = read_folder(root, prefix.as_str(), depth, cursor)?;
    let mut page = Page::default();
    let mut last = None;
    while let Some(entry) = waiting.pop() {
        let full = page.entries.len() + page.folders.len() == limit;
        if let Some(folder) = entry.folder() {
            if depth == Depth::All {
                waiting.extend(read_folder(root, folder, depth, cursor)?);
            } else if holds_a_file(root, folder)? {
                if full {
                    page.next = last;
                    return Ok(page);
                }
                page.folders.push(Prefix::parse(folder)?);
                last = Some(entry.path);
            }
            continue;
        }
        let Ok(key) = Key::parse(entry.path) else {
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

/// The files and folders of a folder, last key first. Links, and names that are no keys, are left out.
fn read_folder(
    root: &Root,
    folder: &str,
    depth: Depth,
    cursor: Option<&str>,
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
    let mut entries = Vec::new();
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
        let entry = Entry { path };
        if !cursor.is_some_and(|cursor| entry.is_before(cursor, depth)) {
            entries.push(entry);
        }
    }
    entries.sort_unstable_by(|one, other| other.path.cmp(&one.path));
    Ok(entries)
}
