//! What a call costs the thread that logs: time and allocations of an event with eight fields, as JSON.

use crate::{
    Fault,
    process::cpu_seconds,
    report::{Round, Rounds, Target, bound, head, line},
};
use rf::logging::{Format, Logger, Output, Overflow};
use rustix::time::{ClockId, clock_gettime};
use slog::Drain;
use std::{fs::File, hint::black_box, thread, time::Duration};

const ROUNDS: usize = 9;
/// Fewer than any queue holds: a full one would be measured instead.
const BURST: usize = 4_000;
const BURSTS: usize = 25;

/// One of those who are compared: logs so many events, and waits apart from it until they are written.
trait Side {
    fn log(&mut self, events: usize);
    fn settle(&mut self);
}

struct Ours(Logger);

impl Ours {
    fn new() -> Result<Self, Fault> {
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

/// The CPU time that this thread took so far. A clock would measure what else the machine does too.
fn mine() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn round(side: &mut dyn Side) -> Result<Round, Fault> {
    let cpu = cpu_seconds(None)?;
    let mut time = Duration::ZERO;
    for _ in 0..BURSTS {
        let begin = mine();
        side.log(BURST);
        time += mine() - begin;
        side.settle();
    }
    let cpu = (cpu_seconds(None)? - cpu).max(0.001);
    Ok(Round::rate(BURST * BURSTS, time.as_secs_f64(), cpu))
}

fn allocations(side: &mut dyn Side) -> f64 {
    side.log(BURST);
    side.settle();
    let counted = allocation_counter::measure(|| side.log(100));
    side.settle();
    counted.count_total as f64 / 100.0
}

pub(crate) fn run() -> Result<(), Fault> {
    println!(
        "\nlog calls: an event of eight fields as JSON to /dev/null; events a second of the caller's CPU time; `by CPU` counts all threads"
    );
    head();
    let mut sides: [Box<dyn Side>; 3] = [
        Box::new(Ours::new()?),
        Box::new(Tracing::new()?),
        Box::new(Stock::new()),
    ];
    for side in &mut sides {
        round(&mut **side)?;
    }
    let mut rounds = [Rounds::default(), Rounds::default(), Rounds::default()];
    for _ in 0..ROUNDS {
        for (side, rounds) in sides.iter_mut().zip(&mut rounds) {
            rounds.push(round(&mut **side)?);
        }
    }
    let [ours, tracing, stock] = &rounds;
    line(
        "log call",
        "tracing-subscriber JSON",
        ours,
        tracing,
        Some(Target::AtLeast(5.0)),
    );
    line("log call", "stock slog", ours, stock, None);
    for (name, rounds, most) in [
        ("ours", ours, Some(500.0)),
        ("tracing", tracing, None),
        ("stock slog", stock, None),
    ] {
        bound(
            "log call",
            &format!("{name}, ns"),
            1e9 / rounds.median(),
            most,
        );
    }
    for (name, side, most) in [
        ("ours", 0, Some(2.0)),
        ("tracing", 1, None),
        ("stock slog", 2, None),
    ] {
        bound(
            "log call",
            &format!("{name}, allocations"),
            allocations(&mut *sides[side]),
            most,
        );
    }
    disabled()
}

/// A level that is off, by slog's macro and by ours, which looks for the request's logger first.
fn disabled() -> Result<(), Fault> {
    const CALLS: usize = 20_000_000;
    let logger = Ours::new()?.0;
    logger.install()?;
    let each = |log: &dyn Fn(usize)| {
        let mut times: Vec<f64> = (0..5)
            .map(|_| {
                let begin = mine();
                log(CALLS);
                (mine() - begin).as_secs_f64() * 1e9 / CALLS as f64
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[2]
    };
    let by_slog = each(&|calls| {
        for n in 0..calls {
            slog::debug!(logger.slog(), "not wanted"; "n" => black_box(n));
        }
    });
    let by_macro = each(&|calls| {
        for n in 0..calls {
            rf::debug!("not wanted"; "n" => black_box(n));
        }
    });
    bound("disabled level", "slog::debug!, ns", by_slog, Some(5.0));
    bound("disabled level", "rf::debug!, ns", by_macro, Some(5.0));
    Ok(())
}

pub(crate) fn ours_alone(rounds: usize) -> Result<(), Fault> {
    let mut ours = Ours::new()?;
    for _ in 0..rounds {
        let round = round(&mut ours)?;
        println!("{:.0} ns", 1e9 / round.figure);
    }
    Ok(())
}
