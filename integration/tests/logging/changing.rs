//! What is logged changes while the program runs.

use crate::server::Lines;
use rf::logging::Level;
use std::{
    thread,
    time::{Duration, Instant},
};

#[test]
fn a_level_for_a_while_ends_by_itself_and_in_all_threads() {
    let lines = Lines::default();
    let logger = lines
        .builder()
        .level(Level::Info)
        .build()
        .expect("a logger");
    logger.set_level_for(Level::Trace, Duration::from_secs(2));
    let seen = thread::scope(|scope| {
        let seen = scope.spawn(|| logger.enabled(Level::Trace, "anything"));
        seen.join().expect("no panic")
    });
    assert!(seen);
    let begun = Instant::now();
    while logger.enabled(Level::Trace, "anything") {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never ends");
        thread::yield_now();
    }
    assert!(begun.elapsed() < Duration::from_secs(20) && logger.enabled(Level::Info, "anything"));
}

#[test]
fn directives_are_changed_while_running_and_junk_changes_nothing() {
    let lines = Lines::default();
    let logger = lines
        .builder()
        .level(Level::Info)
        .build()
        .expect("a logger");
    logger
        .set_directives("noisy=error,mine=trace")
        .expect("directives");
    assert!(logger.enabled(Level::Trace, "mine::inner") && !logger.enabled(Level::Warn, "noisy"));
    logger.set_directives("noisy=loud").expect_err("junk");
    logger
        .set_directives_for("noisy", Duration::from_secs(1))
        .expect_err("junk");
    assert!(logger.enabled(Level::Trace, "mine::inner") && !logger.enabled(Level::Warn, "noisy"));
    logger
        .set_directives_for("debug", Duration::from_secs(3600))
        .expect("directives");
    assert!(logger.enabled(Level::Debug, "noisy") && !logger.enabled(Level::Trace, "mine"));
    logger.set_level(Level::Warn);
    assert!(logger.enabled(Level::Trace, "mine") && !logger.enabled(Level::Info, "other"));
}
