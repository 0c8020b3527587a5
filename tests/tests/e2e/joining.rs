//! Joining with real codes: each works once, and what is no code or no address is told at once.

use super::device::Device;
use super::relay::{Relay, SPACE};

#[test]
fn codes_work_once_and_garbled_ones_never() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::start(&dir.path().join("relay"));
    let code = relay.invite("Sara", SPACE, "admin");
    let device = Device::at(dir.path().join("sara"));
    let garbled = format!("{}x", &code[..code.len() - 1]);
    device.says(4, &["join", relay.url(), &garbled, "--user", "Sara"]);
    device.ok(&["join", relay.url(), &code, "--user", "Sara"]);
    let second = Device::at(dir.path().join("second"));
    assert!(!second.says(6, &["join", relay.url(), &code, "--user", "Mina"]).is_empty());
    assert!(second.says(4, &["join", "relay.example.com", &code]).contains("wss://"));
    assert!(second.says(5, &["opp", "list"]).contains("forsat init"), "a join that failed leaves no store");
}
