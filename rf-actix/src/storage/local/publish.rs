//! Making a staged file visible, and taking a file away.

use super::{
    attribute::Attribute,
    read::open_file,
    root::{Root, kind_at},
    stage::Staged,
};
use crate::storage::{
    error::Error,
    key::Key,
    metadata::{Metadata, Written},
    options::Condition,
};
use rustix::{
    fd::OwnedFd,
    fs::{self, AtFlags, FileType, Mode},
    io::Errno,
};
use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How often a folder may vanish under us, pruned by a delete, before we give up.
const ATTEMPTS: usize = 32;

/// So many keys are published at once; two that share a turn wait for each other.
const TURNS: usize = 64;

/// Makes files visible, those of a key one at a time, so that conditions hold at the moment of the rename.
///
/// `IfAbsent` holds between processes as well, the kernel sees to it; `IfMatch` holds between the writers of this
/// process.
#[derive(Debug)]
pub(super) struct Publisher {
    pub(super) durable: bool,
    pub(super) folder_mode: Mode,
    turns: [Mutex<()>; TURNS],
}

impl Publisher {
    pub(super) fn new(durable: bool, folder_mode: Mode) -> Self {
        Self {
            durable,
            folder_mode,
            turns: std::array::from_fn(|_| Mutex::new(())),
        }
    }

    /// The turn of all these keys, taken in one order whoever asks.
    fn turn(&self, keys: &[&Key]) -> Vec<MutexGuard<'_, ()>> {
        let turn = |key: &&Key| {
            let mut hasher = DefaultHasher::new();
            key.as_str().hash(&mut hasher);
            (hasher.finish() % TURNS as u64) as usize
        };
        let turns: BTreeSet<usize> = keys.iter().map(turn).collect();
        // A lock guards no data, so a panic while it was held spoils nothing.
        let lock = |turn: usize| {
            self.turns[turn]
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        turns.into_iter().map(lock).collect()
    }

    /// Renames the staged file to its key.
    pub(super) fn publish(
        &self,
        root: &Root,
        mut staged: Staged,
        key: &Key,
        mut attribute: Attribute,
        condition: &Condition,
    ) -> Result<Written, Error> {
        attribute.write(&staged.file, key)?;
        if self.durable {
            staged
                .file
                .sync_all()
                .map_err(|source| full_or("syncing a file", source))?;
        }
        let placed = self.place(root, key, &[key], |folder, replaceable| {
            Self::hold(root, key, condition)?;
            match staged.rename(folder, key.name(), false) {
                Ok(()) => Ok(Ok(true)),
                Err(Errno::EXIST) if *condition == Condition::IfAbsent => {
                    Err(Error::AlreadyExists { key: key.clone() })
                }
                Err(Errno::EXIST) => {
                    replaceable(folder)?;
                    Ok(staged.rename(folder, key.name(), true).map(|()| false))
                }
                Err(errno) => Ok(Err(errno)),
            }
        });
        // A refused write leaves no folders behind either.
        let (folder, created) = placed.inspect_err(|_| root.prune(key.folder()))?;
        self.sync(&folder)?;
        let stat =
            fs::fstat(&staged.file).map_err(|errno| failed("looking at a file", key, errno))?;
        Ok(Written::new(
            attribute.into_metadata(key.clone(), &stat),
            created,
        ))
    }

    /// Renames a file to another key.
    pub(super) fn rename(&self, root: &Root, from: &Key, to: &Key) -> Result<Metadata, Error> {
        let (file, _) = open_file(root, from)?;
        let attribute = Attribute::read(&file, from)?;
        let (folder, ()) = self.place(root, to, &[from, to], |folder, replaceable| {
            replaceable(folder)?;
            let old = root
                .folder(from.folder())
                .map_err(|errno| failed("renaming a file", from, errno))?;
            match fs::renameat(&old, from.name(), folder, to.name()) {
                // It was there a moment ago, and somebody else took it.
                Err(Errno::NOENT) if kind_at(&old, from.name()).is_err() => {
                    Err(Error::NotFound { key: from.clone() })
                }
                done => Ok(done),
            }
        })?;
        self.sync(&folder)?;
        if let Ok(old) = root.folder(from.folder()) {
            self.sync(&old)?;
        }
        root.prune(from.folder());
        let stat = fs::fstat(&file).map_err(|errno| failed("looking at a file", to, errno))?;
        Ok(attribute.into_metadata(to.clone(), &stat))
    }

    /// Takes a file away, in turn, so that no other writer of this process comes between the condition and the end.
    /// Nothing there is fine, unless a version is asked for.
    pub(super) fn remove(
        &self,
        root: &Root,
        key: &Key,
        condition: &Condition,
    ) -> Result<(), Error> {
        let changed = || Error::PreconditionFailed { key: key.clone() };
        let absent = || match condition {
            Condition::IfMatch(_) => Err(changed()),
            Condition::Always | Condition::IfAbsent => Ok(()),
        };
        let gone = |errno| matches!(errno, Errno::NOENT | Errno::NOTDIR);
        let folder = match root.folder(key.folder()) {
            Ok(folder) => folder,
            Err(errno) if gone(errno) => return absent(),
            Err(errno) => return Err(failed("removing a file", key, errno)),
        };
        let _turn = self.turn(&[key]);
        match kind_at(&folder, key.name()) {
            Ok(FileType::RegularFile) => {}
            Ok(FileType::Directory) => return absent(),
            Ok(_) => return Err(Error::PermissionDenied { key: key.clone() }),
            Err(errno) if gone(errno) => return absent(),
            Err(errno) => return Err(failed("removing a file", key, errno)),
        }
        if *condition == Condition::IfAbsent {
            return Err(changed());
        }
        Self::hold(root, key, condition)?;
        match fs::unlinkat(&folder, key.name(), AtFlags::empty()) {
            Ok(()) => {}
            Err(errno) if gone(errno) => return absent(),
            Err(errno) => return Err(failed("removing a file", key, errno)),
        }
        self.sync(&folder)?;
        root.prune(key.folder());
        Ok(())
    }

    /// Runs a rename into the folder of a key, again when a delete prunes the folder meanwhile.
    fn place<T>(
        &self,
        root: &Root,
        key: &Key,
        turn: &[&Key],
        mut rename: impl FnMut(
            &OwnedFd,
            &dyn Fn(&OwnedFd) -> Result<(), Error>,
        ) -> Result<Result<T, Errno>, Error>,
    ) -> Result<(OwnedFd, T), Error> {
        let replaceable = |folder: &OwnedFd| match kind_at(folder, key.name()) {
            Ok(FileType::RegularFile) | Err(Errno::NOENT) => Ok(()),
            Ok(FileType::Directory) => Err(Error::InvalidKey {
                reason: "is that of a folder on this disk",
            }),
            Ok(_) => Err(Error::PermissionDenied { key: key.clone() }),
            Err(errno) => Err(failed("publishing a file", key, errno)),
        };
        let mut last = Errno::NOENT;
        for _ in 0..ATTEMPTS {
            let folder = match root.make_folder(key.folder(), self.folder_mode, self.durable) {
                Ok(folder) => folder,
                Err(Errno::NOENT) => continue,
                Err(Errno::NOTDIR) => {
                    return Err(Error::InvalidKey {
                        reason: "has a file where it needs a folder on this disk",
                    });
                }
                Err(errno) => return Err(failed("making a folder", key, errno)),
            };
            let _turn = self.turn(turn);
            match rename(&folder, &replaceable)? {
                Ok(done) => return Ok((folder, done)),
                Err(Errno::NOENT) => last = Errno::NOENT,
                Err(errno) => return Err(failed("publishing a file", key, errno)),
            }
        }
        Err(failed("publishing a file", key, last))
    }

    /// Whether what the writer asked for holds now; called in turn.
    fn hold(root: &Root, key: &Key, condition: &Condition) -> Result<(), Error> {
        let changed = || Error::PreconditionFailed { key: key.clone() };
        match condition {
            Condition::Always | Condition::IfAbsent => Ok(()),
            Condition::IfMatch(etag) => match stat(root, key) {
                Ok(current) if current.etag == *etag => Ok(()),
                Ok(_) | Err(Error::NotFound { .. }) => Err(changed()),
                Err(error) => Err(error),
            },
        }
    }

    fn sync(&self, folder: &OwnedFd) -> Result<(), Error> {
        match self.durable {
            true => fs::fsync(folder).map_err(unsynced),
            false => Ok(()),
        }
    }

    /// Syncs a folder, whatever the disk is set to; one that was pruned, by the one it was in.
    pub(super) fn sync_beneath(&self, root: &Root, folder: &str) -> Result<(), Error> {
        let mut path = folder;
        loop {
            match root.folder(path) {
                Ok(found) => return fs::fsync(found).map_err(unsynced),
                Err(Errno::NOENT | Errno::NOTDIR) if !path.is_empty() => {
                    path = path.rsplit_once('/').map_or("", |(above, _)| above);
                }
                Err(errno) => return Err(unsynced(errno)),
            }
        }
    }
}

fn unsynced(errno: Errno) -> Error {
    Error::Io {
        op: "syncing a folder",
        source: errno.into(),
    }
}

/// What is known of a file.
pub(super) fn stat(root: &Root, key: &Key) -> Result<Metadata, Error> {
    let (file, stat) = open_file(root, key)?;
    Ok(Attribute::read(&file, key)?.into_metadata(key.clone(), &stat))
}

/// The meaning of an error number for the caller.
pub(super) fn failed(op: &'static str, key: &Key, errno: Errno) -> Error {
    match errno {
        Errno::NOENT | Errno::NOTDIR => Error::NotFound { key: key.clone() },
        Errno::LOOP | Errno::ACCESS | Errno::PERM => Error::PermissionDenied { key: key.clone() },
        Errno::NOSPC | Errno::DQUOT => Error::NoSpace,
        Errno::ROFS => Error::ReadOnly,
        Errno::NAMETOOLONG => Error::InvalidKey {
            reason: "is too long for this disk",
        },
        errno => Error::Io {
            op,
            source: errno.into(),
        },
    }
}

/// The same for errors of the standard library.
pub(super) fn full_or(op: &'static str, source: std::io::Error) -> Error {
    match Errno::from_io_error(&source) {
        Some(Errno::NOSPC | Errno::DQUOT) => Error::NoSpace,
        _ => Error::Io { op, source },
    }
}
