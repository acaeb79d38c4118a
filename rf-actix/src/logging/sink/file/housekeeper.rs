//! A thread that compresses and removes rotated files, so that no line waits for it.

use super::{
    archive::{Archive, Shelf, UNFINISHED},
    rules::FileRules,
};
use chrono::NaiveDate;
use flate2::{Compression, write::GzEncoder};
use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc,
    },
    thread,
    time::Duration,
};

/// How long the end of a file waits for its archives. What is not done then is done by the next start.
const PATIENCE: Duration = Duration::from_secs(2);

/// The other end of the thread's work; dropping it ends the thread.
pub(super) struct Housekeeper {
    work: Option<mpsc::Sender<Work>>,
    /// Closed by the thread when it ends.
    ended: mpsc::Receiver<()>,
    stop: Arc<AtomicBool>,
}

pub(super) enum Work {
    /// Look after the archives; today is this day.
    Tidy(NaiveDate),
    /// Say what went wrong: the thread that writes lines cannot log.
    Tell(String),
    #[cfg(test)]
    Wait(mpsc::Sender<()>),
}

impl Housekeeper {
    pub(super) fn start(shelf: Shelf, rules: FileRules) -> io::Result<Self> {
        let (work, orders) = mpsc::channel();
        let (ending, ended) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let house = House {
            shelf,
            rules,
            stop: Arc::clone(&stop),
        };
        thread::Builder::new()
            .name("rf-log-archive".to_owned())
            .spawn(move || {
                let _ending: mpsc::Sender<()> = ending;
                for order in orders {
                    house.obey(order);
                }
            })?;
        Ok(Self {
            work: Some(work),
            ended,
            stop,
        })
    }

    pub(super) fn order(&self, work: Work) {
        if let Some(orders) = &self.work {
            // The thread ends only with this end of the channel.
            let _ = orders.send(work);
        }
    }
}

impl Drop for Housekeeper {
    fn drop(&mut self) {
        self.work = None;
        if self.ended.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            self.stop.store(true, Relaxed);
        }
    }
}

struct House {
    shelf: Shelf,
    rules: FileRules,
    stop: Arc<AtomicBool>,
}

impl House {
    fn obey(&self, work: Work) {
        match work {
            Work::Tidy(today) => {
                if let Err(error) = self.tidy(today) {
                    log::error!(
                        target: "rf::logging",
                        "the archives of {} in {} cannot be tended: {error}",
                        self.shelf.base,
                        self.shelf.folder.display()
                    );
                }
            }
            Work::Tell(what) => log::error!(target: "rf::logging", "{what}"),
            #[cfg(test)]
            Work::Wait(done) => drop(done),
        }
    }

    fn tidy(&self, today: NaiveDate) -> io::Result<()> {
        // First what is to go: room is made before any is needed.
        self.remove_old(today)?;
        if self.rules.gzip {
            let archives = self.shelf.archives()?;
            for archive in archives.iter().filter(|archive| !archive.zipped) {
                if self.stop.load(Relaxed) {
                    return Ok(());
                }
                self.compress(archive)?;
            }
        }
        Ok(())
    }

    fn remove_old(&self, today: NaiveDate) -> io::Result<()> {
        let archives = self.shelf.archives()?;
        let oldest = self.rules.max_age.and_then(|age| {
            let days = chrono::Days::new(age.as_secs() / 86_400);
            today.checked_sub_days(days)
        });
        let kept: BTreeSet<(NaiveDate, u32)> = {
            // A compressed archive and its original are one.
            let all: BTreeSet<_> = archives.iter().map(|a| (a.day, a.number)).collect();
            let keep = self.rules.keep.unwrap_or(usize::MAX);
            all.into_iter()
                .rev()
                .take(keep)
                .filter(|(day, _)| oldest.is_none_or(|oldest| *day >= oldest))
                .collect()
        };
        for archive in &archives {
            if !kept.contains(&(archive.day, archive.number)) {
                remove(&self.shelf.path(archive))?;
            }
        }
        Ok(())
    }

    /// Writes beside it and renames, so that under the final name there is the whole of it or nothing.
    fn compress(&self, archive: &Archive) -> io::Result<()> {
        let from = self.shelf.path(archive);
        let zipped = Archive {
            zipped: true,
            ..*archive
        };
        let to = self.shelf.path(&zipped);
        if to.symlink_metadata().is_err() {
            let unfinished = self
                .shelf
                .folder
                .join(archive.name(&self.shelf.base) + UNFINISHED);
            // Left by a process that was killed.
            remove(&unfinished)?;
            let written = self.write_compressed(&from, &unfinished);
            if !matches!(written, Ok(true)) {
                remove(&unfinished)?;
                return written.map(drop);
            }
            fs::rename(&unfinished, &to)?;
        }
        remove(&from)
    }

    /// Whether it was written to its end.
    fn write_compressed(&self, from: &std::path::Path, to: &std::path::Path) -> io::Result<bool> {
        let mut from = File::open(from)?;
        let to = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o640)
            .open(to)?;
        let mut encoder = GzEncoder::new(to, Compression::default());
        let mut chunk = vec![0; 64 * 1024];
        loop {
            if self.stop.load(Relaxed) {
                return Ok(false);
            }
            match from.read(&mut chunk) {
                Ok(0) => break,
                Ok(bytes) => encoder.write_all(&chunk[..bytes])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // The original goes next: what replaces it has to survive a power cut.
        encoder.finish()?.sync_all()?;
        Ok(true)
    }
}

fn remove(path: &std::path::Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
