#![allow(clippy::unwrap_used, reason = "tests")]

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
async fn what_is_degraded_says_so_and_stays_ready_until_something_fails() {
    let health = Health::new();
    health.check("fine", || async { Ok::<_, String>(()) });
    health.check_degraded("disk", || async { Ok::<_, String>(Some("3 wait".into())) });
    let report = health.report().await;
    assert_eq!(
        (report.status(), report.is_ready()),
        (Status::Degraded, true)
    );
    assert_eq!(report.checks()["disk"].message(), Some("3 wait"));
    let told = serde_json::to_value(&report).unwrap();
    assert_eq!(told["checks"]["disk"]["status"], "degraded");
    health.check("broken", || async { Err("down") });
    let report = health.report().await;
    assert_eq!(
        (report.status(), report.is_ready()),
        (Status::Failed, false)
    );
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
    let health = metrics.health();
    counted(health, || Err("down".into()));
    health.check_degraded("slow", || async { Ok::<_, String>(Some("3 wait".into())) });
    health.check("fine", || async { Ok::<_, String>(()) });
    health.report().await;
    health.drain();
    let text = metrics.encode();
    for (check, up, degraded) in [("counted", 0, 0), ("slow", 1, 1), ("fine", 1, 0)] {
        for line in [
            format!("health_check_up{{check=\"{check}\"}} {up}\n"),
            format!("health_check_degraded{{check=\"{check}\"}} {degraded}\n"),
        ] {
            assert!(text.contains(&line), "{line} in {text}");
        }
    }
    assert!(text.contains("health_draining 1\n"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_scrape_waits_a_moment_for_a_slow_check_and_the_next_one_shows_its_answer() {
    const SLOW: Duration = Duration::from_secs(30);
    let metrics = Metrics::new();
    let health = metrics.health();
    health.check_within(
        "warehouse",
        SLOW,
        std::future::pending::<Result<(), String>>,
    );
    health.check("fine", || async { Ok::<_, String>(()) });
    let began = Instant::now();
    health.refresh().await;
    assert_eq!(began.elapsed(), MOMENT);
    let text = metrics.encode();
    assert!(
        text.contains("health_check_up{check=\"fine\"} 1\n"),
        "{text}"
    );
    assert!(
        !text.contains("check=\"warehouse\""),
        "not known yet: {text}"
    );
    tokio::time::sleep(SLOW).await;
    let text = metrics.encode();
    assert!(
        text.contains("health_check_up{check=\"warehouse\"} 0\n"),
        "{text}"
    );
}
