//! One logger for the process. Everything here shares it, so there is one test.

use crate::server::{self, Lines};
use actix_web::web;
use rf::logging::{Error, ErrorReport, ErrorTracker, Level};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};

fn routes(config: &mut web::ServiceConfig) {
    config.route("/", web::get().to(async || {
        log::info!(target: "library::log", "from the log crate, password=hunter2");
        tracing::warn!(target: "library::tracing", count = 3_u64, client_secret = "hunter2", "from the tracing crate");
        tracing::debug!(target: "sea_orm::driver", "SELECT * FROM users WHERE name = 'hunter2'");
        "done"
    }));
}

/// Panics that were reported, and how often that was waited for.
#[derive(Default)]
struct Counting(AtomicUsize, AtomicUsize);

struct Tracker(Arc<Counting>);

impl ErrorTracker for Tracker {
    fn report(&self, report: &ErrorReport<'_>) {
        if report.is_panic() {
            self.0.0.fetch_add(1, Relaxed);
        }
    }

    fn flush(&self, _: Instant) -> bool {
        self.0.1.fetch_add(1, Relaxed);
        true
    }
}

fn never() -> u8 {
    panic!("and not evaluated")
}

#[actix_web::test]
async fn the_installed_logger_gets_what_libraries_say_once_and_under_its_filter() {
    let lines = Lines::default();
    let reported = Arc::new(Counting::default());
    let logger = lines
        .builder()
        .level(Level::Info)
        .directives("quiet=off,sea_orm=debug")
        .panic_hook()
        .on_error(Tracker(Arc::clone(&reported)))
        .build()
        .expect("nothing to refuse");
    rf::info!("nobody listens yet");
    logger.install().expect("the first is accepted");
    assert!(
        matches!(logger.install(), Err(Error::AlreadyInstalled(_))),
        "a second one is refused"
    );
    let other = Lines::default()
        .builder()
        .build()
        .expect("nothing to refuse");
    assert!(
        matches!(other.install(), Err(Error::AlreadyInstalled(_))),
        "whoever it is"
    );

    // Outside of requests.
    rf::info!("user {} logged in", "me"; "user_id" => 7, "ip" => %std::net::Ipv4Addr::LOCALHOST);
    rf::debug!("not wanted"; "evaluated" => never());
    log::info!(target: "quiet::inner", "not wanted");
    tracing::error!(target: "quiet", "not wanted");
    log::debug!(target: "loud", "not wanted yet");
    assert!(!log::log_enabled!(target: "loud", log::Level::Debug));
    logger.set_level(Level::Debug);
    log::debug!(target: "loud", "wanted now");
    tracing::debug!(target: "loud", "wanted now too");
    logger.set_level(Level::Info);
    log::debug!(target: "loud", "not wanted any more");
    tracing::debug!(target: "loud", "not wanted any more");

    // Under a request whose logger is another one: that one gets them.
    let server = server::start(routes);
    let client = reqwest::Client::new();
    client
        .get(server.url("/"))
        .header("x-request-id", "mine")
        .send()
        .await
        .expect("an answer");
    server.lines.access("/");
    let by = |target: &str| server.lines.wait_for(|line| line["target"] == target);
    assert_eq!(
        by("library::log")["msg"],
        "from the log crate, password=[redacted]"
    );
    let event = by("library::tracing");
    assert_eq!(
        (&event["level"], &event["msg"], &event["count"]),
        (&"WARN".into(), &"from the tracing crate".into(), &3.into())
    );
    assert_eq!(event["client_secret"], "[redacted]");
    assert_eq!(
        by("sea_orm::driver")["msg"],
        "SELECT * FROM users WHERE name = ?"
    );
    for target in ["library::log", "library::tracing", "sea_orm::driver"] {
        assert_eq!(by(target)["request_id"], "mine");
        assert_eq!(
            server.lines.count(|line| line["target"] == target),
            1,
            "once"
        );
    }

    // A panic is written, and no request waits until it is reported too.
    std::thread::spawn(|| panic!("as the test wants it"))
        .join()
        .expect_err("it panicked");
    let panic = lines.wait_for(|line| line["msg"] == "as the test wants it");
    assert_eq!(
        (reported.0.load(Relaxed), reported.1.load(Relaxed)),
        (1, 0),
        "reported, and waited for"
    );
    assert_eq!(
        (&panic["level"], &panic["target"]),
        (&"ERROR".into(), &"panic".into())
    );
    assert!(
        panic["location"]
            .as_str()
            .is_some_and(|place| place.contains("install.rs"))
    );

    logger.flush().expect("memory takes all lines");
    assert_eq!(reported.1.load(Relaxed), 1, "a flush waits for reports");
    let mine = |line: &&serde_json::Value| {
        line["target"] == "loud"
            || line["target"] == "quiet"
            || line["msg"] == "user me logged in"
            || line["msg"] == "not wanted"
    };
    let messages: Vec<_> = lines
        .all()
        .iter()
        .filter(mine)
        .map(|line| line["msg"].clone())
        .collect();
    assert_eq!(
        messages,
        ["user me logged in", "wanted now", "wanted now too"]
    );
    let login = lines.wait_for(|line| line["msg"] == "user me logged in");
    assert_eq!(
        (&login["user_id"], &login["ip"]),
        (&7.into(), &"127.0.0.1".into())
    );
}
