//! Records of the `log` crate, with their key-values as they are typed.

use crate::logging::{
    context::{current_logger, logger_for},
    intern,
};
use log::{
    Log, Metadata, Record,
    kv::{self, VisitSource, VisitValue},
};
use slog::{KV, Serializer};

/// Sends records to the current request's logger, else to the installed one.
pub(in crate::logging) struct LogBridge;

impl Log for LogBridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        logger_for(metadata.level().into(), metadata.target()).is_some()
    }

    fn log(&self, record: &Record<'_>) {
        let (level, target) = (record.level().into(), record.target());
        if let Some(logger) = logger_for(level, target) {
            logger.emit((level, target), *record.args(), &Fields(record), None);
        }
    }

    fn flush(&self) {
        if let Some(logger) = current_logger() {
            // The trait has no way to say that it failed; the sink's error is counted.
            let _ = logger.flush();
        }
    }
}

/// What stands before the message: `info!(user = "maria"; "…")`.
struct Fields<'a>(&'a Record<'a>);

impl KV for Fields<'_> {
    fn serialize(&self, _: &slog::Record<'_>, to: &mut dyn Serializer) -> slog::Result {
        let mut typed = Typed {
            to,
            key: "",
            done: Ok(()),
        };
        let visited = self.0.key_values().visit(&mut typed);
        typed.done.and(visited.map_err(|_| slog::Error::Other))
    }
}

struct Typed<'a> {
    to: &'a mut dyn Serializer,
    /// Of the value that comes next.
    key: &'static str,
    done: slog::Result,
}

impl Typed<'_> {
    /// The error stays here: `log` has none that could carry it.
    fn put(
        &mut self,
        put: impl FnOnce(&mut dyn Serializer, &'static str) -> slog::Result,
    ) -> Result<(), kv::Error> {
        if self.done.is_ok() {
            self.done = put(self.to, self.key);
        }
        Ok(())
    }
}

impl<'kvs> VisitSource<'kvs> for Typed<'_> {
    fn visit_pair(&mut self, key: kv::Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        self.key = intern::key(key.as_str());
        value.visit(self)
    }
}

impl VisitValue<'_> for Typed<'_> {
    fn visit_any(&mut self, value: kv::Value<'_>) -> Result<(), kv::Error> {
        self.put(|to, key| to.emit_arguments(key, &format_args!("{value}")))
    }

    fn visit_null(&mut self) -> Result<(), kv::Error> {
        self.put(|to, key| to.emit_unit(key))
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), kv::Error> {
        self.put(|to, key| to.emit_u64(key, value))
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), kv::Error> {
        self.put(|to, key| to.emit_i64(key, value))
    }

    fn visit_u128(&mut self, value: u128) -> Result<(), kv::Error> {
        self.put(|to, key| to.emit_u128(key, value))
    }

    fn visit_i128(&mut self, value: i128) -> Result<(), kv::Error> {
        self.put(|to, key| to.emit_i128(key, value))
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), kv::Error> {
        self.put(|to, key| to.emit_f64(key, value))
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), kv::Error> {
        self.put(|to, key| to.emit_bool(key, value))
    }

    fn visit_str(&mut self, value: &str) -> Result<(), kv::Error> {
        self.put(|to, key| to.emit_str(key, value))
    }

    fn visit_char(&mut self, value: char) -> Result<(), kv::Error> {
        self.put(|to, key| to.emit_char(key, value))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::logging::{RequestContext, TraceContext, capture::Capture, ids::Seed};
    use std::sync::Arc;

    #[test]
    fn key_values_are_fields_of_their_types_in_their_order_and_without_secrets() {
        let capture = Capture::default();
        let logger = capture.builder().build().unwrap();
        let trace = TraceContext::fresh(&Seed::draw());
        let context = RequestContext::new(Arc::new(logger.clone()), None, trace);
        let pairs: [(&str, kv::Value<'_>); 9] = [
            ("user", kv::Value::from("maria")),
            ("tries", kv::Value::from(3_u64)),
            ("delta", kv::Value::from(-1_i64)),
            ("share", kv::Value::from(0.5_f64)),
            ("ok", kv::Value::from(true)),
            ("grade", kv::Value::from('a')),
            ("shown", kv::Value::from_debug(&Some(1))),
            ("password", kv::Value::from("hunter2")),
            ("msg", kv::Value::from("fake")),
        ];
        context.run(|| {
            LogBridge.log(
                &Record::builder()
                    .level(log::Level::Info)
                    .target("library")
                    .args(format_args!("signed in"))
                    .key_values(&&pairs[..])
                    .build(),
            );
        });
        logger.shutdown().unwrap();
        let text = capture.text();
        let (_, fields) = text.split_once("\"user\"").unwrap();
        assert_eq!(
            fields,
            ":\"maria\",\"tries\":3,\"delta\":-1,\"share\":0.5,\"ok\":true,\"grade\":\"a\",\"shown\":\"Some(1)\",\
             \"password\":\"[redacted]\",\"field.msg\":\"fake\"}\n"
        );
        assert_eq!(capture.json()[0]["msg"], "signed in");
    }
}
