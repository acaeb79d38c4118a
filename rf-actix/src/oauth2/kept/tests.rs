#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::UNIX_EPOCH;

use super::*;

type Answer = Result<&'static str, &'static str>;

/// A document, the clock, and who is asked.
struct Bench {
    kept: Kept<&'static str>,
    engine: Engine,
    clock: Clock,
    seconds: Arc<AtomicU64>,
    asked: Arc<AtomicUsize>,
}

impl Bench {
    fn new() -> Self {
        let seconds = Arc::new(AtomicU64::new(1_800_000_000));
        let told = Arc::clone(&seconds);
        Self {
            kept: Kept::new(Lifetime {
                fresh: Duration::from_secs(300),
                stale: Duration::from_secs(3600),
                pause: Duration::from_secs(10),
            }),
            engine: Engine::start("kept").unwrap(),
            clock: Clock::new(move || {
                UNIX_EPOCH + Duration::from_secs(told.load(Ordering::SeqCst))
            }),
            seconds,
            asked: Arc::default(),
        }
    }

    async fn get(
        &self,
        beyond: Option<u64>,
        answer: impl Future<Output = Answer> + Send + 'static,
    ) -> Result<Held<&'static str>, StoreError> {
        let asked = Arc::clone(&self.asked);
        let fetch = move || {
            asked.fetch_add(1, Ordering::SeqCst);
            answer
        };
        self.kept
            .get(&self.engine, &self.clock, beyond, fetch)
            .await
    }

    fn pass(&self, seconds: u64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// An answer that comes when it is sent.
fn later() -> (oneshot::Sender<Answer>, impl Future<Output = Answer> + Send) {
    let (send, answer) = oneshot::channel();
    (send, async { answer.await.unwrap_or(Err("never")) })
}

#[tokio::test]
async fn a_fetch_goes_on_when_whoever_asked_for_it_goes_away() {
    let bench = Bench::new();
    let (send, answer) = later();
    assert!(bench.get(None, answer).now_or_never().is_none());
    for _ in 0..50 {
        // Each goes away at once.
        assert!(
            bench
                .get(None, async { Err("again") })
                .now_or_never()
                .is_none()
        );
    }
    send.send(Ok("keys")).unwrap();
    let got = bench.get(None, async { Err("again") }).await.unwrap();
    assert_eq!((*got.document, bench.asked()), ("keys", 1));
}

#[tokio::test]
async fn an_unknown_key_is_asked_for_once_a_pause_though_nobody_waits_for_the_answer() {
    let bench = Bench::new();
    bench.get(None, async { Ok("keys") }).await.unwrap();
    bench.pass(11);
    let (send, answer) = later();
    assert!(bench.get(Some(1), answer).now_or_never().is_none());
    for _ in 0..50 {
        assert!(
            bench
                .get(Some(1), async { Err("again") })
                .now_or_never()
                .is_none()
        );
    }
    send.send(Err("away")).unwrap();
    for _ in 0..50 {
        let got = bench.get(Some(1), async { Err("again") }).await.unwrap();
        assert!(got.outdated);
    }
    assert_eq!(bench.asked(), 2);
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_wait_and_kept_for_the_pause() {
    let bench = Bench::new();
    let (send, answer) = later();
    let (first, second, ()) = tokio::join!(
        bench.get(None, answer),
        bench.get(None, async { Err("again") }),
        async { send.send(Err("away")).unwrap() },
    );
    assert!(first.is_err() && second.is_err());
    assert!(bench.get(None, async { Ok("keys") }).await.is_err());
    assert_eq!(bench.asked(), 1);
    bench.pass(10);
    assert!(bench.get(None, async { Ok("keys") }).await.is_ok());
}

#[tokio::test]
async fn nobody_waits_for_a_server_that_was_away_where_the_old_document_will_do() {
    let bench = Bench::new();
    bench.get(None, async { Ok("old") }).await.unwrap();
    bench.pass(301);
    // One waits, and the others go on meanwhile.
    let (send, answer) = later();
    let waiting = bench.get(None, answer);
    tokio::pin!(waiting);
    assert!(waiting.as_mut().now_or_never().is_none());
    let other = bench.get(None, async { Err("again") }).now_or_never();
    assert_eq!(*other.unwrap().unwrap().document, "old");
    send.send(Err("away")).unwrap();
    assert_eq!(*waiting.await.unwrap().document, "old");
    // From then on nobody does, however long the next answer takes.
    bench.pass(11);
    let (send, answer) = later();
    let got = bench.get(None, answer).now_or_never();
    assert_eq!(*got.unwrap().unwrap().document, "old");
    send.send(Ok("new")).unwrap();
    let got = bench.get(Some(1), async { Err("again") }).await.unwrap();
    assert_eq!((*got.document, bench.asked()), ("new", 3));
}

#[tokio::test]
async fn the_same_document_is_the_same_generation() {
    let bench = Bench::new();
    for (answer, generation) in [("a", 1), ("a", 1), ("b", 2), ("b", 2), ("a", 3)] {
        let got = bench.get(None, async move { Ok(answer) }).await.unwrap();
        assert_eq!((*got.document, got.generation), (answer, generation));
        bench.pass(301);
    }
    assert_eq!(bench.asked(), 5);
}

#[tokio::test]
async fn a_document_is_fetched_anew_after_the_clock_was_set_back() {
    let bench = Bench::new();
    bench.get(None, async { Ok("a") }).await.unwrap();
    bench.seconds.fetch_sub(3000, Ordering::SeqCst);
    let got = bench.get(None, async { Ok("b") }).await.unwrap();
    assert_eq!(*got.document, "b");
}

#[tokio::test]
async fn a_fetch_that_panics_is_a_failure() {
    let bench = Bench::new();
    let got = bench.get(None, async { panic!("in the fetch") }).await;
    assert!(got.unwrap_err().to_string().contains("panicked"));
    bench.pass(10);
    assert!(bench.get(None, async { Ok("keys") }).await.is_ok());
}
