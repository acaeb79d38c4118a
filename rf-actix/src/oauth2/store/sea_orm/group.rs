//! Who asks at the same time is answered together: one statement, one transaction, one commit for many.
//!
//! Nobody waits for company: the first to come is served at once, and whoever comes meanwhile is served together as
//! soon as that is done. An answer is given when the database has given it, never before a commit.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::{DatabaseConnection, DbBackend};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::oauth2::store::StoreError;

/// Longer than a group before ours and our own may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A group that takes longer than this may have been begun by a worker that is busy with something else, or on a
/// connection that hangs: those who wait for it are served by somebody else.
const STALLED: Duration = Duration::from_millis(100);

/// How many groups more than usual are begun while others stall.
const SPARE: usize = 4;

/// What can be asked for together with others of its kind.
pub(super) trait Together: Send + Sized + 'static {
    /// What each gets.
    type Answer: Send + 'static;

    /// How many go together at most.
    fn most(backend: DbBackend) -> usize;

    /// How many groups are underway at once, unless they stall.
    fn at_once(backend: DbBackend) -> usize;

    /// Answers all, in their order.
    fn answer(
        db: &DatabaseConnection,
        all: Vec<Self>,
    ) -> impl Future<Output = Vec<Result<Self::Answer, StoreError>>> + Send;
}

/// Those who wait for their turn.
pub(super) struct Group<T: Together>(Arc<Mutex<State<T>>>);

struct State<T: Together> {
    waiting: VecDeque<Waiting<T>>,
    underway: usize,
}

struct Waiting<T: Together> {
    asks: T,
    since: Instant,
    answer: oneshot::Sender<Result<T::Answer, StoreError>>,
}

impl<T: Together> Group<T> {
    /// Asks, with others if there are any.
    pub(super) async fn ask(
        &self,
        db: &DatabaseConnection,
        asks: T,
    ) -> Result<T::Answer, StoreError> {
        let (answer, answered) = oneshot::channel();
        let since = Instant::now();
        let begins = {
            let mut state = self.lock();
            let stalled = (state.waiting.front())
                .is_some_and(|first| since.duration_since(first.since) > STALLED);
            let most = T::at_once(db.get_database_backend()) + if stalled { SPARE } else { 0 };
            state.waiting.push_back(Waiting {
                asks,
                since,
                answer,
            });
            let begins = state.underway < most;
            state.underway += usize::from(begins);
            begins
        };
        if begins {
            // A task of its own: a caller who hangs up must not take the others along.
            let turn = Turn {
                group: self.clone(),
                is_done: false,
            };
            tokio::spawn(turn.serve(db.clone()));
        }
        match timeout(PATIENCE, answered).await {
            Ok(Ok(told)) => told,
            Ok(Err(_)) => Err(StoreError::new("the server stops")),
            Err(_) => Err(StoreError::new("the database does not answer")),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever serves. When it is dropped in the middle, as at the end of a runtime, the next caller serves on.
struct Turn<T: Together> {
    group: Group<T>,
    is_done: bool,
}

impl<T: Together> Turn<T> {
    async fn serve(mut self, db: DatabaseConnection) {
        let most = T::most(db.get_database_backend());
        while let Some(group) = self.next(most) {
            let (all, answers): (Vec<_>, Vec<_>) = group
                .into_iter()
                // Who hung up before it was their turn wants nothing any more.
                .filter(|waiting| !waiting.answer.is_closed())
                .map(|waiting| (waiting.asks, waiting.answer))
                .unzip();
            if all.is_empty() {
                continue;
            }
            for (answer, told) in answers.into_iter().zip(T::answer(&db, all).await) {
                // Whoever hung up meanwhile is told nothing.
                let _ = answer.send(told);
            }
        }
    }

    fn next(&mut self, most: usize) -> Option<Vec<Waiting<T>>> {
        let mut state = self.group.lock();
        if state.waiting.is_empty() {
            // Under the lock: who comes from now on finds nobody at work.
            state.underway -= 1;
            self.is_done = true;
            return None;
        }
        let many = state.waiting.len().min(most);
        Some(state.waiting.drain(..many).collect())
    }
}

impl<T: Together> Drop for Turn<T> {
    fn drop(&mut self) {
        if !self.is_done {
            let mut state = self.group.lock();
            state.underway -= 1;
            if state.underway == 0 {
                // Told by their channels, which close.
                state.waiting.clear();
            }
        }
    }
}

impl<T: Together> Default for Group<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State {
            waiting: VecDeque::new(),
            underway: 0,
        })))
    }
}

impl<T: Together> Clone for Group<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Together> fmt::Debug for Group<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Group")
    }
}
