//! A document of another server: fetched when it is needed, once for all who want it, and kept for a while.

use std::fmt::Display;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::Shared;
use tokio::sync::oneshot;

use super::error::StoreError;
use super::model::{Clock, Timestamp};
use crate::engine::Engine;

#[cfg(test)]
mod tests;

/// How long a document counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetime {
    /// So long it is not asked for again.
    pub(crate) fresh: Duration,
    /// So long it is used while it cannot be had anew.
    pub(crate) stale: Duration,
    /// At least this long lies between two attempts.
    pub(crate) pause: Duration,
}

/// The last document that was got, and what became of the last attempt.
#[derive(Debug)]
pub(crate) struct Kept<T>(Arc<Shelf<T>>);

#[derive(Debug)]
struct Shelf<T> {
    lifetime: Lifetime,
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    got: Option<(Held<T>, Timestamp)>,
    tried_at: Option<Timestamp>,
    failure: Option<String>,
    /// Ends with the fetch that runs.
    running: Option<Ended>,
}

type Ended = Shared<oneshot::Receiver<()>>;

/// A document, and the how manieth it is.
#[derive(Debug)]
pub(crate) struct Held<T> {
    pub(crate) document: Arc<T>,
    pub(crate) generation: u64,
    /// A newer one was wanted, and could not be had.
    pub(crate) outdated: bool,
}

impl<T> Clone for Held<T> {
    fn clone(&self) -> Self {
        Self {
            document: Arc::clone(&self.document),
            ..*self
        }
    }
}

enum Look<T> {
    Use(Held<T>),
    Fail(StoreError),
    /// It should be fetched; until then the old one will do, if there is one.
    Fetch(Option<Held<T>>),
}

impl<T: PartialEq + Send + Sync + 'static> Kept<T> {
    pub(crate) fn new(lifetime: Lifetime) -> Self {
        let state = State {
            got: None,
            tried_at: None,
            failure: None,
            running: None,
        };
        Self(Arc::new(Shelf {
            lifetime,
            state: Mutex::new(state),
        }))
    }

    /// The document; a newer one than that of generation `beyond`, if one is named and may be asked for already.
    ///
    /// What `fetch` makes runs on `engine`, to its end: whoever goes away while waiting neither stops it nor makes it
    /// be asked again.
    pub(crate) async fn get<E, F>(
        &self,
        engine: &Engine,
        clock: &Clock,
        beyond: Option<u64>,
        fetch: impl FnOnce() -> F,
    ) -> Result<Held<T>, StoreError>
    where
        E: Display,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let ended = {
            let mut state = self.0.lock();
            let old = match state.look(self.0.lifetime, clock.now(), beyond) {
                Look::Use(held) => return Ok(held),
                Look::Fail(error) => return Err(error),
                Look::Fetch(old) => old.filter(|_| beyond.is_none()),
            };
            let (ended, somebody_waits) = match &state.running {
                Some(ended) => (ended.clone(), true),
                None => (self.start(&mut state, engine, clock, fetch()), false),
            };
            match old {
                // One waits, so that a key that was withdrawn is seen to be; nobody, where the last attempt failed:
                // this one may take as long and find as little.
                Some(old) if somebody_waits || state.failure.is_some() => return Ok(old),
                _ => ended,
            }
        };
        // That it ended is all there is to know: what it found was noted before.
        let _ = ended.await;
        match (self.0.lock()).look(self.0.lifetime, clock.now(), beyond) {
            Look::Use(held) | Look::Fetch(Some(held)) => Ok(held),
            Look::Fail(error) => Err(error),
            Look::Fetch(None) => Err(StoreError::new("the answer was outdated when it came")),
        }
    }

    fn start<E: Display>(
        &self,
        state: &mut State<T>,
        engine: &Engine,
        clock: &Clock,
        fetch: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Ended {
        let (end, ended) = oneshot::channel();
        let ended = ended.shared();
        state.running = Some(ended.clone());
        let (shelf, clock) = (Arc::clone(&self.0), clock.clone());
        let work = async move {
            let fetched = AssertUnwindSafe(fetch).catch_unwind().await;
            let fetched = fetched.map_or_else(
                |_| Err("reading it panicked".to_owned()),
                |fetched| fetched.map_err(|error| error.to_string()),
            );
            shelf.lock().note(clock.now(), fetched);
            drop(end);
        };
        engine.spawn(work).detach();
        ended
    }

    /// The document, when it need not be fetched.
    pub(crate) fn fresh(&self, now: Timestamp) -> Option<Held<T>> {
        match self.0.lock().look(self.0.lifetime, now, None) {
            Look::Use(held) => Some(held),
            Look::Fail(_) | Look::Fetch(_) => None,
        }
    }
}

impl<T> Shelf<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: PartialEq> State<T> {
    fn look(&self, lifetime: Lifetime, now: Timestamp, beyond: Option<u64>) -> Look<T> {
        let paused = self
            .tried_at
            .is_some_and(|at| now.distance(at) < lifetime.pause);
        let usable = self
            .got
            .as_ref()
            .filter(|(_, at)| now.distance(*at) < lifetime.stale);
        let Some((held, at)) = usable else {
            return match &self.failure {
                Some(failure) if paused => Look::Fail(StoreError::new(failure.clone())),
                _ => Look::Fetch(None),
            };
        };
        let wanted = beyond == Some(held.generation);
        let mut held = held.clone();
        if paused || (now.distance(*at) < lifetime.fresh && !wanted) {
            held.outdated = wanted && self.failure.is_some();
            return Look::Use(held);
        }
        Look::Fetch(Some(held))
    }

    fn note(&mut self, now: Timestamp, fetched: Result<T, String>) {
        self.running = None;
        self.tried_at = Some(now);
        match fetched {
            Ok(document) => {
                let held = match self.got.take() {
                    // What was found out by the same document still holds.
                    Some((held, _)) if *held.document == document => held,
                    older => Held {
                        document: Arc::new(document),
                        generation: older.map_or(1, |(held, _)| held.generation + 1),
                        outdated: false,
                    },
                };
                self.got = Some((held, now));
                self.failure = None;
            }
            Err(error) => {
                log::warn!(target: "rf::oauth2", "another server could not be asked: {error}");
                self.failure = Some(error);
            }
        }
    }
}
