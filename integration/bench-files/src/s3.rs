//! 256 MiB to an S3 server and back, and a long stream: each client in a process of its own, all in parts of 8 MiB,
//! four at a time.

use crate::{
    Fault,
    report::{Round, Rounds, Target, bound, head, line},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

const MIB: u64 = 1 << 20;
const SIZE: u64 = 256 * MIB;
/// What a stream may hold: four parts, and 16 MiB for all the rest.
const MOST: f64 = 4.0 * 8.0 + 16.0;
const ROUNDS: usize = 5;

/// The program of a client, beside this one.
fn program(name: &str) -> Result<PathBuf, Fault> {
    Ok(std::env::current_exe()?.with_file_name(name))
}

/// What a client says of its run.
struct Outcome {
    seconds: f64,
    cpu_seconds: f64,
    peak_mib: f64,
}

/// Compares ours with object_store and, by a script, boto3.
pub(crate) fn run(python: &Path, script: &Path) -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("file");
    std::fs::write(&file, vec![b'x'; usize::try_from(SIZE)?])?;
    println!("\n256 MiB over S3, parts of 8 MiB, four at a time; seconds, and MiB resident");
    head();
    for way in ["up", "down"] {
        let mut seconds: [Rounds; 3] = Default::default();
        let mut peaks = [0.0_f64; 3];
        for round in 0..=ROUNDS {
            for (side, client) in ["ours", "object_store", "boto3"].into_iter().enumerate() {
                let target = match way {
                    "up" => file.clone(),
                    _ => folder.path().join(client),
                };
                let outcome = client_run(client, way, &target, (python, script))?;
                if round > 0 {
                    seconds[side].push(Round {
                        figure: outcome.seconds,
                        by_cpu: outcome.cpu_seconds,
                    });
                    peaks[side] = peaks[side].max(outcome.peak_mib);
                }
            }
        }
        let scenario = format!("S3 256 MiB {way}");
        for (side, peer) in [(1, "object_store"), (2, "boto3")] {
            let target = Some(Target::AtMost(1.05));
            line(&scenario, peer, &seconds[0], &seconds[side], target);
        }
        bound(&scenario, "MiB resident", peaks[0], Some(45.0));
        bound(&scenario, "… object_store", peaks[1], None);
        bound(&scenario, "… boto3", peaks[2], None);
    }
    Ok(())
}

fn client_run(
    client: &str,
    way: &str,
    file: &Path,
    (python, script): (&Path, &Path),
) -> Result<Outcome, Fault> {
    let mut command = match client {
        "boto3" => Command::new(python),
        "object_store" => Command::new(program("s3-object-store")?),
        _ => Command::new(program("s3-client")?),
    };
    if client == "boto3" {
        command.arg(script);
    }
    outcome(command.args([way, "bench/file"]).arg(file))
}

/// Runs a client, which prints its seconds, those of CPU time, and its peak.
fn outcome(command: &mut Command) -> Result<Outcome, Fault> {
    let output = command.stderr(std::process::Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", output.status).into());
    }
    let said = String::from_utf8(output.stdout)?;
    let mut figures = said.split_whitespace().map(str::parse);
    match (figures.next(), figures.next(), figures.next()) {
        (Some(Ok(seconds)), Some(Ok(cpu_seconds)), Some(Ok(peak_mib))) => Ok(Outcome {
            seconds,
            cpu_seconds,
            peak_mib,
        }),
        _ => Err(format!("{command:?} says {said:?}").into()),
    }
}

/// A stream that is nowhere as a whole, up and down, in two processes.
pub(crate) fn large(mib: u64) -> Result<(), Fault> {
    println!("\na stream of {mib} MiB over S3, parts of 8 MiB, four at a time");
    head();
    for way in ["up", "down"] {
        let mut command = Command::new(program("s3-client")?);
        let outcome = outcome(command.args(["stream", way, &mib.to_string()]))?;
        let scenario = format!("S3 {mib} MiB {way}");
        bound(&scenario, "MiB resident", outcome.peak_mib, Some(MOST));
        let speed = mib as f64 / outcome.seconds;
        bound(&scenario, "MiB a second", speed, None);
        if outcome.peak_mib > 2.0 * MOST {
            return Err("a stream must not be held in memory".into());
        }
    }
    Ok(())
}
