//! Several processes on one store, none of which knows of the others.

use std::thread;

use serde_json::Value;

use super::device::Device;

#[test]
fn processes_that_edit_one_record_at_once_lose_nothing() {
    const EDITS: usize = 8;
    const WRITERS: usize = 3;
    let dir = tempfile::tempdir().unwrap();
    let device = Device::init(dir.path().join("sara"), "Sara");
    let account = device.add("account", &["name=Arya"]);
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (device, account) = (&device, &account);
            scope.spawn(move || {
                for edit in 0..EDITS {
                    device.ok(&["account", "edit", account, &format!("tags+=w{writer}e{edit}")]);
                }
            });
        }
    });
    let tags = device.field("account", &account, "tags");
    assert_eq!(tags.as_array().map(Vec::len), Some(WRITERS * EDITS), "{tags}");
    let heads: Value = device.ok(&["inspect", &account])["heads"].clone();
    assert_eq!(heads.as_array().map(Vec::len), Some(1), "no edit was made on an old state");
}
