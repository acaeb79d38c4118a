//! What a call costs the thread that logs: time and allocations of an event with eight fields, as JSON.

use crate::{
    Fault,
    process::cpu_seconds,
    report::{Notes, Round, Rounds, Target, bound, head, line},
    sides::{BURST, Ours, Side, all},
};
use rustix::time::{ClockId, clock_gettime};
use std::{hint::black_box, process::Command, time::Duration};

/// Where the time of a call goes, by `perf record` on `calls-of-ours`: shares of the caller's thread.
const OF_THE_CALL: &str = "\
log call: more than two fifths of a call go into taking its fields apart (keys looked up, doubled ones dropped, secrets
replaced, every text looked at for what JSON has to escape), an eighth into copying bytes, a tenth into the clock, less into
JSON itself, and next to nothing into the queue. tracing-subscriber does none of the first: its fields may be doubled, and
say what they like. What is left to save is the way through slog, a call through a pointer for each field.";

const ROUNDS: usize = 9;
const BURSTS: usize = 25;

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

/// What each of them allocates, counted by a program of its own: an allocator that counts is not the one they have.
fn allocations() -> Result<Vec<f64>, Fault> {
    let counting = std::env::current_exe()?.with_file_name("count-allocations");
    let counted = Command::new(counting).output()?;
    if !counted.status.success() {
        return Err(String::from_utf8_lossy(&counted.stderr).into());
    }
    let counted = String::from_utf8(counted.stdout)?;
    Ok(counted.lines().map(str::parse).collect::<Result<_, _>>()?)
}

pub(crate) fn run() -> Result<(), Fault> {
    println!(
        "\nlog calls: an event of eight fields as JSON to /dev/null; events a second of the caller's CPU time; `by CPU` counts all threads"
    );
    head();
    let mut sides = all()?;
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
    let mut notes = Notes::default();
    let met = line(
        "log call",
        "tracing-subscriber JSON",
        ours,
        tracing,
        Some(Target::AtLeast(5.0)),
    );
    notes.unless(met, OF_THE_CALL);
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
    let allocations = allocations()?;
    for ((name, most), allocations) in
        [("ours", Some(2.0)), ("tracing", None), ("stock slog", None)]
            .into_iter()
            .zip(allocations)
    {
        bound(
            "log call",
            &format!("{name}, allocations"),
            allocations,
            most,
        );
    }
    disabled()?;
    notes.print();
    Ok(())
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
