//! The names of rotated files: `app.log.2026-11-25.3`, and `app.log.2026-11-25.3.gz` once it is compressed.

use chrono::NaiveDate;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A rotated file. The order is that in which they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Archive {
    pub(super) day: NaiveDate,
    pub(super) number: u32,
    pub(super) zipped: bool,
}

/// What ends the name of an archive that is still being compressed.
pub(super) const UNFINISHED: &str = ".gz.tmp";

impl Archive {
    /// Only a name exactly as [`name`](Self::name) writes it is one of ours.
    pub(super) fn parse(base: &str, name: &str) -> Option<Self> {
        let rest = name.strip_prefix(base)?.strip_prefix('.')?;
        let (rest, zipped) = match rest.strip_suffix(".gz") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (day, number) = rest.split_once('.')?;
        let archive = Self {
            day: day.parse().ok()?,
            number: number.parse().ok()?,
            zipped,
        };
        (archive.name(base) == name).then_some(archive)
    }

    pub(super) fn name(&self, base: &str) -> String {
        let ending = if self.zipped { ".gz" } else { "" };
        format!("{base}.{}.{}{ending}", self.day, self.number)
    }
}

/// The folder of a log file, and the name that its archives begin with.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    pub(super) folder: PathBuf,
    pub(super) base: String,
}

impl Shelf {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let base = path.file_name().and_then(|name| name.to_str());
        let base = base.ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                "a file that is rotated needs a name in UTF-8",
            )
        })?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        Ok(Self {
            folder,
            base: base.to_owned(),
        })
    }

    pub(super) fn path(&self, archive: &Archive) -> PathBuf {
        self.folder.join(archive.name(&self.base))
    }

    /// The archives that are there, the oldest first. Folders and links with such names are somebody else's.
    pub(super) fn archives(&self) -> io::Result<Vec<Archive>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let archive = entry
                .file_name()
                .to_str()
                .and_then(|name| Archive::parse(&self.base, name));
            if let Some(archive) = archive
                && entry.file_type()?.is_file()
            {
                found.push(archive);
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// The name for what was written on `day`: the first number after all that were given, also to what is no archive.
    pub(super) fn next(&self, day: NaiveDate) -> io::Result<PathBuf> {
        let taken = self.archives()?;
        let last = taken.iter().filter(|archive| archive.day == day);
        let mut number = last.map(|archive| archive.number).max().unwrap_or(0);
        loop {
            number = number.checked_add(1).ok_or_else(|| {
                io::Error::other(format!("no number is left for archives of {day}"))
            })?;
            let plain = Archive {
                day,
                number,
                zipped: false,
            };
            let zipped = Archive {
                zipped: true,
                ..plain
            };
            let free = |archive| match self.path(archive).symlink_metadata() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
                Err(error) => Err(error),
                Ok(_) => Ok(false),
            };
            if free(&plain)? && free(&zipped)? {
                return Ok(self.path(&plain));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn only_names_exactly_as_we_write_them_are_ours() {
        let archive = Archive::parse("app.log", "app.log.2026-11-25.3.gz").unwrap();
        assert_eq!((archive.number, archive.zipped), (3, true));
        assert!(Archive::parse("app.log", "app.log.2026-11-25.12").is_some());
        for other in [
            "app.log",
            "app.log.1",
            "app.log.gz",
            "app.log.2026-11-25",
            "app.log.2026-11-25.3.bak",
            "app.log.2026-11-25.3.gz.bak",
            "app.log.2026-11-25.03",
            "app.log.2026-11-25.+3",
            "app.log.2026-13-01.3",
            "app.log.2026-1-1.3",
            "my-app.log.2026-11-25.3",
            "app.log2026-11-25.3",
            "app.logs.2026-11-25.3",
        ] {
            assert_eq!(Archive::parse("app.log", other), None, "{other}");
        }
    }
}
