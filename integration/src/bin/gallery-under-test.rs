//! The gallery as a program of its own, so that tests can signal it.

use std::process::ExitCode;

fn main() -> ExitCode {
    gallery::main()
}
