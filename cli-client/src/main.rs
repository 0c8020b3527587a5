//! The `forsat` program: everything is in the library, so that tests and the demo can call it.

use std::process::ExitCode;

fn main() -> ExitCode {
    forsat_cli::run(std::env::args_os())
}
