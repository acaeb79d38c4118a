//! Metrics, and the whole suite, beside what else there is, in one run: `bench-metrics http | calls`.
//!
//! Who is compared takes turns in short rounds; of each pair of rounds the ratio counts, and of the ratios the median.
//! Absolute figures say nothing elsewhere. A missed target is printed, and is no failure of the run.

mod calls;
mod http;
#[path = "../../bench-files/src/load.rs"]
mod load;
#[allow(
    dead_code,
    reason = "shared with the bench of files, which needs more of it"
)]
#[path = "../../bench-files/src/process.rs"]
mod process;
#[allow(
    dead_code,
    reason = "shared with the bench of files, which needs more of it"
)]
#[path = "../../bench-files/src/report.rs"]
mod report;
mod server;

use std::process::ExitCode;

type Fault = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["http"] => http::run(),
        ["calls"] => calls::run(),
        ["serve", kind, folder] => server::run(kind, folder.as_ref()),
        _ => Err("bench-metrics http | calls".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("bench-metrics: {fault}");
            ExitCode::FAILURE
        }
    }
}
