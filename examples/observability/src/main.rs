//! `cargo run -p observability`

use std::process::ExitCode;

fn main() -> ExitCode {
    observability::main()
}
