//! How detailed the loggers are: what is asked first of every record, and most often answered with no.

use super::Level;
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// All loggers of the process.
static LOGGERS: Loggers = Loggers::new();

/// Whether any logger may want records of this level. The macros ask this before they look for the logger that is
/// meant.
#[inline]
pub(crate) fn is_wanted_by_any(level: Level) -> bool {
    level.detail() <= LOGGERS.most.load(Relaxed)
}

struct Loggers {
    /// Of the most detailed one.
    most: AtomicUsize,
    /// How many there are of each detail.
    of: Mutex<[usize; 6]>,
}

impl Loggers {
    const fn new() -> Self {
        Self {
            most: AtomicUsize::new(0),
            of: Mutex::new([0; 6]),
        }
    }

    fn change(&self, change: impl FnOnce(&mut [usize; 6])) {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut of);
        let most = of.iter().rposition(|loggers| *loggers > 0);
        self.most.store(most.unwrap_or(0), Relaxed);
    }
}

/// How many levels a logger is on for, from 0 to 5: see [`Level::detail`].
pub(crate) struct Detail {
    levels: AtomicUsize,
    loggers: &'static Loggers,
}

impl Detail {
    pub(crate) fn new(least: Option<Level>) -> Self {
        Self::among(&LOGGERS, least)
    }

    fn among(loggers: &'static Loggers, least: Option<Level>) -> Self {
        let levels = least.map_or(0, Level::detail);
        loggers.change(|of| of[levels] += 1);
        Self {
            levels: AtomicUsize::new(levels),
            loggers,
        }
    }

    #[inline]
    pub(crate) fn allows(&self, level: Level) -> bool {
        level.detail() <= self.levels.load(Relaxed)
    }

    pub(crate) fn set(&self, least: Option<Level>) {
        let levels = least.map_or(0, Level::detail);
        self.loggers.change(|of| {
            of[self.levels.swap(levels, Relaxed)] -= 1;
            of[levels] += 1;
        });
    }
}

impl Drop for Detail {
    fn drop(&mut self) {
        let levels = *self.levels.get_mut();
        self.loggers.change(|of| of[levels] -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_detailed_logger_counts_for_as_long_as_it_lives() {
        static LOGGERS: Loggers = Loggers::new();
        let most = || LOGGERS.most.load(Relaxed);
        assert_eq!(most(), 0);
        let info = Detail::among(&LOGGERS, Some(Level::Info));
        let other = Detail::among(&LOGGERS, Some(Level::Trace));
        assert_eq!(most(), 5);
        other.set(Some(Level::Error));
        assert_eq!(most(), 3);
        assert!(!other.allows(Level::Warn) && info.allows(Level::Info));
        drop(info);
        assert_eq!(most(), 1);
        other.set(None);
        assert_eq!(most(), 0);
        other.set(Some(Level::Debug));
        drop(other);
        assert_eq!(most(), 0);
    }
}
