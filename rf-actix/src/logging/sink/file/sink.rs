//! The file that is open.

use super::{
    archive::Shelf,
    housekeeper::{Housekeeper, Work},
    rules::FileRules,
};
use crate::logging::sink::Sink;
use chrono::NaiveDate;
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

/// How long a rotation that failed is not tried again.
const PAUSE: Duration = Duration::from_secs(60);

/// How long a file that was moved away is written to while no other is in its place. Whoever rotates makes one in a
/// moment, and a file that is there by then would be in their way.
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// The time; a test brings its own.
pub(super) type Clock = Box<dyn Fn() -> SystemTime + Send>;

/// Appends to a file: mode 0640, its folder (0750) made when missing.
pub(crate) struct FileSink {
    path: PathBuf,
    open: Open,
    /// A line was begun and not ended: it ends in the file in which it began.
    torn: bool,
    /// But this file was opened in between.
    left_behind: bool,
    /// The file was moved away, and none is in its place: until when one is waited for.
    moved_until: Option<Instant>,
    clock: Clock,
    rotation: Option<Rotation>,
}

struct Open {
    file: File,
    /// Device and inode, to notice that the path names another file or none.
    identity: (u64, u64),
    bytes: u64,
}

struct Rotation {
    rules: FileRules,
    shelf: Shelf,
    /// When what is in the file was written.
    day: NaiveDate,
    housekeeper: Housekeeper,
    paused_until: Option<SystemTime>,
}

impl FileSink {
    pub(crate) fn open(path: &Path, rules: FileRules) -> io::Result<Self> {
        Self::open_with(path, rules, Box::new(SystemTime::now))
    }

    pub(super) fn open_with(path: &Path, rules: FileRules, clock: Clock) -> io::Result<Self> {
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            DirBuilder::new()
                .recursive(true)
                .mode(0o750)
                .create(folder)?;
        }
        let open = Open::at(path)?;
        let rotation = if rules.rotates() || rules.keeps_house() {
            let now = clock();
            let written = match open.bytes {
                0 => now,
                _ => open.file.metadata()?.modified()?,
            };
            let shelf = Shelf::of(path)?;
            let housekeeper = Housekeeper::start(shelf.clone(), rules.clone())?;
            if rules.keeps_house() {
                // What the process before did not come to.
                housekeeper.order(Work::Tidy(rules.zone.day(now)));
            }
            Some(Rotation {
                day: rules.zone.day(written),
                rules,
                shelf,
                housekeeper,
                paused_until: None,
            })
        } else {
            None
        };
        Ok(Self {
            path: path.to_owned(),
            open,
            torn: false,
            left_behind: false,
            moved_until: None,
            clock,
            rotation,
        })
    }

    /// Follows the path when it leads elsewhere, and takes notice of what others wrote or cut. Not while the file in its
    /// place is waited for.
    fn look(&mut self) -> bool {
        match fs::metadata(&self.path) {
            Ok(found) if (found.dev(), found.ino()) == self.open.identity => {
                self.open.bytes = found.len();
                self.moved_until = None;
                true
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.is_in_grace() => false,
            // When it cannot be made anew, the lines still go to the file that was moved away.
            _ => {
                let _ = self.reopen();
                true
            }
        }
    }

    /// Whether the open file was moved away just now.
    fn is_in_grace(&mut self) -> bool {
        let folder = self.path.parent();
        if folder.is_some_and(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
            return false;
        }
        // One without a name is read by nobody.
        let Some(found) = (self.open.file.metadata().ok()).filter(|found| found.nlink() > 0) else {
            return false;
        };
        let until = self.moved_until.get_or_insert_with(|| {
            // To move a file changes its inode.
            let seconds = u64::try_from(found.ctime()).unwrap_or_default();
            let nanos = u32::try_from(found.ctime_nsec()).unwrap_or_default();
            let moved = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos);
            Instant::now() + GRACE.saturating_sub(moved.elapsed().unwrap_or_default())
        });
        Instant::now() < *until
    }

    /// How much of `lines` goes into the open file, after another one was opened if that was due.
    fn room(&mut self, lines: &[u8]) -> usize {
        let Some(rotation) = &mut self.rotation else {
            return lines.len();
        };
        let first = line_end(lines);
        let now = (self.clock)();
        let today = rotation.rules.zone.day(now);
        let max = rotation.rules.max_size.unwrap_or(u64::MAX);
        if self.open.bytes == 0 {
            rotation.day = today;
        }
        let full = self.open.bytes.saturating_add(first as u64) > max;
        let over = rotation.rules.daily && today > rotation.day;
        let paused = rotation.paused_until.is_some_and(|until| now < until);
        if self.open.bytes > 0 && (full || over) && !paused {
            match rotation.rotate(&self.path, today) {
                Ok(open) => self.open = open,
                Err(error) => {
                    rotation.paused_until = Some(now + PAUSE);
                    rotation.housekeeper.order(Work::Tell(format!(
                        "{} cannot be rotated, it grows on: {error}",
                        self.path.display()
                    )));
                    return lines.len();
                }
            }
        }
        if paused {
            return lines.len();
        }
        let room = usize::try_from(max.saturating_sub(self.open.bytes)).unwrap_or(usize::MAX);
        if lines.len() <= room {
            return lines.len();
        }
        // Whole lines only; one that is larger than a file has a file of its own.
        lines[..room]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(first, |end| end + 1)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.open.file.write(bytes)?;
        if written > 0 {
            self.torn = bytes[written - 1] != b'\n';
        }
        self.open.bytes += written as u64;
        Ok(written)
    }

    #[cfg(test)]
    pub(super) fn wait_for_housekeeper(&self) {
        let (done, all) = std::sync::mpsc::channel();
        if let Some(rotation) = &self.rotation {
            rotation.housekeeper.order(Work::Wait(done));
        }
        let _ = all.recv();
    }
}

impl Sink for FileSink {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if self.torn {
            return self.append(&lines[..line_end(lines)]);
        }
        let room = if self.look() {
            self.room(lines)
        } else {
            lines.len()
        };
        self.append(&lines[..room])
    }

    fn reopen(&mut self) -> io::Result<()> {
        let open = Open::at(&self.path)?;
        if open.identity != self.open.identity {
            self.left_behind |= std::mem::take(&mut self.torn);
        }
        self.open = open;
        self.moved_until = None;
        Ok(())
    }

    fn begins_anew(&mut self) -> bool {
        std::mem::take(&mut self.left_behind)
    }
}

/// Where the first line ends.
fn line_end(lines: &[u8]) -> usize {
    lines
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(lines.len(), |end| end + 1)
}

impl Open {
    fn at(path: &Path) -> io::Result<Self> {
        // Appending, so that other processes may write to the same file and a truncated one has no hole.
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o640)
            .open(path)?;
        let metadata = file.metadata()?;
        Ok(Self {
            file,
            identity: (metadata.dev(), metadata.ino()),
            bytes: metadata.len(),
        })
    }
}

impl Rotation {
    fn rotate(&mut self, path: &Path, today: NaiveDate) -> io::Result<Open> {
        fs::rename(path, self.shelf.next(self.day)?)?;
        let open = Open::at(path)?;
        self.day = today;
        self.paused_until = None;
        if self.rules.keeps_house() {
            self.housekeeper.order(Work::Tidy(today));
        }
        Ok(open)
    }
}
