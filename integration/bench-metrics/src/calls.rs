//! What one call costs, and one scrape: nanoseconds of the thread's CPU time, by turns with the crate underneath.

use crate::{
    Fault,
    process::keep_on_core,
    report::{Notes, Round, Rounds, Target, head, line},
};
use prometheus::{CounterVec, Encoder as _, HistogramOpts, Opts, Registry, TextEncoder};
use rf::metrics::Metrics;
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::hint::black_box;

const ROUNDS: usize = 15;
const CALLS: usize = 200_000;
const SCRAPES: usize = 5;
const HISTOGRAMS: usize = 1000;
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

pub(crate) fn run() -> Result<(), Fault> {
    keep_on_core(1)?;
    let metrics = Metrics::new();
    let theirs = CounterVec::new(Opts::new("hits_total", "Hits"), &["cache", "outcome"])?;
    let hits = metrics
        .counter("hits_total")
        .help("Hits")
        .labels(["cache", "outcome"])?;
    let bound = hits.bind(["users", "hit"]);
    let their_bound = theirs.with_label_values(&["users", "hit"]);

    println!("Nanoseconds a call; microseconds a scrape of {HISTOGRAMS} histograms.");
    head();
    let mut notes = Notes::default();
    let most = |target| Some(Target::AtMost(target));
    let (ours, peer) = beside(CALLS, 1e9, || bound.inc(), || their_bound.inc());
    let met = line("bound counter, ns", "prometheus", &ours, &peer, most(1.1));
    notes.unless(
        met,
        "A bound counter is the counter of prometheus behind one check whether it was refused: what is above 1 is that check.",
    );
    let (ours, peer) = beside(
        CALLS,
        1e9,
        || hits.bind([black_box("users"), black_box("hit")]).inc(),
        || {
            theirs
                .with_label_values(&[black_box("users"), black_box("hit")])
                .inc()
        },
    );
    // prometheus compares hashes of the values run together; whole values cost what they cost.
    line("labelled counter, ns", "prometheus", &ours, &peer, None);

    let registry = Registry::new();
    for number in 0..HISTOGRAMS {
        let name = format!("h{number}_seconds");
        let theirs = prometheus::Histogram::with_opts(HistogramOpts::new(&name, "A time"))?;
        registry.register(Box::new(theirs.clone()))?;
        let ours = metrics.histogram(&name).help("A time").try_handle()?;
        for value in [0.001, 0.02, 0.3, 4.0] {
            theirs.observe(value);
            ours.observe_traced(value, TRACE);
        }
    }
    let scrape = || {
        let mut text = Vec::new();
        let encoded = TextEncoder::new().encode(&registry.gather(), &mut text);
        black_box((encoded.is_ok(), text));
    };
    let text = || drop(black_box(metrics.encode()));
    let (ours, peer) = beside(SCRAPES, 1e6, text, scrape);
    line("scrape, text, µs", "prometheus", &ours, &peer, None);
    let exemplars = || drop(black_box(metrics.encode_openmetrics()));
    let (ours, peer) = beside(SCRAPES, 1e6, exemplars, scrape);
    line(
        "scrape, exemplars, µs",
        "prometheus, text",
        &ours,
        &peer,
        None,
    );
    notes.print();
    Ok(())
}

/// Both by turns; `unit` of them are a second.
fn beside(calls: usize, unit: f64, ours: impl Fn(), theirs: impl Fn()) -> (Rounds, Rounds) {
    let (mut one, mut other) = (Rounds::default(), Rounds::default());
    let round = |call: &dyn Fn()| {
        let began = thread_seconds();
        for _ in 0..calls {
            call();
        }
        let each = (thread_seconds() - began) * unit / calls as f64;
        Round {
            figure: each,
            by_cpu: each,
        }
    };
    for _ in 0..ROUNDS {
        one.push(round(&ours));
        other.push(round(&theirs));
    }
    (one, other)
}

/// The CPU time of this thread: what else the machine does is not in it.
fn thread_seconds() -> f64 {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::ThreadCPUTime);
    tv_sec as f64 + tv_nsec as f64 / 1e9
}
