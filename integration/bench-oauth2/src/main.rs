//! The authorization server beside what else there is, in one run: `bench-oauth2 tokens OIDC AUTHLIB | guard | inserts
//! [URL]`.
//!
//! Who is compared takes turns in short rounds. Of each pair of rounds the ratio counts, and of the ratios the
//! median, because the speed of a machine drifts more from minute to minute than two servers differ. Absolute figures
//! say nothing elsewhere. A missed target is printed, and is no failure of the run.

mod insert;
mod load;
mod peer;
#[path = "../../bench-files/src/process.rs"]
#[allow(dead_code, reason = "files measure memory too")]
mod process;
#[path = "../../bench-files/src/report.rs"]
#[allow(dead_code, reason = "files have targets of another kind too")]
mod report;
mod scenario;
mod server;

use std::process::ExitCode;

type Fault = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["tokens", oidc, authlib] => scenario::tokens(oidc.as_ref(), authlib.as_ref()),
        ["guard"] => scenario::guard(),
        ["inserts"] => insert::run(None),
        ["inserts", url] => insert::run(Some(url)),
        ["serve", format, algorithm, check] => server::run(format, algorithm, check),
        _ => Err("bench-oauth2 tokens OIDC AUTHLIB | guard | inserts [URL]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("bench-oauth2: {fault}");
            ExitCode::FAILURE
        }
    }
}
