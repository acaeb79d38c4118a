//! Files beside what else there is, in one run: `bench-files local | get | put | s3 PYTHON SCRIPT | s3-large MIB`.
//!
//! Who is compared takes turns in short rounds. Of each pair of rounds the ratio counts, and of the ratios the
//! median, because the speed of a machine drifts more from minute to minute than two libraries differ. Absolute
//! figures say nothing elsewhere. A missed target is printed, and is no failure of the run.

mod http;
mod load;
mod local;
mod process;
mod report;
mod s3;
mod server;

use http::Way;
use std::process::ExitCode;

type Fault = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["local"] => local::run(),
        ["get"] => http::run(Way::Get),
        ["put"] => http::run(Way::Put),
        ["serve", folder, nodelay] => server::run(folder.as_ref(), *nodelay == "nodelay"),
        ["s3", python, script] => s3::run(python.as_ref(), script.as_ref()),
        ["s3-large", mib] => mib.parse().map_err(Into::into).and_then(s3::large),
        _ => Err("bench-files local | get | put | s3 PYTHON SCRIPT | s3-large MIB".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("bench-files: {fault}");
            ExitCode::FAILURE
        }
    }
}
