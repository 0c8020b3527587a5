//! End to end with real processes: relays and devices that are started, killed and damaged, and what they say.
//!
//! Every test works in a folder of its own and on ports that the system gives; waiting is always for a condition.
#![expect(clippy::unwrap_used, reason = "what a test's helper can't do fails the test")]

mod access;
mod anew;
mod contract;
mod control;
mod crash;
mod crowd;
mod custom;
mod damage;
mod device;
mod duplicates;
mod erase;
#[cfg(unix)]
mod forms;
mod full;
mod healing;
mod hostile;
mod hostile_changes;
mod http;
mod joining;
mod key;
#[cfg(target_os = "linux")]
mod keyring;
#[cfg(target_os = "linux")]
mod keyring_prompt;
mod lead;
mod ledger;
mod merge;
mod moves;
mod program;
mod quarantine;
mod raw;
mod refused;
mod relay;
mod roles;
mod sharing;
mod table;
#[cfg(unix)]
mod terminal;
mod today;
mod tokens;
mod verify;
mod verify_relay;
mod watch;
mod whole;
mod wire;
