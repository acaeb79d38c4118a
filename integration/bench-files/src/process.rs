//! Memory and cores of processes.

use crate::Fault;
use rustix::thread::{CpuSet, sched_setaffinity};

/// The most memory a process ever had resident, in MiB; of this one without an id.
pub(crate) fn peak_mib(id: Option<u32>) -> Result<f64, Fault> {
    let id = id.map_or_else(|| "self".to_owned(), |id| id.to_string());
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let kib: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB"))
        .ok_or("the system does not tell how much memory a process had")?
        .trim()
        .parse()?;
    Ok(kib / 1024.0)
}

/// The CPU time a process took so far, all its threads, in seconds; of this one without an id.
pub(crate) fn cpu_seconds(id: Option<u32>) -> Result<f64, Fault> {
    let id = id.map_or_else(|| "self".to_owned(), |id| id.to_string());
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name in parentheses may hold anything; utime and stime are the 14th and 15th field.
    let (_, rest) = stat.rsplit_once(')').ok_or("a line that is none of stat")?;
    let ticks = rest.split_whitespace().skip(11).take(2);
    let ticks: f64 = ticks.map(|field| field.parse().unwrap_or(0.0)).sum();
    Ok(ticks / rustix::param::clock_ticks_per_second() as f64)
}

/// Keeps this process and all its later threads on one core, where there are several.
pub(crate) fn keep_on_core(core: usize) -> Result<(), Fault> {
    if std::thread::available_parallelism()?.get() > core {
        let mut cores = CpuSet::new();
        cores.set(core);
        sched_setaffinity(None, &cores)?;
    }
    Ok(())
}
