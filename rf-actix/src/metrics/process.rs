//! The `process_…` families, read from `/proc` at every scrape; empty where there is no `/proc`.
//!
//! See <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>.

use std::{fs, io};

use prometheus::{
    Opts,
    core::{Collector, Desc, Describer},
    proto::{self, MetricFamily, MetricType},
};

/// Linux counts in hundredths of a second towards programs, whatever the kernel's own rate (`man 7 time`, USER_HZ).
const TICKS_PER_SECOND: f64 = 100.0;

const FAMILIES: [(&str, MetricType, &str); 6] = [
    (
        "process_cpu_seconds_total",
        MetricType::COUNTER,
        "User and system CPU time spent, in seconds.",
    ),
    (
        "process_max_fds",
        MetricType::GAUGE,
        "How many file descriptors may be open.",
    ),
    (
        "process_open_fds",
        MetricType::GAUGE,
        "How many file descriptors are open.",
    ),
    (
        "process_resident_memory_bytes",
        MetricType::GAUGE,
        "Resident memory, in bytes.",
    ),
    (
        "process_start_time_seconds",
        MetricType::GAUGE,
        "When the process started, in seconds since 1970.",
    ),
    (
        "process_threads",
        MetricType::GAUGE,
        "How many threads the process has.",
    ),
];

pub(super) struct Process {
    descs: Vec<Desc>,
}

impl Process {
    pub(super) fn new() -> Self {
        let describe = |(name, _, help): &(&str, _, &str)| {
            Opts::new(*name, *help)
                .describe()
                .expect("the names above are valid")
        };
        Self {
            descs: FAMILIES.iter().map(describe).collect(),
        }
    }
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let values = Readings::take();
        let values = [
            values.cpu_seconds,
            values.max_fds,
            values.open_fds,
            values.resident_bytes,
            values.start_seconds,
            values.threads,
        ];
        // What cannot be read is left out: a 0 would be a lie.
        let known = FAMILIES
            .iter()
            .zip(values)
            .filter_map(|(family, value)| Some((family, value?)));
        known
            .map(|((name, kind, help), value)| family(name, *kind, help, value))
            .collect()
    }
}

fn family(name: &str, kind: MetricType, help: &str, value: f64) -> MetricFamily {
    let mut metric = proto::Metric::default();
    if kind == MetricType::COUNTER {
        let mut counter = proto::Counter::default();
        counter.set_value(value);
        metric.set_counter(counter);
    } else {
        let mut gauge = proto::Gauge::default();
        gauge.set_value(value);
        metric.set_gauge(gauge);
    }
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(vec![metric]);
    family
}

#[derive(Debug, Default, PartialEq)]
struct Readings {
    cpu_seconds: Option<f64>,
    max_fds: Option<f64>,
    open_fds: Option<f64>,
    resident_bytes: Option<f64>,
    start_seconds: Option<f64>,
    threads: Option<f64>,
}

impl Readings {
    fn take() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let stat = read("/proc/self/stat");
        let status = read("/proc/self/status");
        Self {
            cpu_seconds: cpu_seconds(&stat),
            max_fds: field(&read("/proc/self/limits"), "Max open files"),
            open_fds: open_fds().ok(),
            resident_bytes: field(&status, "VmRSS:").map(|kib| kib * 1024.0),
            start_seconds: start_seconds(&stat, &read("/proc/stat")),
            threads: field(&status, "Threads:"),
        }
    }
}

/// The descriptor that lists the folder is in the list itself.
fn open_fds() -> io::Result<f64> {
    Ok(fs::read_dir("/proc/self/fd")?.count().saturating_sub(1) as f64)
}

/// Fields 14 and 15 of `man 5 proc_pid_stat`.
fn cpu_seconds(stat: &str) -> Option<f64> {
    Some((stat_field(stat, 14)? + stat_field(stat, 15)?) / TICKS_PER_SECOND)
}

/// Field 22 counts from the boot, which `/proc/stat` dates.
fn start_seconds(stat: &str, system: &str) -> Option<f64> {
    Some(field(system, "btime")? + stat_field(stat, 22)? / TICKS_PER_SECOND)
}

/// Fields are counted from 1; the second, the program's name in brackets, may hold spaces and brackets.
fn stat_field(stat: &str, number: usize) -> Option<f64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name
        .split_ascii_whitespace()
        .nth(number - 3)?
        .parse()
        .ok()
}

/// The first number of the line that begins with `label`.
fn field(text: &str, label: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(label))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "7 (a) b (c)) S 1 7 7 0 -1 4194560 1 2 3 4 155 46 0 0 20 0 5 0 12345 1000 200 18446744073709551615";

    #[test]
    fn a_program_name_with_brackets_and_spaces_is_skipped() {
        assert_eq!(cpu_seconds(STAT), Some(2.01));
        assert_eq!(
            start_seconds(STAT, "cpu 1 2\nbtime 1700000000\n"),
            Some(1_700_000_123.45)
        );
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        assert_eq!(cpu_seconds(""), None);
        assert_eq!(start_seconds(STAT, ""), None);
        assert_eq!(
            field(
                "Max open files            unlimited  unlimited files",
                "Max open files"
            ),
            None
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_threads_memory_and_descriptors() {
        let before = open_fds().unwrap_or_default();
        let _held = (fs::File::open("/dev/null"), fs::File::open("/dev/null"));
        let now = Readings::take();
        assert!(
            now.threads >= Some(1.0) && now.resident_bytes > Some(100_000.0),
            "{now:?}"
        );
        assert!(
            now.open_fds.is_some() && before > 0.0 && now.max_fds >= now.open_fds,
            "{now:?}"
        );
        assert!(
            now.cpu_seconds.is_some() && now.start_seconds > Some(1_600_000_000.0),
            "{now:?}"
        );
    }
}
