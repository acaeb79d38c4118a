//! `cargo run -p sign-in`

use std::process::ExitCode;

fn main() -> ExitCode {
    sign_in::main()
}
