//! When a file is rotated, and what is kept of it.

use chrono::{DateTime, Local, NaiveDate, Utc};
use std::time::{Duration, SystemTime};

/// Whose midnight ends a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Zone {
    #[default]
    Utc,
    Local,
}

impl Zone {
    pub(crate) fn day(self, time: SystemTime) -> NaiveDate {
        match self {
            Self::Utc => DateTime::<Utc>::from(time).date_naive(),
            Self::Local => DateTime::<Local>::from(time).date_naive(),
        }
    }
}

/// When a file is rotated, and what is kept of it. Nothing by default: the file grows.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileRules {
    pub(crate) daily: bool,
    pub(crate) zone: Zone,
    /// Bytes; no file grows beyond, unless one line alone does.
    pub(crate) max_size: Option<u64>,
    /// How many archives stay.
    pub(crate) keep: Option<usize>,
    /// Archives of days longer ago are removed.
    pub(crate) max_age: Option<Duration>,
    pub(crate) gzip: bool,
}

impl FileRules {
    pub(crate) fn rotates(&self) -> bool {
        self.daily || self.max_size.is_some()
    }

    /// Whether anything is to be done about archives.
    pub(crate) fn keeps_house(&self) -> bool {
        self.gzip || self.keep.is_some() || self.max_age.is_some()
    }
}
