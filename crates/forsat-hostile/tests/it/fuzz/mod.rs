//! Fuzzing of everything that reads bytes or text of others: what was found before, then fresh cases from a seed.
//!
//! A target is a function that takes any bytes and panics where a promise breaks. `scripts/fuzz SECONDS` runs them for
//! longer, from a seed of its own.

mod mutate;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use crate::bounded;

/// How a run goes on.
struct Length {
    cases: usize,
    time: Option<Duration>,
    seed: u64,
}

#[expect(clippy::disallowed_methods, reason = "how long to fuzz is told by scripts/fuzz")]
fn told(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[expect(clippy::disallowed_methods, reason = "only a run that is asked for by its length looks at a clock")]
fn now() -> Instant {
    Instant::now()
}

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

/// What was found before, or is a good beginning.
fn kept(target: &str) -> Vec<Vec<u8>> {
    let Ok(files) = std::fs::read_dir(corpus(target)) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("a file of the corpus").path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("a file of the corpus")).collect()
}

/// Runs one case; a failure is written down and told.
fn case(target: &str, run: &mut dyn FnMut(&[u8]), bytes: &[u8], length: &Length) {
    let failing = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{target}"));
    if length.time.is_some() {
        // A case that ends the process is found here.
        std::fs::write(&failing, bytes).expect("a case is written");
    }
    let done = catch_unwind(AssertUnwindSafe(|| bounded(target, || run(bytes))));
    if let Err(why) = done {
        std::fs::write(&failing, bytes).expect("a case is written");
        eprintln!(
            "a case of {target} is in {}; give it a name in {}",
            failing.display(),
            corpus(target).display()
        );
        std::panic::resume_unwind(why);
    }
}

/// Replays what is kept, then runs fresh cases made of it.
fn fuzz(target: &str, cases: usize, seeds: Vec<Vec<u8>>, run: &mut dyn FnMut(&[u8])) {
    let time = told("FORSAT_FUZZ_SECONDS").map(Duration::from_secs);
    let length = Length { cases, time, seed: told("FORSAT_FUZZ_SEED").unwrap_or(1) };
    let seeds = [seeds, kept(target)].concat();
    for seed in &seeds {
        case(target, run, seed, &length);
    }
    let mut random = SmallRng::seed_from_u64(length.seed);
    let begun = now();
    let mut done = 0;
    while length.time.map_or(done < length.cases, |time| begun.elapsed() < time) {
        let mut bytes = seeds[random.random_range(0..seeds.len())].clone();
        let other = &seeds[random.random_range(0..seeds.len())];
        mutate::mutate(&mut bytes, other, &mut random);
        case(target, run, &bytes, &length);
        done += 1;
    }
    eprintln!("{target}: {} kept, {done} fresh cases", seeds.len());
}
