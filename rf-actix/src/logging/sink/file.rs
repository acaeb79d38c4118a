//! A file that is appended to, and found again when it was moved away.

use super::Sink;
use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// Appends to a file: mode 0640, its folder (0750) made when missing.
pub(crate) struct FileSink {
    path: PathBuf,
    file: File,
    /// Device and inode, to notice that the path names another file or none.
    identity: (u64, u64),
}

impl FileSink {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            DirBuilder::new()
                .recursive(true)
                .mode(0o750)
                .create(folder)?;
        }
        // Appending, so that other processes may write to the same file and a truncated one has no hole.
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o640)
            .open(path)?;
        let metadata = file.metadata()?;
        Ok(Self {
            path: path.to_owned(),
            identity: (metadata.dev(), metadata.ino()),
            file,
        })
    }

    /// Whether the path still leads to the open file.
    fn is_current(&self) -> bool {
        std::fs::metadata(&self.path).is_ok_and(|found| (found.dev(), found.ino()) == self.identity)
    }
}

impl Sink for FileSink {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if !self.is_current() {
            // When it cannot be made anew, the lines still go to the file that was moved away.
            let _ = self.reopen();
        }
        self.file.write(lines)
    }

    fn reopen(&mut self) -> io::Result<()> {
        *self = Self::open(&self.path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::fs;

    #[test]
    fn a_new_file_is_private_and_its_folder_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/app.log");
        FileSink::open(&path).unwrap().write(b"one\n").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777 & !0o640, 0);
        assert_eq!(fs::read(&path).unwrap(), b"one\n");
    }

    #[test]
    fn a_restart_appends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.log");
        FileSink::open(&path).unwrap().write(b"one\n").unwrap();
        FileSink::open(&path).unwrap().write(b"two\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\n");
    }

    #[test]
    fn a_renamed_or_removed_file_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.log");
        let mut sink = FileSink::open(&path).unwrap();
        sink.write(b"one\n").unwrap();
        fs::rename(&path, folder.path().join("app.log.1")).unwrap();
        sink.write(b"two\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two\n");
        fs::remove_file(&path).unwrap();
        sink.write(b"three\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"three\n");
        assert_eq!(fs::read(folder.path().join("app.log.1")).unwrap(), b"one\n");
    }
}
