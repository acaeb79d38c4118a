//! Those who are compared, and the event that all of them log.

use crate::Fault;
use rf::logging::{Format, Logger, Output, Overflow};
use slog::Drain;
use std::{fs::File, hint::black_box, thread, time::Duration};

/// Fewer than any queue holds: a full one would be measured instead.
pub(crate) const BURST: usize = 4_000;

/// Ours first, then tracing-subscriber and stock slog.
pub(crate) fn all() -> Result<[Box<dyn Side>; 3], Fault> {
    Ok([
        Box::new(Ours::new()?),
        Box::new(Tracing::new()?),
        Box::new(Stock::new()),
    ])
}

/// One of those who are compared: logs so many events, and waits apart from it until they are written.
pub(crate) trait Side {
    fn log(&mut self, events: usize);
    fn settle(&mut self);
}

pub(crate) struct Ours(pub(crate) Logger);

impl Ours {
    pub(crate) fn new() -> Result<Self, Fault> {
        let output = Output::file("/dev/null").overflow(Overflow::Drop);
        let builder = Logger::builder().format(Format::Json).output(output);
        Ok(Self(builder.build()?))
    }
}

impl Side for Ours {
    fn log(&mut self, events: usize) {
        for n in 0..events {
            slog::info!(self.0.slog(), "order placed"; "order" => n, "customer" => black_box("maria"), "items" => 3_u32,
                "total" => 12.5_f64, "currency" => "EUR", "express" => true, "country" => "PT", "attempt" => 1_i64);
        }
    }

    fn settle(&mut self) {
        self.0.flush().expect("/dev/null takes everything");
    }
}

/// slog-async and slog-json as their documentation shows them, with a queue that holds a burst.
struct Stock(Option<slog::Logger>);

impl Stock {
    fn new() -> Self {
        let mut stock = Self(None);
        stock.settle();
        stock
    }
}

impl Side for Stock {
    fn log(&mut self, events: usize) {
        let log = self.0.as_ref().expect("made by settle");
        for n in 0..events {
            slog::info!(log, "order placed"; "order" => n, "customer" => black_box("maria"), "items" => 3_u32,
                "total" => 12.5_f64, "currency" => "EUR", "express" => true, "country" => "PT", "attempt" => 1_i64);
        }
    }

    fn settle(&mut self) {
        // It has no flush: its end is one.
        self.0 = None;
        let file = File::options()
            .append(true)
            .open("/dev/null")
            .expect("it is there");
        let json = slog_json::Json::default(file).fuse();
        let queue = slog_async::Async::new(json)
            .chan_size(2 * BURST)
            .build()
            .fuse();
        self.0 = Some(slog::Logger::root(queue, slog::o!()));
    }
}

/// tracing-subscriber's JSON into tracing-appender's thread.
struct Tracing {
    dispatch: tracing::Dispatch,
    _worker: tracing_appender::non_blocking::WorkerGuard,
}

impl Tracing {
    fn new() -> Result<Self, Fault> {
        let file = File::options().append(true).open("/dev/null")?;
        let (writer, worker) = tracing_appender::non_blocking(file);
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_writer(writer);
        Ok(Self {
            dispatch: subscriber.finish().into(),
            _worker: worker,
        })
    }
}

impl Side for Tracing {
    fn log(&mut self, events: usize) {
        tracing::dispatcher::with_default(&self.dispatch, || {
            for n in 0..events {
                tracing::info!(
                    order = n,
                    customer = black_box("maria"),
                    items = 3_u32,
                    total = 12.5_f64,
                    currency = "EUR",
                    express = true,
                    country = "PT",
                    attempt = 1_i64,
                    "order placed"
                );
            }
        });
    }

    fn settle(&mut self) {
        // It cannot be asked; a burst is written in far less.
        thread::sleep(Duration::from_millis(15));
    }
}
