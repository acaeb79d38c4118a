//! `cargo run -p resource-server`

use std::process::ExitCode;

fn main() -> ExitCode {
    resource_server::main()
}
