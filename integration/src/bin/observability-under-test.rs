//! `examples/observability`, built with the tests that start it.

use std::process::ExitCode;

fn main() -> ExitCode {
    observability::main()
}
