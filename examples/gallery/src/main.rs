//! `cargo run -p gallery`

use std::process::ExitCode;

fn main() -> ExitCode {
    gallery::main()
}
