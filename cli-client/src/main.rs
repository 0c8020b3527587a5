//! The `forsat` program: everything is in the library, so that tests and the demo can call it.

use std::panic;
use std::process::ExitCode;

fn main() -> ExitCode {
    show_own_panics_only();
    forsat_cli::run(std::env::args_os())
}

/// A peer's bytes can make the document library panic; that is caught, and the record says what was left out of it. To
/// a person it isn't a fault of the program, so nothing of it is shown.
fn show_own_panics_only() {
    let show = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !forsat_client::is_guarded() {
            show(panic);
        }
    }));
}
