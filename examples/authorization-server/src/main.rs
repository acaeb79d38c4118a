//! `cargo run -p authorization-server`

use std::process::ExitCode;

fn main() -> ExitCode {
    authorization_server::main()
}
