//! What one call costs, and one scrape.

use crate::{
    Fault,
    process::{cpu_seconds, keep_on_core},
    report::{Round, Rounds, Target, head, line},
};
use prometheus::{CounterVec, Encoder as _, HistogramOpts, Opts, Registry, TextEncoder};
use rf::metrics::Metrics;
use std::{hint::black_box, time::Instant};

const ROUNDS: usize = 11;
const CALLS: usize = 300_000;
const HISTOGRAMS: usize = 1000;

pub(crate) fn run() -> Result<(), Fault> {
    keep_on_core(1)?;
    let metrics = Metrics::new();
    let theirs = CounterVec::new(Opts::new("hits_total", "Hits"), &["cache"])?;
    let hits = metrics.counter("hits_total").help("Hits").labels(["cache"])?;
    let (bound, their_bound) = (hits.bind(["users"]), theirs.with_label_values(&["users"]));

    head();
    let least = |target| Some(Target::AtLeast(target));
    let (ours, peer) = beside(CALLS, || bound.inc(), || their_bound.inc())?;
    line("bound counter, calls/s", "prometheus", &ours, &peer, least(0.9));
    let (ours, peer) = beside(
        CALLS,
        || hits.bind([black_box("users")]).inc(),
        || theirs.with_label_values(&[black_box("users")]).inc(),
    )?;
    line("labelled counter, calls/s", "prometheus", &ours, &peer, None);

    let registry = Registry::new();
    for number in 0..HISTOGRAMS {
        let name = format!("h{number}_seconds");
        let theirs = prometheus::Histogram::with_opts(HistogramOpts::new(&name, "A time"))?;
        registry.register(Box::new(theirs.clone()))?;
        let ours = metrics.histogram(&name).help("A time").try_handle()?;
        for value in [0.001, 0.02, 0.3, 4.0] {
            theirs.observe(value);
            ours.observe_traced(value, "4bf92f3577b34da6a3ce929d0e0e4736");
        }
    }
    let scrape = || {
        let mut text = Vec::new();
        let encoded = TextEncoder::new().encode(&registry.gather(), &mut text);
        black_box((encoded.is_ok(), text));
    };
    let (ours, peer) = beside(3, || drop(black_box(metrics.encode())), scrape)?;
    line("scrape of 1,000, text", "prometheus", &ours, &peer, None);
    let (ours, peer) = beside(3, || drop(black_box(metrics.encode_openmetrics())), scrape)?;
    line("scrape of 1,000, exemplars", "prometheus, text", &ours, &peer, None);
    Ok(())
}

/// Both by turns.
fn beside(calls: usize, ours: impl Fn(), theirs: impl Fn()) -> Result<(Rounds, Rounds), Fault> {
    let (mut one, mut other) = (Rounds::default(), Rounds::default());
    let round = |call: &dyn Fn()| {
        let (began, cpu) = (Instant::now(), cpu_seconds(None)?);
        for _ in 0..calls {
            call();
        }
        let took = began.elapsed().as_secs_f64();
        // Hundredths of a second are too coarse for a round this short to be divided by.
        let cpu = (cpu_seconds(None)? - cpu).max(took);
        Ok::<_, Fault>(Round::rate(calls, took, cpu))
    };
    for _ in 0..ROUNDS {
        one.push(round(&ours)?);
        other.push(round(&theirs)?);
    }
    Ok((one, other))
}
