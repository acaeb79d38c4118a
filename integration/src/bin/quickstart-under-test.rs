//! The quickstart as a program of its own, so that tests can kill it.

use std::process::ExitCode;

fn main() -> ExitCode {
    quickstart::main()
}
