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
    /// What channels with a level of their own copy at most, whatever the filter says.
    copied: Option<Level>,
    /// That of the most detailed target or copy: the first and cheapest thing to ask.
    detail: Detail,
    /// Targets differ, or copies do from them, so the filter has to be asked too.
    differ: AtomicBool,
    changes: Mutex<Changes>,
}

struct Changes {
    /// How many there were for a while.
    count: u64,
    /// What was said for good.
    lasting: Filter,
    /// What is changed of it for a while, the oldest first, with the numbers of the changes.
    passing: Vec<(u64, Change)>,
}

type Change = Box<dyn Fn(&Filter) -> Filter + Send>;

impl Changes {
    fn in_force(&self) -> Filter {
        let passing = self.passing.iter();
        passing.fold(self.lasting.clone(), |filter, (_, change)| change(&filter))
    }
}

impl Tuning {
    pub(crate) fn new(filter: Filter, copied: Option<Level>) -> Self {
        Self {
            detail: Detail::new(filter.most_detailed().max(copied)),
            differ: AtomicBool::new(filter.has_targets() || copied.is_some()),
            copied,
            filter: ArcSwap::from_pointee(filter.clone()),
            changes: Mutex::new(Changes {
                count: 0,
                lasting: filter,
                passing: Vec::new(),
            }),
        }
    }

    /// Whether the filter lets a record through that is [allowed](Self::allows).
    #[inline]
    pub(crate) fn passes(&self, level: Level, target: &str) -> bool {
        !self.differ.load(SeqCst) || self.filter.load().enabled(level, target)
    }

    /// Whether a record of this level may be wanted, whatever its target.
    #[inline]
    pub(crate) fn allows(&self, level: Level) -> bool {
        self.detail.allows(level)
    }

    pub(crate) fn most_detailed(&self) -> Option<Level> {
        self.filter.load().most_detailed().max(self.copied)
    }

    /// Changes what was said for good; what was changed for a while ends with it.
    pub(crate) fn change(&self, change: impl FnOnce(&Filter) -> Filter) {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.passing.clear();
        changes.lasting = change(&changes.lasting);
        self.put_in_force(changes.in_force());
    }

    /// Changes what is in force until [`over`](Self::over) gets the number this returns.
    pub(crate) fn change_for_a_while(
        &self,
        change: impl Fn(&Filter) -> Filter + Send + 'static,
    ) -> u64 {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.count += 1;
        let number = changes.count;
        changes.passing.push((number, Box::new(change)));
        self.put_in_force(changes.in_force());
        number
    }

    /// Ends a change for a while, and no other. Whether it was still there.
    pub(crate) fn over(&self, change: u64) -> bool {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let at = (changes.passing.iter()).position(|(number, _)| *number == change);
        if let Some(at) = at {
            drop(changes.passing.remove(at));
            self.put_in_force(changes.in_force());
        }
        at.is_some()
    }

    fn put_in_force(&self, filter: Filter) {
        let detail = filter.most_detailed().max(self.copied);
        let differ = filter.has_targets() || self.copied.is_some();
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
    use crate::logging::filter::Directives;

    #[test]
    fn a_change_for_a_while_ends_in_what_was_said_for_good_meanwhile() {
        let tuning = Tuning::new(Filter::new(Level::Info, "quiet=off".parse().unwrap()), None);
        let enabled = |level, target| tuning.allows(level) && tuning.passes(level, target);
        let first = tuning.change_for_a_while(|filter| filter.with_level(Level::Trace));
        assert!(enabled(Level::Trace, "x") && !enabled(Level::Error, "quiet"));
        let second = tuning.change_for_a_while(|filter| filter.with_level(Level::Debug));
        assert!(enabled(Level::Debug, "x") && !enabled(Level::Trace, "x"));
        assert!(tuning.over(first) && !tuning.over(first));
        assert!(enabled(Level::Debug, "x"), "another change is in force");
        assert!(tuning.over(second));
        assert!(!enabled(Level::Debug, "x") && enabled(Level::Info, "x"));

        let third = tuning.change_for_a_while(|filter| filter.with_level(Level::Trace));
        tuning.change(|filter| filter.with_level(Level::Warn));
        assert!(!tuning.over(third));
        assert!(enabled(Level::Warn, "x") && !enabled(Level::Info, "x"));
    }

    #[test]
    fn changes_for_a_while_hold_together_and_each_ends_by_itself() {
        let tuning = Tuning::new(Filter::new(Level::Info, "noisy=off".parse().unwrap()), None);
        let enabled = |level, target| tuning.allows(level) && tuning.passes(level, target);
        let directives: Directives = "noisy=off,mine=trace".parse().unwrap();
        let closer =
            tuning.change_for_a_while(move |filter| filter.with_directives(directives.clone()));
        let debug = tuning.change_for_a_while(|filter| filter.with_level(Level::Debug));
        assert!(enabled(Level::Trace, "mine") && enabled(Level::Debug, "x"));
        assert!(tuning.over(debug));
        assert!(enabled(Level::Trace, "mine") && !enabled(Level::Debug, "x"));
        assert!(tuning.over(closer));
        assert!(!enabled(Level::Debug, "mine") && !enabled(Level::Error, "noisy"));
    }
}
