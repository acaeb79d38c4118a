//! Sign-ins that were started in this browser and have not come back yet.

use serde::{Deserialize, Serialize};
use std::time::Duration;
use subtle::ConstantTimeEq;

use crate::oauth2::model::Timestamp;

/// How long the provider's pages may stay open.
pub(super) const LONGEST: Duration = Duration::from_secs(600);
/// In so many tabs at once; with more the oldest must start again.
const TABS: usize = 4;

/// One of them.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) state: String,
    pub(super) verifier: String,
    pub(super) return_to: String,
    pub(super) started_at: Timestamp,
}

/// All of them, newest last.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct PendingList(Vec<Pending>);

impl PendingList {
    pub(super) fn add(&mut self, pending: Pending) {
        let now = pending.started_at;
        self.0
            .retain(|pending| now.since(pending.started_at) < LONGEST);
        self.0.push(pending);
        let surplus = self.0.len().saturating_sub(TABS);
        self.0.drain(..surplus);
    }

    /// Takes out the one of this state, if it is not too old; it is gone either way.
    pub(super) fn take(&mut self, state: &str, now: Timestamp) -> Option<Pending> {
        let at = self
            .0
            .iter()
            .position(|pending| pending.state.as_bytes().ct_eq(state.as_bytes()).into())?;
        let found = self.0.remove(at);
        (now.since(found.started_at) < LONGEST).then_some(found)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(state: &str, at: i64) -> Pending {
        Pending {
            state: state.to_owned(),
            verifier: String::new(),
            return_to: "/".to_owned(),
            started_at: Timestamp::from_millis(at),
        }
    }

    #[test]
    fn a_pending_sign_in_is_taken_once_and_not_too_late() {
        let mut list = PendingList::default();
        list.add(pending("a", 0));
        list.add(pending("b", 0));
        assert!(list.take("c", Timestamp::from_millis(1)).is_none());
        assert!(list.take("a", Timestamp::from_millis(1)).is_some());
        assert!(list.take("a", Timestamp::from_millis(1)).is_none());
        assert!(list.take("b", Timestamp::from_millis(600_000)).is_none());
        assert!(list.is_empty());
    }

    #[test]
    fn no_number_of_starts_makes_the_cookie_grow() {
        let mut list = PendingList::default();
        for number in 0..50 {
            list.add(pending(&number.to_string(), number));
        }
        assert_eq!(list.0.len(), TABS);
        assert!(list.take("49", Timestamp::from_millis(50)).is_some());
    }
}
