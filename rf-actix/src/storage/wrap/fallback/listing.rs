//! Listing: what waits, laid over the pages of the primary.

use super::{fallback::Fallback, journal::Waiting};
use crate::storage::{
    error::Error,
    key::{Key, Prefix},
    metadata::{Metadata, Page},
    options::Depth,
    storage::{MAX_PAGE, Storage},
};
use std::collections::BTreeMap;

enum Item {
    File(Metadata),
    Folder(Prefix),
}

/// What is known of a name without asking the primary.
enum Overlay {
    There(Item),
    /// The file is removed.
    Gone,
    /// Files beneath the folder are removed, which may have been its last ones.
    Thinned(Prefix),
}

pub(super) async fn page(
    storage: &Fallback,
    prefix: &Prefix,
    depth: Depth,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Page, Error> {
    let limit = limit.clamp(1, MAX_PAGE);
    // Before the primary is asked: what is replayed between the two is seen, rather twice than not at all.
    let waiting = storage.shared.journal.beneath(prefix).await?;
    let mut overlay = lay(prefix, depth, cursor, waiting)?;
    let mut found: BTreeMap<String, Item> = BTreeMap::new();
    let mut from = cursor.map(str::to_owned);
    loop {
        let primary = &storage.shared.primary;
        let page = primary.page(prefix, depth, from.as_deref(), limit).await?;
        let files = page
            .entries
            .into_iter()
            .map(|file| (file.key.as_str().to_owned(), Item::File(file)));
        let folders = page
            .folders
            .into_iter()
            .map(|folder| (format!("{folder}/"), Item::Folder(folder)));
        found.extend(files.chain(folders));
        // What lies past this page is laid over the next one.
        let beyond = match &page.next {
            Some(end) => {
                let mut beyond = overlay.split_off(end.as_str());
                if let Some(at_end) = beyond.remove(end.as_str()) {
                    overlay.insert(end.clone(), at_end);
                }
                beyond
            }
            None => BTreeMap::new(),
        };
        for (name, over) in std::mem::replace(&mut overlay, beyond) {
            match over {
                Overlay::There(item) => {
                    found.insert(name, item);
                }
                Overlay::Gone => {
                    found.remove(&name);
                }
                Overlay::Thinned(folder) => {
                    if found.contains_key(&name) && is_empty(storage, &folder).await? {
                        found.remove(&name);
                    }
                }
            }
        }
        // Past a full page there is something for sure when the primary says so and nothing there is removed.
        let more = page.next.is_some()
            && overlay
                .values()
                .all(|over| matches!(over, Overlay::There(_)));
        if found.len() > limit || page.next.is_none() || (found.len() == limit && more) {
            return Ok(cut(found, limit, page.next.is_some()));
        }
        from = page.next;
    }
}

/// What waits, by the names a listing of that depth shows, those after the cursor.
fn lay(
    prefix: &Prefix,
    depth: Depth,
    cursor: Option<&str>,
    waiting: Vec<(Key, Waiting)>,
) -> Result<BTreeMap<String, Overlay>, Error> {
    let mut overlay = BTreeMap::new();
    for (key, waiting) in waiting {
        let folder = match depth {
            Depth::All => None,
            Depth::Level => folder_beneath(prefix, &key)?,
        };
        let name = match &folder {
            Some(folder) => format!("{folder}/"),
            None => key.as_str().to_owned(),
        };
        if cursor.is_some_and(|cursor| name.as_str() <= cursor) {
            continue;
        }
        let over = match (folder, waiting.metadata()) {
            (None, Some(file)) => Overlay::There(Item::File(file.clone())),
            (None, None) => Overlay::Gone,
            (Some(folder), Some(_)) => Overlay::There(Item::Folder(folder)),
            (Some(_), None) if overlay.contains_key(&name) => continue,
            (Some(folder), None) => Overlay::Thinned(folder),
        };
        overlay.insert(name, over);
    }
    Ok(overlay)
}

/// The folder right beneath the prefix that the key is in, if it is in one.
fn folder_beneath(prefix: &Prefix, key: &Key) -> Result<Option<Prefix>, Error> {
    let start = match prefix.is_empty() {
        true => 0,
        false => prefix.as_str().len() + 1,
    };
    match key.as_str()[start..].find('/') {
        Some(length) => Ok(Some(Prefix::parse(&key.as_str()[..start + length])?)),
        None => Ok(None),
    }
}

async fn is_empty(storage: &Fallback, folder: &Prefix) -> Result<bool, Error> {
    let page = Storage::page(storage, folder, Depth::All, None, 1).await?;
    Ok(page.entries.is_empty())
}

fn cut(mut found: BTreeMap<String, Item>, limit: usize, more: bool) -> Page {
    let more = more || found.len() > limit;
    while found.len() > limit {
        found.pop_last();
    }
    let next = found
        .last_key_value()
        .filter(|_| more)
        .map(|(name, _)| name.clone());
    let (mut entries, mut folders) = (Vec::new(), Vec::new());
    for item in found.into_values() {
        match item {
            Item::File(file) => entries.push(file),
            Item::Folder(folder) => folders.push(folder),
        }
    }
    Page::new(entries, next).with_folders(folders)
}
