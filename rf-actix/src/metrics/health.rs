//! Whether the app can serve: named checks, time-limited and cached, and draining before the end.

use std::{
    collections::BTreeMap,
    fmt,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt, future::join_all};
use serde::Serialize;
use tokio::time::Instant;

use super::{Metrics, draft::Labelled, error::Error, handle::Gauge};

/// A probe waits seconds, not minutes: a check that takes longer has failed.
const LIMIT: Duration = Duration::from_secs(2);

/// How long an outcome is told again, so that many probes are one check.
const FRESH: Duration = Duration::from_secs(1);

/// How long a scrape waits for answers: its other numbers are not to wait for a check that is slow.
const MOMENT: Duration = Duration::from_secs(1);

/// Messages are for people at a terminal, and may be seen by strangers: they are cut here.
const MESSAGE_CHARS: usize = 120;

/// The checks behind `/health/ready`. Cheap to clone; all clones are the same checks.
///
/// ```
/// # async fn example() {
/// let metrics = rf::metrics::Metrics::new();
/// let health = metrics.health();
/// health.check("database", || async { Err("no connection within 1 s") });
/// assert!(!health.report().await.is_ready());
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(example());
/// ```
#[derive(Clone, Default)]
pub struct Health(Arc<Inner>);

#[derive(Default)]
struct Inner {
    draining: AtomicBool,
    checks: RwLock<BTreeMap<String, Arc<Check>>>,
    families: OnceLock<Families>,
}

struct Families {
    up: Labelled<Gauge, 1>,
    degraded: Labelled<Gauge, 1>,
    draining: Gauge,
}

type Probe = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync>;

struct Check {
    limit: Duration,
    probe: Probe,
    /// Held while the probe runs: whoever asks meanwhile waits for that answer.
    last: tokio::sync::Mutex<Option<(Instant, Outcome)>>,
}

impl Health {
    /// No checks, not draining.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check, or replaces the one of that name. It may take two seconds, and its answer is told for one.
    ///
    /// The name and the error's text (its first 120 characters) are shown to whoever asks: no secrets in them.
    pub fn check<F, R, E>(&self, name: &str, probe: F)
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: fmt::Display,
    {
        self.check_within(name, LIMIT, probe);
    }

    /// Like [`check`](Self::check), for what may work with less than it should have: `Some` text passes as
    /// [`Degraded`](Status::Degraded), and the app stays ready.
    ///
    /// ```
    /// # async fn example() {
    /// let metrics = rf::metrics::Metrics::new();
    /// let waiting = || Some(format!("{} mails wait for the server", 3));
    /// metrics.health().check_degraded("mail", move || async move { Ok::<_, String>(waiting()) });
    /// assert!(metrics.health().report().await.is_ready());
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(example());
    /// ```
    pub fn check_degraded<F, R, E>(&self, name: &str, probe: F)
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<Option<String>, E>> + Send + 'static,
        E: fmt::Display,
    {
        let probe = move || {
            let answer = probe();
            async move { Outcome::of(answer.await) }
        };
        self.add(name, LIMIT, probe);
    }

    /// Like [`check`](Self::check), with its own time limit.
    pub fn check_within<F, R, E>(&self, name: &str, limit: Duration, probe: F)
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: fmt::Display,
    {
        let probe = move || {
            let answer = probe();
            async move { Outcome::of(answer.await.map(|()| None)) }
        };
        self.add(name, limit, probe);
    }

    fn add<F, R>(&self, name: &str, limit: Duration, probe: F)
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Outcome> + Send + 'static,
    {
        let check = Check {
            limit,
            probe: Box::new(move || Box::pin(probe())),
            last: tokio::sync::Mutex::default(),
        };
        let mut checks = self
            .0
            .checks
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        checks.insert(name.to_owned(), Arc::new(check));
    }

    /// From now on the app is not ready, whatever the checks say; it is still alive, and requests are served.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Release);
        if let Some(families) = self.0.families.get() {
            families.draining.set(1);
        }
    }

    /// Whether [`drain`](Self::drain) was called.
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Acquire)
    }

    /// Asks every check at once, unless draining: then the answer is known.
    pub async fn report(&self) -> Report {
        if self.is_draining() {
            return Report {
                status: Status::Draining,
                checks: BTreeMap::new(),
            };
        }
        let checks = self
            .0
            .checks
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let answers = checks.into_iter().map(|(name, check)| async move {
            let outcome = check.outcome().await;
            // Each as it comes: no answer waits for another one to be shown.
            if let Some(families) = self.0.families.get() {
                let degraded = outcome.status == Status::Degraded;
                families.up.bind([&name]).set(u8::from(outcome.is_ok()));
                families.degraded.bind([&name]).set(u8::from(degraded));
            }
            (name, outcome)
        });
        let checks: BTreeMap<_, _> = join_all(answers).await.into_iter().collect();
        // It may have begun while the checks ran.
        let status = if self.is_draining() {
            Status::Draining
        } else if !checks.values().all(Outcome::is_ok) {
            Status::Failed
        } else if checks
            .values()
            .any(|check| check.status == Status::Degraded)
        {
            Status::Degraded
        } else {
            Status::Ok
        };
        Report { status, checks }
    }

    /// Asks the checks whose answer is old, so that their gauges are of now, and waits a moment for them. Who answers
    /// later is shown by the next scrape.
    pub(super) async fn refresh(&self) {
        let health = self.clone();
        let asked = tokio::spawn(async move { health.report().await });
        let _ = tokio::time::timeout(MOMENT, asked).await;
    }

    /// Shows the checks as metrics too.
    pub(super) fn register_on(&self, metrics: &Metrics) -> Result<(), Error> {
        let up = metrics
            .gauge("health_check_up")
            .help("Whether the check passed when it was last asked (1) or not (0)")
            .labels(["check"])?;
        let degraded = metrics
            .gauge("health_check_degraded")
            .help("Whether the check passed with less than it should have (1) or not (0)")
            .labels(["check"])?;
        let draining = metrics
            .gauge("health_draining")
            .help("Whether the app is draining before its end (1) or not (0)")
            .try_handle()?;
        self.0.families.get_or_init(|| Families {
            up,
            degraded,
            draining,
        });
        Ok(())
    }
}

impl Check {
    async fn outcome(&self) -> Outcome {
        let mut last = self.last.lock().await;
        if let Some((when, outcome)) = &*last
            && when.elapsed() < FRESH
        {
            return outcome.clone();
        }
        // Calling the closure may panic as well as awaiting its future.
        let run = AssertUnwindSafe(async { (self.probe)().await }).catch_unwind();
        let outcome = match tokio::time::timeout(self.limit, run).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Outcome::failed("the check panicked"),
            Err(_) => Outcome::failed("no answer within the time limit"),
        };
        *last = Some((Instant::now(), outcome.clone()));
        outcome
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let checks = self.0.checks.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Health")
            .field("draining", &self.is_draining())
            .field("checks", &checks.keys())
            .finish()
    }
}

/// What a check or all of them together say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// All is well.
    Ok,
    /// It works, with less than it should have.
    Degraded,
    /// Something is not.
    Failed,
    /// The app is about to end.
    Draining,
}

/// The answer of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl Outcome {
    fn of(answer: Result<Option<String>, impl fmt::Display>) -> Self {
        match answer {
            Ok(None) => Self {
                status: Status::Ok,
                message: None,
            },
            Ok(Some(degraded)) => Self::because(Status::Degraded, &degraded),
            Err(failed) => Self::failed(&failed.to_string()),
        }
    }

    fn failed(message: &str) -> Self {
        Self::because(Status::Failed, message)
    }

    fn because(status: Status, message: &str) -> Self {
        let shown = message.chars().filter(|c| !c.is_control());
        Self {
            status,
            message: Some(shown.take(MESSAGE_CHARS).collect()),
        }
    }

    /// Whether the check passed, be it degraded.
    pub fn is_ok(&self) -> bool {
        matches!(self.status, Status::Ok | Status::Degraded)
    }

    /// Why it did not, or what is degraded.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }
}

/// The answers of all checks, as `/health/ready` shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    status: Status,
    checks: BTreeMap<String, Outcome>,
}

impl Report {
    /// Whether requests should be sent here.
    pub fn is_ready(&self) -> bool {
        matches!(self.status, Status::Ok | Status::Degraded)
    }

    /// All checks together.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The checks by name; empty while draining, when none is asked.
    pub fn checks(&self) -> &BTreeMap<String, Outcome> {
        &self.checks
    }
}

#[cfg(test)]
mod tests;
