//! Tests that run side by side see their own records, each of them.

use actix_web::{App, test as under_test, web};
use rf::logging::{Capture, Level, Log, slog};
use std::{sync::Barrier, thread};

#[test]
fn records_of_tests_that_run_side_by_side_do_not_mix() {
    let together = Barrier::new(8);
    thread::scope(|scope| {
        for of in 0..8 {
            let together = &together;
            scope.spawn(move || {
                let logs = Capture::start();
                together.wait();
                for n in 0..100 {
                    rf::info!("by a macro"; "of" => of, "n" => n);
                    log::info!(target: "a_library", "by log {of}");
                    tracing::warn!(target: "a_library", of, "by tracing");
                }
                together.wait();
                let records = logs.records();
                assert_eq!(records.len(), 300);
                assert!(
                    logs.with_message("by a macro")
                        .iter()
                        .all(|record| record["of"] == of)
                );
                assert!(
                    logs.with_message("by tracing")
                        .iter()
                        .all(|record| record["of"] == of)
                );
                assert_eq!(logs.with_message(&format!("by log {of}")).len(), 100);
            });
        }
    });
}

#[test]
fn the_fields_of_a_record_are_asserted_on_without_a_flush() {
    let logs = Capture::start();
    rf::warn!("token {}", "refused"; "client_id" => "demo", "token" => "hunter2", "tries" => 3);
    let record = logs.only("token refused");
    assert_eq!(
        (record.level(), record.target()),
        (Level::Warn, module_path!())
    );
    assert_eq!(
        (&record["client_id"], &record["tries"]),
        (&"demo".into(), &3.into())
    );
    assert_eq!(record["token"], "[redacted]");
    assert!(record["nothing"].is_null());
    logs.assert_none(Level::Error);
}

#[test]
#[should_panic(expected = "these were logged")]
fn a_record_that_must_not_be_there_fails_the_test() {
    let logs = Capture::start();
    rf::error!("wrong");
    logs.assert_none(Level::Warn);
}

#[test]
#[should_panic(expected = "0 records say")]
fn a_record_that_is_missing_fails_the_test() {
    let logs = Capture::start();
    let _record = logs.only("never logged");
}

#[actix_web::test]
async fn an_application_under_test_is_captured_with_its_requests() {
    let logs = Capture::start();
    let handler = async |log: Log| {
        slog::info!(log, "by the extractor");
        rf::info!("by a macro");
        rf::logging::RequestContext::current()
            .expect("a request")
            .add("user", "maria");
        rf::logging::block(|| rf::info!("in a thread"))
            .await
            .expect("it ends");
        "hello"
    };
    let app = App::new()
        .wrap(logs.logger().middleware())
        .route("/", web::get().to(handler));
    let app = under_test::init_service(app).await;
    let request = under_test::TestRequest::get()
        .uri("/")
        .insert_header(("x-request-id", "mine"))
        .to_request();
    under_test::call_and_read_body(&app, request).await;
    for message in ["by the extractor", "by a macro", "in a thread", "request"] {
        assert_eq!(logs.only(message)["request_id"], "mine", "{message}");
    }
    assert_eq!(logs.only("in a thread")["user"], "maria");
    assert_eq!(logs.only("request")["user"], "maria");
    assert!(
        logs.only("by a macro")["user"].is_null(),
        "before it was added"
    );
}

#[test]
fn a_slow_scope_is_a_warning_and_an_expression_keeps_its_value() {
    let logs = Capture::start();
    drop(rf::timed!("quick").warn_after(std::time::Duration::from_secs(3600)));
    drop(rf::timed!("slow").warn_after(std::time::Duration::ZERO));
    let sum = rf::timed!("sum" => [1, 2, 3].iter().sum::<i32>());
    assert_eq!(sum, 6);
    let records = logs.with_message("timed");
    let told: Vec<_> = records
        .iter()
        .map(|record| {
            (
                record["name"].as_str().unwrap_or(""),
                record.level(),
                record["slow"] == true,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("quick", Level::Info, false),
            ("slow", Level::Warn, true),
            ("sum", Level::Info, false)
        ]
    );
    assert!(records.iter().all(|record| record["duration_ms"].is_f64()));
}

fn never() -> u8 {
    panic!("and not evaluated")
}

#[test]
fn an_event_that_nobody_wants_evaluates_nothing() {
    let logs = Capture::start_with(|builder| builder.level(Level::Info));
    rf::debug!("not wanted {}", never(); "n" => never());
    assert!(logs.records().is_empty());
}
