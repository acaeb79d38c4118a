//! Events of the `tracing` crate, with their fields as they are typed. Spans are not followed: a request's
//! context is the middleware's.

use crate::logging::{Level, context::logger_for, logger::global, redact};
use slog::{KV, Serializer};
use std::fmt::{self, Display, Formatter};
use tracing_core::{
    Event, Field, Interest, LevelFilter, Metadata, Subscriber,
    field::Visit,
    span::{Attributes, Id, Record},
};

const MESSAGE: &str = "message";

/// Sends events to the current request's logger, else to the installed one.
pub(in crate::logging) struct TracingBridge;

impl Subscriber for TracingBridge {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // Asked every time, because a request's logger may want what the installed one does not.
        if metadata.is_event() {
            Interest::sometimes()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let level = Level::from(*metadata.level());
        metadata.is_event() && logger_for(level, metadata.target()).is_some()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // Without one, tests capture everything.
        let most_detailed = global()?.pipeline.tuning.most_detailed();
        Some(match most_detailed {
            None => LevelFilter::OFF,
            Some(Level::Error) => LevelFilter::ERROR,
            Some(Level::Warn) => LevelFilter::WARN,
            Some(Level::Info) => LevelFilter::INFO,
            Some(Level::Debug) => LevelFilter::DEBUG,
            Some(Level::Trace) => LevelFilter::TRACE,
        })
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let (level, target) = (Level::from(*metadata.level()), metadata.target());
        if let Some(logger) = logger_for(level, target) {
            let message = Message {
                event,
                statement: target.starts_with("sea_orm"),
            };
            let message = format_args!("{message}");
            logger.emit((level, target), message, &Fields(event), None);
        }
    }

    // Spans are never enabled, so none of these is called with one of ours.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The event's `message` field.
struct Message<'a> {
    event: &'a Event<'a>,
    /// SeaORM's debug output has the values inside its statements.
    statement: bool,
}

impl Display for Message<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        struct Find<'a, 'b> {
            to: &'a mut Formatter<'b>,
            statement: bool,
            written: fmt::Result,
        }
        impl Visit for Find<'_, '_> {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                if field.name() == MESSAGE {
                    self.written = if self.statement {
                        self.to.write_str(&redact::sql(&format!("{value:?}")))
                    } else {
                        write!(self.to, "{value:?}")
                    };
                }
            }
            fn record_str(&mut self, field: &Field, value: &str) {
                self.record_debug(field, &format_args!("{value}"));
            }
        }
        let mut find = Find {
            to: f,
            statement: self.statement,
            written: Ok(()),
        };
        self.event.record(&mut find);
        find.written
    }
}

/// The event's other fields.
struct Fields<'a>(&'a Event<'a>);

impl KV for Fields<'_> {
    fn serialize(&self, _: &slog::Record<'_>, to: &mut dyn Serializer) -> slog::Result {
        let mut typed = Typed {
            to,
            statement: self.0.metadata().target().starts_with("sqlx"),
            done: Ok(()),
        };
        self.0.record(&mut typed);
        typed.done
    }
}

struct Typed<'a> {
    to: &'a mut dyn Serializer,
    /// It is about a statement: what is written inside one is not for lines.
    statement: bool,
    done: slog::Result,
}

impl Typed<'_> {
    fn put(
        &mut self,
        field: &Field,
        put: impl FnOnce(&mut dyn Serializer, &'static str) -> slog::Result,
    ) {
        if self.done.is_ok() && field.name() != MESSAGE {
            self.done = put(self.to, field.name());
        }
    }
}

impl Visit for Typed<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, |to, key| to.emit_f64(key, value));
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, |to, key| to.emit_i64(key, value));
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, |to, key| to.emit_u64(key, value));
    }
    fn record_i128(&mut self, field: &Field, value: i128) {
        self.put(field, |to, key| to.emit_i128(key, value));
    }
    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field, |to, key| to.emit_u128(key, value));
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, |to, key| to.emit_bool(key, value));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        // sqlx frames its statements with blank lines.
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        if self.statement {
            // Bound values are not in it; literals are.
            let shape = redact::sql(value);
            self.put(field, |to, key| to.emit_str(key, &shape));
        } else {
            self.put(field, |to, key| to.emit_str(key, value));
        }
    }
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put(field, |to, key| to.emit_error(key, value));
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, |to, key| {
            to.emit_arguments(key, &format_args!("{value:?}"))
        });
    }
}
