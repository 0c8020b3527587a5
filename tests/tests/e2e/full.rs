//! Full disks. The kernel's limit on the size of a file stands for the disk: at it, a process that ignores the signal gets
//! the same kind of error, and a running process can be given room again.

use std::path::Path;
use std::process::Command;

use super::device::{Device, Office};
use super::program::{Ran, until};
use super::whole::import;

/// The unit of `ulimit -f` in a POSIX shell, in bytes.
const BLOCK: u64 = 512;

/// The same command in a process whose files can't grow beyond a size.
fn limited(command: &Command, bytes: u64) -> Command {
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -S -f \"$0\"; exec \"$@\""]).arg((bytes / BLOCK).to_string());
    limited.arg(command.get_program()).args(command.get_args()).env_clear();
    limited
}

fn length(file: &Path) -> u64 {
    std::fs::metadata(file).unwrap().len()
}

#[test]
fn a_device_on_a_full_disk_refuses_to_save_and_reads_on() {
    const SAVES_MAX: usize = 400;
    let dir = tempfile::tempdir().unwrap();
    let device = Device::init(dir.path().join("sara"), "Sara");
    device.add("account", &["name=A first"]);
    let limit = 3 * length(&device.file());
    let mut answered = vec!["A first".to_owned()];
    let refused = (0..SAVES_MAX).find_map(|number| {
        let name = format!("Account {number:03}");
        let field = format!("name={name}");
        let description = format!("description={}", "x".repeat(4_000));
        let command = device.command(&["account", "add", &field, &description, "--json"]);
        let ran = Ran::of(&mut limited(&command, limit));
        if ran.code == Some(0) {
            answered.push(name);
            return None;
        }
        Some(ran)
    });
    let refused = refused.expect("the disk is full at some point");
    assert_eq!(refused.code, Some(5), "{refused:?}");
    let error = refused.parsed();
    assert!(error["error"].as_str().unwrap().contains("free some space"), "{error}");
    assert!(answered.len() > 1, "there was room for some");
    let listing = Ran::of(&mut limited(&device.command(&["account", "list", "--json"]), limit)).json();
    assert_eq!(listing["total"], answered.len(), "reading goes on, and nothing else was saved");
    assert_eq!(device.names("account"), answered);
    device.add("account", &["name=Later"]);
    super::ledger::Ledger::open(device.dir()).check();
}

#[test]
fn a_relay_on_a_full_disk_acknowledges_nothing_and_goes_on_when_there_is_room() {
    let mut office = Office::open();
    import(&office.sara, Some(400));
    office.relay.stop();
    let limit = length(&office.relay.data().join("relay.redb"));
    let command = office.relay.serving();
    office.relay.serve_by(limited(&command, limit));
    let unsent = office.sara.unsent();
    let ran = office.sara.run(&["sync", "--json"]);
    let left = office.sara.unsent();
    assert!(left > 0 && left <= unsent, "{left} of {unsent} unsent: {ran:?}");
    let status = office.relay.status();
    assert_eq!(status["serving"]["writes_failing"], true, "{status}");
    assert!(!office.relay.ended(), "reading goes on");
    let log = office.relay.log();
    assert!(log.contains("free some disk space"), "{log}");
    let pid = office.relay.pid().to_string();
    let raised = Command::new("prlimit").args(["--fsize=unlimited", "--pid", &pid]).status().unwrap();
    assert!(raised.success());
    until("the relay takes writes again", || {
        office.sara.run(&["sync"]);
        office.sara.unsent() == 0
    });
    office.level();
    assert_eq!(office.sara.names("opp"), office.reza.names("opp"));
    assert_eq!(office.relay.status()["serving"]["writes_failing"], false);
}
