#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use crate::logging::{
    Level,
    capture::{self, Capture},
    ids::{Ids, RequestId, Seed, TraceContext},
    record::{Around, Event, Order, Scratch},
};
use slog::{Record, SingleKV};

const ALL: [Format; 4] = [
    Format::Json,
    Format::Pretty,
    Format::Compact,
    Format::Logfmt,
];

#[test]
fn a_record_is_one_line_whatever_is_in_it() {
    let nasty = "a\nb\r\n\u{2028}\u{61c}c\u{85}\u{1b}[31m\u{9b}31m\u{202e}\u{7f}\0\"\\ é";
    for format in ALL {
        let text = capture::lines(format, |log| {
            slog::info!(log, "{}", nasty; "key" => nasty, "nested" => slog::Serde(vec![nasty.to_owned()]));
        });
        assert!(text.ends_with('\n'));
        let line = &text[..text.len() - 1];
        let bad = line
            .chars()
            .find(|c| c.is_control() || matches!(c, '\u{61c}' | '\u{2028}' | '\u{202e}'));
        assert_eq!(bad, None, "{format:?}: {line:?}");
        assert!(
            line.contains('é'),
            "{format:?}: what is harmless stays readable: {line}"
        );
    }
    let text = capture::lines(
        Format::Json,
        |log| slog::info!(log, "{}", nasty; "key" => nasty),
    );
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (json["msg"].as_str(), json["key"].as_str()),
        (Some(nasty), Some(nasty))
    );
}

#[test]
fn logfmt_is_read_back_word_by_word() {
    let text = capture::lines(Format::Logfmt, |log| {
        slog::warn!(log, "two words"; "plain" => "x", "quoted" => "a \"b\"=c", "empty" => "", "n" => 1.5);
    });
    let rest = text.split_once(" level=").unwrap().1;
    assert!(
        rest.starts_with("warn msg=\"two words\" target=rf::logging"),
        "{text}"
    );
    assert!(
        rest.ends_with(" plain=x quoted=\"a \\\"b\\\"=c\" empty=\"\" n=1.5\n"),
        "{text}"
    );
}

fn pretty(colour: bool, target: &str, message: &str, fields: &dyn slog::KV) -> String {
    let mut out = String::new();
    let look = Look::Format(Format::Pretty, colour);
    rendered(target, (Level::Info, message), fields, &look, &mut out);
    out
}

fn rendered(
    target: &str,
    (level, message): (Level, &str),
    fields: &dyn slog::KV,
    look: &Look,
    out: &mut String,
) {
    let ids = Ids::new(
        RequestId::accept(b"req-1"),
        TraceContext::fresh(&Seed::draw()),
    );
    let record = slog::record_static!(slog::Level::Info, "");
    let no_message = format_args!("");
    let message = format_args!("{message}");
    let mut scratch = Scratch::default();
    let event = Event {
        level,
        target,
        message,
        fields,
        order: Order::Written,
        record: &Record::new(&record, &no_message, slog::b!()),
    };
    let around = Around {
        ids: Some(&ids),
        ..Around::default()
    };
    scratch.collect(&event, around);
    look.render(&scratch.entry("2026-11-23T15:44:37.123456Z", level), out);
}

#[test]
#[cfg(feature = "syslog")]
fn syslog_messages_are_those_of_rfc_5424() {
    use crate::logging::format::Header;
    let header = Header::new("local0", "drive", "web 1", 8096).unwrap();
    let render = |level, message: &str, fields: &dyn slog::KV, header: &Header| {
        let mut out = String::new();
        let look = Look::Syslog(std::sync::Arc::new(header.clone()));
        rendered("drive", (level, message), fields, &look, &mut out);
        out
    };
    // Facility 16, and the severities of error, warning, informational and debug.
    for (level, priority) in [
        (Level::Error, 131),
        (Level::Warn, 132),
        (Level::Info, 134),
        (Level::Debug, 135),
        (Level::Trace, 135),
    ] {
        let message = render(level, "ready", &SingleKV("n", 1), &header);
        assert!(message.starts_with(&format!("<{priority}>1 ")), "{message}");
    }
    let nasty = "a\"b]c\\d\ne";
    let message = render(
        Level::Info,
        "two\nlines é",
        &SingleKV("a b=\"", nasty),
        &header,
    );
    let pid = std::process::id();
    let (head, rest) = message.split_once(" [rf@32473 ").unwrap();
    assert_eq!(
        head,
        format!("<134>1 2026-11-23T15:44:37.123456Z web_1 drive {pid} -")
    );
    let (structured, text) = rest.split_once("\"] ").unwrap();
    assert_eq!(text, "two\\nlines é\n");
    assert!(structured.starts_with("target=\"drive\" request_id=\"req-1\" trace_id=\""));
    assert!(
        structured.ends_with(" a_b__=\"a\\\"b\\]c\\\\d\\\\ne"),
        "{structured}"
    );

    // What is too long loses the end of its text, at a character; fields that have no room are left out.
    let short = Header::new("daemon", "drive", "web", 300).unwrap();
    let message = render(Level::Info, &"é".repeat(300), &SingleKV("n", 1), &short);
    assert!(
        (299..=301).contains(&message.len()) && message.ends_with("é\n"),
        "{message}"
    );
    let message = render(
        Level::Info,
        "text",
        &SingleKV("long", "x".repeat(300)),
        &short,
    );
    assert!(
        message.contains(" truncated=\"true\"] text") && message.len() <= 301,
        "{message}"
    );
}

#[test]
fn pretty_lines_are_for_people() {
    assert_eq!(
        pretty(
            false,
            "quickstart",
            "drive ready",
            &SingleKV("root", "var/drive")
        ),
        "15:44:37.123  INFO   drive ready root=var/drive  quickstart req-1\n"
    );
}

#[test]
fn colours_are_only_written_when_asked_for() {
    let plain = pretty(false, "quickstart", "ready", &SingleKV("a", 1));
    let coloured = pretty(true, "quickstart", "ready", &SingleKV("a", 1));
    assert!(!plain.contains('\x1b') && coloured.contains("\x1b[32mINFO "));
    let mut stripped = String::new();
    for (at, part) in coloured.split('\x1b').enumerate() {
        stripped.push_str(if at == 0 {
            part
        } else {
            part.split_once('m').unwrap().1
        });
    }
    assert_eq!(stripped, plain);
}

#[test]
fn pretty_access_lines_say_a_request_as_people_do() {
    let capture = Capture::default();
    let logger = capture.builder().format(Format::Pretty).build().unwrap();
    for (duration, bytes) in [(0.25, 17), (3.21, 2048), (1500.0, 300_u64 << 20)] {
        logger.log_event(
            Level::Info,
            "rf::access",
            "request",
            &[
                ("method", &"GET"),
                ("route", &"/{file}"),
                ("path", &"/a\n"),
                ("status", &200_u16),
                ("duration_ms", &duration),
                ("bytes_out", &bytes),
            ],
        );
    }
    logger.shutdown().unwrap();
    let text = capture.text();
    let lines: Vec<&str> = text.lines().map(|line| &line[14..]).collect();
    assert_eq!(
        lines,
        [
            "INFO   GET /a\\n 200 250 µs 17 B route=/{file}  rf::access",
            "INFO   GET /a\\n 200 3.2 ms 2.0 KiB route=/{file}  rf::access",
            "INFO   GET /a\\n 200 1.50 s 300 MiB route=/{file}  rf::access",
        ]
    );
}

#[test]
fn a_record_that_only_claims_to_be_an_access_line_is_written_as_it_is() {
    let line = pretty(false, "rf::access", "not one", &SingleKV("method", "GET"));
    assert!(line.contains("not one method=GET"), "{line}");
}

#[test]
fn each_output_has_its_own_format_and_level() {
    let (json, logfmt) = (Capture::default(), Capture::default());
    let logger = json
        .builder()
        .output(
            logfmt
                .output()
                .format(Format::Logfmt)
                .min_level(Level::Warn),
        )
        .build()
        .unwrap();
    slog::info!(logger.slog(), "one");
    slog::warn!(logger.slog(), "two");
    logger.shutdown().unwrap();
    assert_eq!(json.json().len(), 2);
    assert!(logfmt.text().contains("msg=two") && !logfmt.text().contains("msg=one"));
}
