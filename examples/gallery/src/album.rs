//! What may be kept where: each album is a type, and its policy stands on it.

use rf::{Disk, storage::DiskHandle};

/// Pictures, told by their bytes and not by their names. The same picture is kept once.
#[derive(Disk)]
#[disk(
    name = "photos",
    max_size = "10MiB",
    accept = "image/*",
    naming = "hash"
)]
pub(crate) struct Photos(DiskHandle);

/// What people read, under the names it came with; a file of the same name is replaced.
#[derive(Disk)]
#[disk(
    name = "documents",
    max_size = "25MiB",
    accept = "application/pdf, text/plain, text/markdown, text/csv"
)]
pub(crate) struct Documents(DiskHandle);
