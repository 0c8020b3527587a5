//! A flipped byte in a store is detected, never returned as data.

use crate::support::{accounts, add_account, device, enrol, push, relay, unsent};
use forsat_sim::audit;
use forsat_sim::random::Random;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many bytes are flipped, one at a time.
const FLIPS: u64 = 400;

#[test]
fn a_device_never_shows_what_a_flipped_byte_says() {
    let mut device = device(5);
    let names: Vec<_> = (0..12).map(|number| format!("Account {number}")).collect();
    for name in &names {
        add_account(device.engine().unwrap(), name).unwrap();
    }
    device.stop();
    let image = device.disk().image();
    let mut random = Random::new(5, "flips", 0);
    let mut detected = 0;
    for _ in 0..FLIPS {
        let offset = random.place(image.len());
        device.put_back(image.clone());
        device.disk().flip(offset, 1 << random.place(8));
        let seen = catch_unwind(AssertUnwindSafe(|| look_device(&mut device)));
        device.kill();
        match seen.unwrap_or_else(|_| panic!("a flip at {offset} panics")) {
            Err(_) => detected += 1,
            Ok(mut seen) => {
                let mut expected = names.clone();
                seen.sort();
                expected.sort();
                assert_eq!(seen, expected, "a flip at {offset} of {} is shown", image.len());
            }
        }
    }
    println!("{detected} of {FLIPS} flips were detected, the others hit nothing that is read");
    assert!(detected > 0);
}

fn look_device(device: &mut forsat_sim::device::Device) -> Result<Vec<String>, String> {
    device.start().map_err(|error| error.to_string())?;
    let engine = device.engine().expect("it was started").clone();
    let report = engine.store().check_integrity().map_err(|error| error.to_string())?;
    if let Some(problem) = report.problems.first() {
        return Err(format!("{problem:?}"));
    }
    accounts(&engine).map_err(|error| error.to_string())
}

#[test]
fn a_relay_never_sends_what_a_flipped_byte_says() {
    let writer = device(6);
    for number in 0..12 {
        add_account(writer.engine().unwrap(), &format!("Account {number}")).unwrap();
    }
    let changes = unsent(writer.engine().unwrap());
    let mut relay = relay(6);
    let device = enrol(&mut relay, &writer);
    let space = relay.spaces().unwrap().into_iter().find(|space| space.name == "Tehran").unwrap().id;
    push(relay.store().unwrap(), device, space, &changes, 1_000).unwrap();
    let expected = audit::feeds(&relay).unwrap()[&space].hashes();
    relay.stop();
    let image = relay.disk().image();
    let mut random = Random::new(6, "flips", 0);
    let mut detected = 0;
    for _ in 0..FLIPS {
        let offset = random.place(image.len());
        relay.put_back(image.clone());
        relay.disk().flip(offset, 1 << random.place(8));
        let seen = catch_unwind(AssertUnwindSafe(|| {
            relay.start().map_err(|error| error.to_string())?;
            audit::feeds(&relay)
        }));
        relay.kill();
        match seen.unwrap_or_else(|_| panic!("a flip at {offset} panics")) {
            Err(_) => detected += 1,
            Ok(feeds) => assert_eq!(feeds[&space].hashes(), expected, "a flip at {offset} is sent"),
        }
    }
    println!("{detected} of {FLIPS} flips were detected, the others hit nothing that is read");
    assert!(detected > 0);
}
