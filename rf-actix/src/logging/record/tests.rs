#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use crate::logging::{
    Format, RequestContext, TraceContext,
    capture::{self, Capture},
    ids::Seed,
};
use serde_json::json;
use slog::{Record, Serializer};
use std::{
    fmt::{self, Display},
    sync::Arc,
};

/// The fields of the one JSON line that `log` leaves.
fn one(log: impl FnOnce(&slog::Logger)) -> Json {
    let text = capture::lines(Format::Json, log);
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn fields_come_in_the_order_they_were_written() {
    let text = capture::lines(Format::Json, |log| {
        let log = log.new(slog::o!("outer" => 1, "second" => 2));
        slog::info!(log, "hello"; "a" => 3, "b" => 4);
    });
    let keys: Vec<&str> = text
        .split('"')
        .filter(|part| text.contains(&format!("\"{part}\":")))
        .collect();
    assert_eq!(
        keys,
        ["ts", "level", "msg", "target", "outer", "second", "a", "b"]
    );
}

#[test]
fn each_key_is_there_once_and_the_innermost_value_wins() {
    let text = capture::lines(Format::Json, |log| {
        let log = log.new(slog::o!("who" => "outer", "kept" => true));
        slog::info!(log, "hello"; "who" => "first", "who" => "last");
    });
    assert_eq!(text.matches("\"who\"").count(), 1);
    assert!(
        text.contains("\"who\":\"last\"") && text.contains("\"kept\":true"),
        "{text}"
    );
}

#[test]
fn what_a_request_says_wins_over_what_all_records_say_and_stands_before_it() {
    let capture = Capture::default();
    let builder = capture.builder().context("user", "-");
    let logger = builder.context("service", "drive").build().unwrap();
    logger.share("tenant", "none");
    let trace = TraceContext::fresh(&Seed::draw());
    let context = RequestContext::new(Arc::new(logger.clone()), None, trace);
    context.add("user", "maria");
    context.add("tenant", "acme");
    slog::info!(context.slog(), "hello"; "a" => 1);
    slog::info!(logger.slog(), "outside");
    logger.shutdown().unwrap();
    let text = capture.text();
    let (inside, outside) = text.split_once('\n').unwrap();
    assert!(
        inside.ends_with("\"user\":\"maria\",\"tenant\":\"acme\",\"service\":\"drive\",\"a\":1}"),
        "{inside}"
    );
    assert!(
        outside.ends_with("\"user\":\"-\",\"service\":\"drive\",\"tenant\":\"none\"}\n"),
        "{outside}"
    );
}

#[test]
fn a_field_cannot_pass_for_what_the_pipeline_says() {
    let line = one(
        |log| slog::info!(log, "real"; "level" => "ERROR", "msg" => "fake", "ts" => 0, "target" => "x"),
    );
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["msg"], "real");
    assert_eq!(line["field.msg"], "fake");
    assert_eq!(line["field.level"], "ERROR");
    assert!(line["ts"].as_str().unwrap().ends_with('Z'));
    assert!(line["target"].as_str().unwrap().contains("record::tests"));
}

#[test]
fn numbers_keep_their_digits_and_what_is_no_number_is_null() {
    let text = capture::lines(Format::Json, |log| {
        slog::info!(log, "numbers"; "u" => u64::MAX, "i" => i64::MIN, "big" => u128::MAX, "f" => 0.1_f32,
            "nan" => f64::NAN, "inf" => f32::INFINITY);
    });
    for part in [
        "\"u\":18446744073709551615",
        "\"i\":-9223372036854775808",
        "\"big\":340282366920938463463374607431768211455",
        "\"f\":0.1,",
        "\"nan\":null",
        "\"inf\":null",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn an_error_value_includes_its_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("cannot store")]
    struct Outer(#[source] std::io::Error);
    let error = Outer(std::io::Error::other("disk full"));
    let line = one(|log| slog::error!(log, "failed"; "error" => #error));
    assert_eq!(line["error"], "cannot store: disk full");
}

#[test]
fn a_long_text_is_cut_at_a_character_and_flagged() {
    let long = "é".repeat(TEXT_LIMIT);
    let line =
        one(|log| slog::info!(log, "long"; "text" => &long, "shown" => %long, "short" => "s"));
    assert_eq!(line["text"].as_str().unwrap().len(), TEXT_LIMIT);
    assert_eq!(line["shown"].as_str().unwrap().len(), TEXT_LIMIT);
    assert_eq!(line["truncated"], true);
    assert_eq!(line["short"], "s");
}

struct Broken;

impl Display for Broken {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Err(fmt::Error)
    }
}

struct Panics;

impl Display for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("a value that panics while it is logged, as the test wants it")
    }
}

#[test]
fn a_value_that_fails_or_panics_loses_neither_the_record_nor_the_worker() {
    let text = capture::lines(Format::Json, |log| {
        slog::info!(log, "fails"; "bad" => %Broken, "good" => 1);
        slog::info!(log, "panics"; "bad" => %Panics, "good" => 1);
        slog::info!(log, "{}", Panics);
        slog::info!(log, "after");
    });
    let lines: Vec<Json> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["good"], 1);
    assert_eq!(lines[1]["msg"], "panics");
    assert_eq!(lines[1]["log_error"], "a value panicked");
    assert_eq!(lines[2]["log_error"], "a value panicked");
    assert_eq!(lines[3]["msg"], "after");
}

struct Logs(slog::Logger);

impl Display for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        slog::info!(self.0, "inner"; "key" => "inner value");
        f.write_str("outer value")
    }
}

#[test]
fn a_value_may_log_while_it_is_formatted() {
    let text = capture::lines(
        Format::Json,
        |log| slog::info!(log, "outer"; "key" => %Logs(log.clone())),
    );
    let lines: Vec<Json> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (&lines[0]["msg"], &lines[0]["key"]),
        (&json!("inner"), &json!("inner value"))
    );
    assert_eq!(
        (&lines[1]["msg"], &lines[1]["key"]),
        (&json!("outer"), &json!("outer value"))
    );
}

#[test]
fn secrets_are_replaced_by_key_and_inside_nested_values() {
    let nested = slog::Serde(
        json!({ "user": "a", "Password": "hunter2", "list": [{ "api_key": 12 }], "token": null }),
    );
    let line = one(|log| {
        slog::info!(log, "login with password=hunter2"; "client_secret" => "hunter2", "PIN_token" => 4711,
            "nested" => nested, "has_token" => true, "url" => "https://me:hunter2@example.com/?code=hunter2&x=1");
    });
    assert!(
        !line.to_string().contains("hunter2") && !line.to_string().contains("4711"),
        "{line}"
    );
    assert_eq!(line["nested"]["user"], "a");
    assert_eq!(line["nested"]["list"][0]["api_key"], "[redacted]");
    assert_eq!(line["nested"]["token"], Json::Null);
    assert_eq!(line["has_token"], true);
    assert_eq!(
        line["url"],
        "https://[redacted]@example.com/?code=[redacted]&x=1"
    );
}

#[test]
fn what_the_pipeline_says_of_a_record_is_there_once_whatever_its_fields_are_called() {
    let long = "x".repeat(TEXT_LIMIT + 1);
    let text = capture::lines(Format::Json, |log| {
        slog::info!(log, "upload"; "truncated" => 5, "body" => &long);
        // slog hands over the last one first.
        slog::info!(log, "fails"; "bad" => %Panics, "log_error" => "mine");
        slog::info!(log, "nothing wrong"; "truncated" => false);
    });
    let lines: Vec<&str> = text.lines().collect();
    for (line, parts) in [
        (lines[0], ["\"field.truncated\":5", "\"truncated\":true"]),
        (
            lines[1],
            [
                "\"field.log_error\":\"mine\"",
                "\"log_error\":\"a value panicked\"",
            ],
        ),
        (
            lines[2],
            ["\"field.truncated\":false", "\"msg\":\"nothing wrong\""],
        ),
    ] {
        for part in parts {
            assert_eq!(line.matches(part).count(), 1, "{part} in {line}");
        }
        assert!(line.matches("\"truncated\"").count() <= 1, "{line}");
        assert!(line.matches("\"log_error\"").count() <= 1, "{line}");
    }
}

#[test]
fn bytes_that_are_no_text_are_shown_as_well_as_can_be() {
    struct Bytes;
    impl slog::KV for Bytes {
        fn serialize(&self, _: &Record<'_>, to: &mut dyn Serializer) -> slog::Result {
            to.emit_bytes("bytes", b"a\xffb", slog::BytesKind::Stream)
        }
    }
    let line = one(|log| slog::info!(log, "bytes"; Bytes));
    assert_eq!(line["bytes"], "a\u{fffd}b");
}
