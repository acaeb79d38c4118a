//! The root folder: every path is resolved beneath its descriptor, without following links.

use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{self, AtFlags, FileType, Mode, OFlags, ResolveFlags},
    io::{Errno, retry_on_intr},
};
use std::path::Path;

/// Where staged files lie. `Key` refuses names that start like this.
pub(super) const STAGING: &str = ".rf-staging";

const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

const RESOLVE: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS);

#[derive(Debug)]
pub(super) struct Root {
    pub(super) folder: OwnedFd,
    pub(super) staging: OwnedFd,
    kernel_resolves: bool,
}

impl Root {
    /// Opens the folder, making it when it is not there.
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(path)?;
        // The root itself may be reached through links: that is the administrator's choice.
        let folder = fs::open(path, FOLDER, Mode::empty())?;
        match fs::mkdirat(&folder, STAGING, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno.into()),
        }
        let staging = fs::openat(&folder, STAGING, FOLDER | OFlags::NOFOLLOW, Mode::empty())?;
        // Linux before 5.6 has no openat2, and some container sandboxes answer EPERM for what they do not know.
        let kernel_resolves = resolve_in_kernel(&folder, ".", FOLDER).is_ok();
        Ok(Self {
            folder,
            staging,
            kernel_resolves,
        })
    }

    /// Opens what lies at a path beneath the root. A symbolic link anywhere on it is `ELOOP`.
    pub(super) fn open_at(&self, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        if self.kernel_resolves {
            let flags = flags | OFlags::CLOEXEC;
            // EAGAIN: a rename elsewhere made the kernel unsure of a `..`; there are none, so it passes soon.
            for _ in 0..16 {
                match resolve_in_kernel(&self.folder, path, flags) {
                    Err(Errno::AGAIN) => {}
                    Err(Errno::XDEV) => return Err(Errno::LOOP),
                    done => return done,
                }
            }
            return Err(Errno::AGAIN);
        }
        self.walk(path, flags)
    }

    /// The same if the kernel has the way to it in memory, so that nothing waits for the medium. `None`: it may be
    /// there, or be refused, all the same.
    pub(super) fn open_cached(&self, path: &str, flags: OFlags) -> Option<OwnedFd> {
        if !self.kernel_resolves {
            return None;
        }
        let how = RESOLVE.union(ResolveFlags::CACHED);
        let flags = flags | OFlags::CLOEXEC;
        fs::openat2(&self.folder, path, flags, Mode::empty(), how).ok()
    }

    /// The same as [`open_at`](Self::open_at), one segment at a time, for kernels that do not do it.
    fn walk(&self, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        let mut folder: Option<OwnedFd> = None;
        let (parents, name) = path
            .rsplit_once('/')
            .map_or(("", path), |(parents, name)| (parents, name));
        for segment in parents.split('/').filter(|segment| !segment.is_empty()) {
            let parent = folder.as_ref().unwrap_or(&self.folder);
            let inner = open_segment(parent, segment, OFlags::PATH)?;
            match FileType::from_raw_mode(fs::fstat(&inner)?.st_mode) {
                FileType::Directory => folder = Some(inner),
                FileType::Symlink => return Err(Errno::LOOP),
                _ => return Err(Errno::NOTDIR),
            }
        }
        open_segment(folder.as_ref().unwrap_or(&self.folder), name, flags)
    }

    /// Opens a folder beneath the root; the empty path is the root.
    pub(super) fn folder(&self, path: &str) -> Result<OwnedFd, Errno> {
        if path.is_empty() {
            return self.folder.try_clone().map_err(|_| Errno::MFILE);
        }
        self.open_at(path, FOLDER)
    }

    /// Opens a folder beneath the root, making it and what leads to it.
    pub(super) fn make_folder(
        &self,
        path: &str,
        mode: Mode,
        durable: bool,
    ) -> Result<OwnedFd, Errno> {
        match self.folder(path) {
            Err(Errno::NOENT) => {}
            done => return done,
        }
        let mut folder = self.folder("")?;
        for segment in path.split('/') {
            let made = match fs::mkdirat(&folder, segment, mode) {
                Ok(()) => true,
                Err(Errno::EXIST) => false,
                Err(errno) => return Err(errno),
            };
            let inner = open_segment(&folder, segment, FOLDER)?;
            if made {
                // The umask of the process must not decide who reads a public disk.
                fs::fchmod(&inner, mode)?;
                if durable {
                    fs::fsync(&folder)?;
                }
            }
            folder = inner;
        }
        Ok(folder)
    }

    /// Removes the folder and those above it while they are empty.
    pub(super) fn prune(&self, folder: &str) {
        let mut path = folder;
        while !path.is_empty() {
            let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
            let Ok(above) = self.folder(parent) else {
                return;
            };
            if fs::unlinkat(&above, name, AtFlags::REMOVEDIR).is_err() {
                return;
            }
            path = parent;
        }
    }

    #[cfg(test)]
    pub(super) fn without_openat2(mut self) -> Self {
        self.kernel_resolves = false;
        self
    }
}

fn resolve_in_kernel(folder: &OwnedFd, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    retry_on_intr(|| fs::openat2(folder, path, flags, Mode::empty(), RESOLVE))
}

fn open_segment(folder: &OwnedFd, segment: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    match retry_on_intr(|| fs::openat(folder, segment, flags, Mode::empty())) {
        // O_DIRECTORY on a link says ENOTDIR; tell links apart as the kernel's resolution does.
        Err(Errno::NOTDIR) if kind_at(folder, segment) == Ok(FileType::Symlink) => Err(Errno::LOOP),
        done => done,
    }
}

/// What stands under a name, links not followed.
pub(super) fn kind_at(folder: impl AsFd, name: &str) -> Result<FileType, Errno> {
    fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)
        .map(|stat| FileType::from_raw_mode(stat.st_mode))
}
