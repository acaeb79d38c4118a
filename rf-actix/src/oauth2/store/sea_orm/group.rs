//! Who asks at the same time is answered together: one statement, one transaction, one commit for many.
//!
//! Nobody waits for company: the first to come is served at once, and whoever comes meanwhile is served together as
//! soon as that is done. An answer is given when the database has given it, never before a commit.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::{DatabaseConnection, DbBackend};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

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
        let (answer, mut answered) = oneshot::channel();
        let since = Instant::now();
        self.lock().waiting.push_back(Waiting {
            asks,
            since,
            answer,
        });
        self.serve_if_needed(db, since);
        loop {
            match timeout(STALLED, &mut answered).await {
                Ok(Ok(told)) => return told,
                Ok(Err(_)) => return Err(StoreError::new("the server stops")),
                Err(_) if since.elapsed() >= PATIENCE => {
                    return Err(StoreError::new("the database does not answer"));
                }
                Err(_) => self.serve_if_needed(db, Instant::now()),
            }
        }
    }

    /// Begins a group unless enough are underway.
    fn serve_if_needed(&self, db: &DatabaseConnection, now: Instant) {
        let mut state = self.lock();
        let Some(first) = state.waiting.front() else {
            return;
        };
        let stalled = now.duration_since(first.since) >= STALLED;
        let most = T::at_once(db.get_database_backend()) + if stalled { SPARE } else { 0 };
        if state.underway < most {
            state.underway += 1;
            let turn = Turn {
                group: self.clone(),
                is_done: false,
            };
            // A task of its own: a caller who hangs up must not take the others along.
            tokio::spawn(turn.serve(db.clone()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever serves. When it is dropped in the middle, as at the end of a runtime, those it was serving are told so by
/// their channels, which close; those who wait still serve themselves.
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
            self.group.lock().underway -= 1;
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

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::oauth2::store::sea_orm::connect;
    use tokio::runtime::Runtime;
    use tokio::sync::Semaphore;
    use tokio::task::yield_now;

    /// Is told how many were asked together; may have to wait for a gate.
    struct Ask(Option<Arc<Semaphore>>);

    impl Together for Ask {
        type Answer = usize;

        fn most(_: DbBackend) -> usize {
            3
        }

        fn at_once(_: DbBackend) -> usize {
            1
        }

        async fn answer(_: &DatabaseConnection, all: Vec<Self>) -> Vec<Result<usize, StoreError>> {
            for Self(gate) in &all {
                if let Some(gate) = gate {
                    gate.acquire().await.unwrap().forget();
                }
            }
            vec![Ok(all.len()); all.len()]
        }
    }

    struct Bench {
        db: DatabaseConnection,
        group: Group<Ask>,
        gate: Arc<Semaphore>,
    }

    impl Bench {
        async fn new() -> Self {
            let db = connect("sqlite::memory:", 1).await.unwrap();
            // What is asked here has no need of it.
            tokio::time::pause();
            Self {
                db,
                group: Group::default(),
                gate: Arc::new(Semaphore::new(0)),
            }
        }

        /// Has asked when it returns.
        async fn ask(&self, at_the_gate: bool) -> tokio::task::JoinHandle<usize> {
            let gate = at_the_gate.then(|| Arc::clone(&self.gate));
            let (db, group) = (self.db.clone(), self.group.clone());
            let asking = tokio::spawn(async move { group.ask(&db, Ask(gate)).await.unwrap() });
            yield_now().await;
            yield_now().await;
            asking
        }
    }

    #[tokio::test]
    async fn nobody_waits_for_company_and_whoever_comes_meanwhile_is_served_together() {
        let bench = Bench::new().await;
        let first = bench.ask(true).await;
        let mut others = Vec::new();
        for _ in 0..4 {
            others.push(bench.ask(false).await);
        }
        assert!(others.iter().all(|other| !other.is_finished()));
        bench.gate.add_permits(1);
        assert_eq!(first.await.unwrap(), 1);
        let mut together = Vec::new();
        for other in others {
            together.push(other.await.unwrap());
        }
        assert_eq!(together, [3, 3, 3, 1]);
    }

    #[tokio::test]
    async fn who_waits_for_a_group_that_stalls_is_served_by_another() {
        let bench = Bench::new().await;
        let stalls = bench.ask(true).await;
        let waits = bench.ask(false).await;
        let waits_too = bench.ask(false).await;
        tokio::time::advance(STALLED - Duration::from_millis(1)).await;
        assert!(!waits.is_finished());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(waits.await.unwrap(), 2);
        assert_eq!(waits_too.await.unwrap(), 2);
        assert!(!stalls.is_finished());
        bench.gate.add_permits(1);
        assert_eq!(stalls.await.unwrap(), 1);
        // All is as before: the next is alone again.
        assert_eq!(bench.ask(false).await.await.unwrap(), 1);
    }

    #[tokio::test]
    async fn who_waits_for_a_runtime_that_ended_is_served() {
        let bench = Bench::new().await;
        let ends = Runtime::new().unwrap();
        let gate = Some(Arc::clone(&bench.gate));
        let (db, group) = (bench.db.clone(), bench.group.clone());
        let serving = ends.spawn(async move { group.ask(&db, Ask(gate)).await.map(drop) });
        while bench.group.lock().underway == 0 || !bench.group.lock().waiting.is_empty() {
            yield_now().await;
        }
        let waits = bench.ask(false).await;
        ends.shutdown_background();
        assert!(serving.await.is_err(), "it was given up");
        assert_eq!(waits.await.unwrap(), 1);
    }

    #[tokio::test]
    async fn who_hangs_up_before_it_is_their_turn_asks_nothing() {
        let bench = Bench::new().await;
        let first = bench.ask(true).await;
        let hangs_up = bench.ask(false).await;
        let stays = bench.ask(false).await;
        hangs_up.abort();
        assert!(hangs_up.await.unwrap_err().is_cancelled());
        bench.gate.add_permits(1);
        assert_eq!(first.await.unwrap(), 1);
        assert_eq!(stays.await.unwrap(), 1);
    }
}
