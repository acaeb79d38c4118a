//! The example as a program of its own, so that tests can start it.

use std::process::ExitCode;

fn main() -> ExitCode {
    sign_in::main()
}
