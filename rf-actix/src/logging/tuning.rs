//! What is logged, changed while running: by whoever holds the logger, for good or for a while.

use super::{Level, detail::Detail, filter::Filter};
use arc_swap::ArcSwap;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering::SeqCst},
};

/// The filter in force.
pub(crate) struct Tuning {
    filter: ArcSwap<Filter>,
    /// That of the most detailed target: the first and cheapest thing to ask.
    detail: Detail,
    /// Targets differ, so the filter has to be asked too.
    differ: AtomicBool,
    changes: Mutex<Changes>,
}

struct Changes {
    /// Which change is in force, so that the end of a former one changes nothing.
    last: u64,
    /// What comes back when a change for a while is over.
    lasting: Filter,
}

impl Tuning {
    pub(crate) fn new(filter: Filter) -> Self {
        Self {
            detail: Detail::new(filter.most_detailed()),
            differ: AtomicBool::new(filter.has_targets()),
            filter: ArcSwap::from_pointee(filter.clone()),
            changes: Mutex::new(Changes {
                last: 0,
                lasting: filter,
            }),
        }
    }

    #[inline]
    pub(crate) fn enabled(&self, level: Level, target: &str) -> bool {
        self.allows(level)
            && (!self.differ.load(SeqCst) || self.filter.load().enabled(level, target))
    }

    /// Whether any target may log at this level.
    #[inline]
    pub(crate) fn allows(&self, level: Level) -> bool {
        self.detail.allows(level)
    }

    pub(crate) fn most_detailed(&self) -> Option<Level> {
        self.filter.load().most_detailed()
    }

    /// Changes what was said for good; a change for a while ends with it.
    pub(crate) fn change(&self, change: impl FnOnce(&Filter) -> Filter) {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.last += 1;
        changes.lasting = change(&changes.lasting);
        self.put_in_force(changes.lasting.clone());
    }

    /// Changes what is in force until [`over`](Self::over) gets the number this returns.
    pub(crate) fn change_for_a_while(&self, change: impl FnOnce(&Filter) -> Filter) -> u64 {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.last += 1;
        self.put_in_force(change(&changes.lasting));
        changes.last
    }

    /// Puts back what was said for good, unless another change came after this one. Whether it did.
    pub(crate) fn over(&self, change: u64) -> bool {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let last = changes.last == change;
        if last {
            self.put_in_force(changes.lasting.clone());
        }
        last
    }

    fn put_in_force(&self, filter: Filter) {
        let (detail, differ) = (filter.most_detailed(), filter.has_targets());
        // Asked in between, the filter answers for itself.
        self.differ.store(true, SeqCst);
        self.filter.store(Arc::new(filter));
        self.detail.set(detail);
        self.differ.store(differ, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_change_for_a_while_ends_in_what_was_said_for_good_meanwhile() {
        let tuning = Tuning::new(Filter::new(Level::Info, "quiet=off".parse().unwrap()));
        let first = tuning.change_for_a_while(|filter| filter.with_level(Level::Trace));
        assert!(tuning.enabled(Level::Trace, "x") && !tuning.enabled(Level::Error, "quiet"));
        let second = tuning.change_for_a_while(|filter| filter.with_level(Level::Debug));
        assert!(!tuning.over(first), "another change is in force");
        assert!(tuning.enabled(Level::Debug, "x"));
        assert!(tuning.over(second));
        assert!(!tuning.enabled(Level::Debug, "x") && tuning.enabled(Level::Info, "x"));

        let third = tuning.change_for_a_while(|filter| filter.with_level(Level::Trace));
        tuning.change(|filter| filter.with_level(Level::Warn));
        assert!(!tuning.over(third));
        assert!(tuning.enabled(Level::Warn, "x") && !tuning.enabled(Level::Info, "x"));
    }
}
