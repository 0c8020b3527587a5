//! The program `forsat-relay`: everything is in the library, so that tests can call it.

use std::process::ExitCode;

fn main() -> ExitCode {
    forsat_relay::cli::run(std::env::args_os(), std::env::vars())
}
