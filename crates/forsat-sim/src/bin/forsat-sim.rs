//! Runs one seed again and tells what happens in it, or many and tells what they reach.

use forsat_sim::plan::Plan;
use forsat_sim::world::{Broken, run};
use std::process::ExitCode;

#[expect(clippy::print_stdout, reason = "this program's answer is a text")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let seed = match arguments.as_slice() {
        [flag, seed] if flag == "--seed" => seed.parse().ok(),
        _ => None,
    };
    let Some(seed) = seed else {
        println!("usage: forsat-sim --seed N");
        return ExitCode::from(2);
    };
    let plan = Plan::of(seed);
    println!("{plan:#?}");
    let outcome = run(plan, &Broken::default(), true);
    for (what, times) in &outcome.sights.0 {
        println!("{times:>8}  {what}");
    }
    let (virtual_s, converged_ms) = (outcome.virtual_ms / 1000, outcome.converged_ms);
    println!("seed {seed}: {virtual_s} s of the world, level {converged_ms} ms after healing");
    match outcome.violation {
        None => ExitCode::SUCCESS,
        Some(what) => {
            println!("BROKEN: {what}");
            ExitCode::FAILURE
        }
    }
}
