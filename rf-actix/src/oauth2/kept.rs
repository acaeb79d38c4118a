//! A document of another server: fetched when it is needed, by one at a time, and kept for a while.

use std::fmt::Display;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::error::StoreError;
use super::model::{Clock, Timestamp};

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
pub(crate) struct Kept<T> {
    lifetime: Lifetime,
    state: Mutex<State<T>>,
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State<T> {
    got: Option<(Held<T>, Timestamp)>,
    tried_at: Option<Timestamp>,
    failure: Option<String>,
}

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

impl<T> Kept<T> {
    pub(crate) fn new(lifetime: Lifetime) -> Self {
        let state = State {
            got: None,
            tried_at: None,
            failure: None,
        };
        Self {
            lifetime,
            state: Mutex::new(state),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// The document; a newer one than that of generation `beyond`, if one is named and may be asked for already.
    pub(crate) async fn get<E: Display>(
        &self,
        clock: &Clock,
        beyond: Option<u64>,
        fetch: impl Future<Output = Result<T, E>>,
    ) -> Result<Held<T>, StoreError> {
        let _turn = match self.look(clock.now(), beyond) {
            Look::Use(held) => return Ok(held),
            Look::Fail(error) => return Err(error),
            Look::Fetch(old) => match (self.turn.try_lock(), old) {
                (Ok(turn), _) => turn,
                // Somebody is at it: nobody waits who need not.
                (Err(_), Some(old)) if beyond.is_none() => return Ok(old),
                (Err(_), _) => self.turn.lock().await,
            },
        };
        match self.look(clock.now(), beyond) {
            Look::Use(held) => return Ok(held),
            Look::Fail(error) => return Err(error),
            Look::Fetch(_) => {}
        }
        // Nothing is noted before the answer: whoever goes away while waiting leaves the turn to the next.
        let fetched = fetch.await;
        self.note(clock.now(), fetched);
        match self.look(clock.now(), beyond) {
            Look::Use(held) | Look::Fetch(Some(held)) => Ok(held),
            Look::Fail(error) => Err(error),
            Look::Fetch(None) => Err(StoreError::new("the answer was outdated when it came")),
        }
    }

    /// The document, when it need not be fetched.
    pub(crate) fn fresh(&self, now: Timestamp) -> Option<Held<T>> {
        match self.look(now, None) {
            Look::Use(held) => Some(held),
            Look::Fail(_) | Look::Fetch(_) => None,
        }
    }

    fn look(&self, now: Timestamp, beyond: Option<u64>) -> Look<T> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let paused = state
            .tried_at
            .is_some_and(|at| now.since(at) < self.lifetime.pause);
        let usable = state
            .got
            .as_ref()
            .filter(|(_, at)| now.since(*at) < self.lifetime.stale);
        let Some((held, at)) = usable else {
            return match &state.failure {
                Some(failure) if paused => Look::Fail(StoreError::new(failure.clone())),
                _ => Look::Fetch(None),
            };
        };
        let wanted = beyond == Some(held.generation);
        let mut held = held.clone();
        if paused || (now.since(*at) < self.lifetime.fresh && !wanted) {
            held.outdated = wanted && state.failure.is_some();
            return Look::Use(held);
        }
        Look::Fetch(Some(held))
    }

    fn note<E: Display>(&self, now: Timestamp, fetched: Result<T, E>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.tried_at = Some(now);
        match fetched {
            Ok(document) => {
                let generation = state
                    .got
                    .as_ref()
                    .map_or(1, |(held, _)| held.generation + 1);
                let held = Held {
                    document: Arc::new(document),
                    generation,
                    outdated: false,
                };
                state.got = Some((held, now));
                state.failure = None;
            }
            Err(error) => {
                log::warn!(target: "rf::oauth2", "another server could not be asked: {error}");
                state.failure = Some(error.to_string());
            }
        }
    }
}
