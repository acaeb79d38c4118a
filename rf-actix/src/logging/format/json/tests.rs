#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use crate::logging::{
    Level,
    format::Clock,
    keys::{LEVEL, MSG, TARGET, TS},
    record::{Around, Event, Scratch},
};
use slog::Serializer;

/// What slog-json makes of a record when it writes all of it.
fn by_slog_json_alone(entry: &Entry<'_>) -> String {
    struct All<'a>(&'a Entry<'a>);
    impl KV for All<'_> {
        fn serialize(&self, _: &Record<'_>, to: &mut dyn Serializer) -> slog::Result {
            to.emit_str(TS, self.0.ts)?;
            to.emit_str(LEVEL, self.0.level.as_str())?;
            to.emit_str(MSG, self.0.message())?;
            to.emit_str(TARGET, self.0.target())?;
            self.0.fields().try_for_each(|(key, value)| match value {
                Value::Null => to.emit_unit(key),
                Value::Bool(value) => to.emit_bool(key, value),
                Value::I64(value) => to.emit_i64(key, value),
                Value::U64(value) => to.emit_u64(key, value),
                Value::I128(value) => to.emit_i128(key, *value),
                Value::U128(value) => to.emit_u128(key, *value),
                Value::F32(value) => to.emit_f32(key, value),
                Value::F64(value) => to.emit_f64(key, value),
                Value::Text(value) => to.emit_str(key, value),
                Value::Nested(value) => to.emit_serde(key, &slog::Serde(value.clone())),
            })
        }
    }
    let mut bytes = Vec::new();
    let record = slog::record_static!(slog::Level::Info, "");
    let all = All(entry);
    let no_message = format_args!("");
    let record = Record::new(&record, &no_message, slog::BorrowedKV(&all));
    let json = slog_json::Json::new(&mut bytes).set_newlines(false).build();
    json.log(&record, &NOTHING).unwrap();
    drop(json);
    let mut escaped = String::new();
    escape::json(std::str::from_utf8(&bytes).unwrap(), &mut escaped);
    escaped
}

/// Renders a record both ways.
fn both(message: &str, fields: impl Fn(&mut dyn Serializer) -> slog::Result) -> (String, String) {
    struct Given<F>(F);
    impl<F: Fn(&mut dyn Serializer) -> slog::Result> KV for Given<F> {
        fn serialize(&self, _: &Record<'_>, to: &mut dyn Serializer) -> slog::Result {
            (self.0)(to)
        }
    }
    let mut scratch = Scratch::default();
    let at = (Level::Info, "a::b");
    let around = Around::default();
    Event::other(at, format_args!("{message}"), &Given(fields), |event| {
        scratch.collect(event, around);
    });
    let mut clock = Clock::default();
    let entry = scratch.entry(clock.now(), Level::Info);
    let mut ours = String::from("before");
    render(&entry, &mut ours);
    let ours = ours.strip_prefix("before").unwrap().to_owned();
    (ours, by_slog_json_alone(&entry))
}

#[test]
fn a_line_is_the_one_that_slog_json_would_write_alone() {
    const KEYS: [&str; 5] = ["plain", "two words", "quo\"ted", "é", "\u{202e}"];
    for key in KEYS {
        let (ours, alone) = both("all kinds of values", |to| {
            to.emit_str(key, "word")?;
            to.emit_u64("u", u64::MAX)?;
            to.emit_i64("i", i64::MIN)?;
            to.emit_i64("minus", -1)?;
            to.emit_u128("big", u128::MAX)?;
            to.emit_i128("small", i128::MIN)?;
            to.emit_bool("yes", true)?;
            to.emit_bool("no", false)?;
            to.emit_unit("nothing")?;
            to.emit_f64("f", 0.1)?;
            to.emit_f64("whole", 2.0)?;
            to.emit_f64("nan", f64::NAN)?;
            to.emit_f32("half", 0.5)?;
            to.emit_serde(
                "nested",
                &slog::Serde(serde_json::json!({ "a": [1, "é\u{7f}"] })),
            )?;
            to.emit_char("char", 'x')
        });
        assert_eq!(ours, alone);
        for number in [0_u64, 7] {
            let (ours, alone) = both("", |to| {
                to.emit_u64(key, number)?;
                to.emit_bool("last", true)
            });
            assert_eq!(ours, alone);
        }
    }
}

#[test]
fn every_character_is_written_as_slog_json_writes_it() {
    let characters = (0..=0x2100)
        .chain(0xfe00..=0x1_0010)
        .filter_map(char::from_u32);
    for character in characters {
        let text = format!("a{character}b");
        let (ours, alone) = both(&text, |to| {
            to.emit_str("text", &text)?;
            to.emit_u8("n", 1)
        });
        assert_eq!(ours, alone, "{character:?}");
    }
}

#[test]
fn a_record_without_fields_is_an_object_too() {
    let (ours, alone) = both("bare", |_| Ok(()));
    assert_eq!(ours, alone);
    assert!(
        ours.ends_with(",\"msg\":\"bare\",\"target\":\"a::b\"}"),
        "{ours}"
    );
}
