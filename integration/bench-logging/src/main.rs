//! Logging beside what else there is, in one run: `bench-logging calls | http`.
//!
//! Who is compared takes turns in short rounds. Of each pair of rounds the ratio counts, and of the ratios the
//! median, because the speed of a machine drifts more from minute to minute than two libraries differ. Absolute
//! figures say nothing elsewhere. A missed target is printed, and is no failure of the run.

mod calls;
mod http;
// The same load and the same table as for files.
#[path = "../../bench-files/src/load.rs"]
mod load;
#[path = "../../bench-files/src/process.rs"]
#[allow(dead_code, reason = "files measure memory too")]
mod process;
#[path = "../../bench-files/src/report.rs"]
#[allow(dead_code, reason = "files have targets of another kind too")]
mod report;
mod server;
mod sides;

use std::process::ExitCode;

type Fault = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["calls"] => calls::run(),
        ["http"] => http::run(),
        // For a profiler: so many rounds of ours alone.
        ["calls-of-ours", rounds] => rounds
            .parse()
            .map_err(Into::into)
            .and_then(calls::ours_alone),
        ["serve", who, file] => server::run(who, file.as_ref()),
        _ => Err("bench-logging calls | http".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("bench-logging: {fault}");
            ExitCode::FAILURE
        }
    }
}
