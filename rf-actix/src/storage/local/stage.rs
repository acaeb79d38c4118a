//! Staged files: written where nobody looks, renamed into place or removed.

use super::{attribute::random, root::Root};
use crate::storage::error::Error;
use rustix::{
    fd::OwnedFd,
    fs::{self, AtFlags, FlockOperation, Mode, OFlags},
    io::Errno,
};
use std::{fs::File, sync::Arc};

/// A file in the staging folder. Dropped before it is published, it is removed.
#[derive(Debug)]
pub(super) struct Staged {
    root: Arc<Root>,
    pub(super) file: File,
    name: Option<String>,
}

impl Staged {
    /// Makes a file whose mode is exact whatever the umask, locked as long as it is open.
    ///
    /// The lock tells a sweep, of this process or another on the same root, that the file is in use.
    pub(super) fn create(root: Arc<Root>, mode: Mode) -> Result<Self, Error> {
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        loop {
            let name = format!("{:016x}{:016x}", random(), random());
            let fd = fs::openat(&root.staging, name.as_str(), flags, mode).map_err(staging)?;
            fs::flock(&fd, FlockOperation::LockExclusive).map_err(staging)?;
            let stat = fs::fstat(&fd).map_err(staging)?;
            // A sweep may have found the file between its birth and its lock, and removed it.
            if stat.st_nlink == 0 {
                continue;
            }
            // The umask took some of it away. Setting it where nothing is missing would cost as much as the rest.
            if stat.st_mode & 0o7777 != mode.as_raw_mode() {
                fs::fchmod(&fd, mode).map_err(staging)?;
            }
            return Ok(Self {
                root,
                file: File::from(fd),
                name: Some(name),
            });
        }
    }

    /// Renames the file into a folder. With `replace` an older file goes, without it is `EEXIST`.
    pub(super) fn rename(
        &mut self,
        folder: &OwnedFd,
        to: &str,
        replace: bool,
    ) -> Result<(), Errno> {
        let Some(name) = self.name.as_deref() else {
            return Err(Errno::NOENT);
        };
        let staging = &self.root.staging;
        if replace {
            fs::renameat(staging, name, folder, to)?;
        } else {
            match fs::renameat_with(staging, name, folder, to, fs::RenameFlags::NOREPLACE) {
                // The file system does not know the flag; a hard link refuses to replace as well.
                Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                    fs::linkat(staging, name, folder, to, AtFlags::empty())?;
                    fs::unlinkat(staging, name, AtFlags::empty())?;
                }
                done => done?,
            }
        }
        self.name = None;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            // Nothing can be done about a failure here; the sweep of the next start tries again.
            let _ = fs::unlinkat(&self.root.staging, name, AtFlags::empty());
        }
    }
}

/// Removes what killed processes left in the staging folder, and nothing that is being written.
pub(super) fn sweep(root: &Root) -> std::io::Result<usize> {
    let mut swept = 0;
    for entry in fs::Dir::read_from(&root.staging)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(file) = fs::openat(&root.staging, name, flags, Mode::empty()) else {
            continue;
        };
        if fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
            && fs::unlinkat(&root.staging, name, AtFlags::empty()).is_ok()
        {
            swept += 1;
        }
    }
    Ok(swept)
}

fn staging(errno: Errno) -> Error {
    match errno {
        Errno::NOSPC | Errno::DQUOT => Error::NoSpace,
        errno => Error::Io {
            op: "staging a file",
            source: errno.into(),
        },
    }
}
