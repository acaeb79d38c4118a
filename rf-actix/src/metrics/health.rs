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
    families: OnceLock<(Labelled<Gauge, 1>, Gauge)>,
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

    /// Like [`check`](Self::check), with its own time limit.
    pub fn check_within<F, R, E>(&self, name: &str, limit: Duration, probe: F)
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: fmt::Display,
    {
        let check = Check {
            limit,
            probe: Box::new(move || {
                let answer = probe();
                Box::pin(async move { Outcome::of(answer.await) })
            }),
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
        if let Some((_, draining)) = self.0.families.get() {
            draining.set(1);
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
            (name, outcome)
        });
        let checks: BTreeMap<_, _> = join_all(answers).await.into_iter().collect();
        if let Some((up, _)) = self.0.families.get() {
            for (name, outcome) in &checks {
                up.bind([name]).set(u8::from(outcome.is_ok()));
            }
        }
        // It may have begun while the checks ran.
        let status = if self.is_draining() {
            Status::Draining
        } else if checks.values().all(Outcome::is_ok) {
            Status::Ok
        } else {
            Status::Failed
        };
        Report { status, checks }
    }

    /// Shows the checks as metrics too.
    pub(super) fn register_on(&self, metrics: &Metrics) -> Result<(), Error> {
        let up = metrics
            .gauge("health_check_up")
            .help("Whether the check passed when it was last asked (1) or not (0)")
            .labels(["check"])?;
        let draining = metrics
            .gauge("health_draining")
            .help("Whether the app is draining before its end (1) or not (0)")
            .try_handle()?;
        self.0.families.get_or_init(|| (up, draining));
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
    fn of(answer: Result<(), impl fmt::Display>) -> Self {
        match answer {
            Ok(()) => Self {
                status: Status::Ok,
                message: None,
            },
            Err(failed) => Self::failed(&failed.to_string()),
        }
    }

    fn failed(message: &str) -> Self {
        let shown = message.chars().filter(|c| !c.is_control());
        Self {
            status: Status::Failed,
            message: Some(shown.take(MESSAGE_CHARS).collect()),
        }
    }

    /// Whether the check passed.
    pub fn is_ok(&self) -> bool {
        self.status == Status::Ok
    }

    /// Why it did not.
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
        self.status == Status::Ok
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
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    fn counted(health: &Health, answer: fn() -> Result<(), String>) -> Arc<AtomicU32> {
        let asked = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&asked);
        health.check("counted", move || {
            counter.fetch_add(1, Ordering::Relaxed);
            async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                answer()
            }
        });
        asked
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_hangs_has_failed_after_its_limit() {
        let health = Health::new();
        health.check("hangs", std::future::pending::<Result<(), String>>);
        health.check("fine", || async { Ok::<_, String>(()) });
        let began = Instant::now();
        let report = health.report().await;
        assert_eq!(began.elapsed(), LIMIT);
        assert_eq!(report.status(), Status::Failed);
        assert!(report.checks()["fine"].is_ok() && !report.checks()["hangs"].is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn many_probes_are_one_check_until_the_answer_is_old() {
        let health = Health::new();
        let asked = counted(&health, || Ok(()));
        join_all((0..50).map(|_| health.report())).await;
        health.report().await;
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        tokio::time::advance(FRESH).await;
        health.report().await;
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn draining_is_told_at_once_and_asks_nothing() {
        let health = Health::new();
        let asked = counted(&health, || Ok(()));
        health.clone().drain();
        let report = health.report().await;
        assert_eq!(
            (report.status(), report.is_ready()),
            (Status::Draining, false)
        );
        assert_eq!(asked.load(Ordering::Relaxed), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_panics_has_failed_and_the_others_answer() {
        let health = Health::new();
        health.check("panics", || -> std::future::Ready<Result<(), String>> {
            panic!("on purpose")
        });
        health.check("fine", || async { Ok::<_, String>(()) });
        let report = health.report().await;
        assert_eq!(
            report.checks()["panics"].message(),
            Some("the check panicked")
        );
        assert!(report.checks()["fine"].is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_message_is_cut_and_has_no_control_characters() {
        let health = Health::new();
        health.check("wordy", || async {
            Err(format!("a\nb\u{1b}[31m{}", "é".repeat(500)))
        });
        let report = health.report().await;
        let message = report.checks()["wordy"].message().unwrap();
        assert_eq!(message.chars().count(), MESSAGE_CHARS);
        assert!(message.starts_with("ab[31mé"), "{message}");
    }

    #[tokio::test(start_paused = true)]
    async fn checks_are_metrics_too() {
        let metrics = Metrics::new();
        counted(metrics.health(), || Err("down".into()));
        metrics.health().report().await;
        metrics.health().drain();
        let text = metrics.encode();
        assert!(
            text.contains("health_check_up{check=\"counted\"} 0\n"),
            "{text}"
        );
        assert!(text.contains("health_draining 1\n"), "{text}");
    }
}
