//! The device's key sealed with a passphrase: who doesn't know it reads the store and connects nowhere.

use std::fs::File;

use serde_json::{Value, json};

use super::device::{Device, Office};
use super::program::Ran;

const PASSPHRASE: &str = "گذرواژهٔ رضا 7";

/// Runs a command with a passphrase in the environment.
fn with(device: &Device, passphrase: &str, arguments: &[&str]) -> Ran {
    Ran::of(device.command(arguments).arg("--json").env("FORSAT_PASSPHRASE", passphrase))
}

/// The code of the error of a command that a rule refuses.
fn refused(ran: &Ran) -> Value {
    assert_eq!(ran.code, Some(4), "{ran:?}");
    ran.parsed()["code"].clone()
}

#[test]
fn a_sealed_key_opens_with_its_passphrase_and_a_store_without_it_only_reads() {
    let office = Office::open();
    let account = office.sara.add("account", &["name=Arya"]);
    office.level();
    let reza = &office.reza;
    let key = reza.dir().join("device.key");
    let plain = std::fs::read(&key).unwrap();
    let shown = reza.ok(&["key", "show"]);
    assert_eq!((plain.len(), &shown["state"]), (32, &json!("plain")), "{shown}");

    let sealed = with(reza, PASSPHRASE, &["key", "seal"]).json();
    assert_eq!((&sealed["state"], &sealed["public"]), (&json!("sealed"), &shown["public"]), "{sealed}");
    let text = std::fs::read_to_string(&key).unwrap();
    assert!(text.starts_with("forsat device key 1\n") && !text.contains(&hex::encode(&plain)), "{text}");
    assert_eq!(refused(&with(reza, PASSPHRASE, &["key", "seal"])), "key_sealed_already");

    // The store is worked with as before; only the relay is out of reach.
    reza.ok(&["account", "edit", &account, "website=https://arya.example"]);
    let error = reza.fails(4, &["sync"]);
    assert_eq!(error["code"], "key_sealed", "{error}");
    assert!(error["error"].as_str().unwrap().contains("FORSAT_PASSPHRASE"), "{error}");
    assert_eq!(reza.fails(4, &["sync", "--watch"])["code"], "key_sealed");
    assert_eq!(refused(&with(reza, "another", &["sync"])), "wrong_passphrase");
    assert_eq!(refused(&with(reza, "", &["sync"])), "no_passphrase");
    let persian = reza.says(4, &["--lang", "fa", "sync"]);
    assert!(persian.contains("مهر شده است"), "{persian}");
    assert_eq!(reza.unsent(), 1);

    // A copy without the key, and one with the sealed key alone.
    let copy = Device::at(office.dir.path().join("copy"));
    std::fs::create_dir(copy.dir()).unwrap();
    std::fs::copy(reza.file(), copy.file()).unwrap();
    assert_eq!(copy.names("account"), ["Arya"]);
    assert_eq!(copy.fails(4, &["sync"])["code"], "no_key");
    assert_eq!(copy.ok(&["key", "show"])["state"], "none");
    std::fs::copy(&key, copy.dir().join("device.key")).unwrap();
    assert_eq!(copy.fails(4, &["sync"])["code"], "key_sealed");

    let file = office.dir.path().join("passphrase");
    std::fs::write(&file, format!("{PASSPHRASE}\n")).unwrap();
    let mut by_descriptor = reza.command(&["sync", "--json", "--passphrase-fd", "0"]);
    let synced = Ran::of(by_descriptor.stdin(File::open(&file).unwrap())).json();
    assert_eq!((&synced["sent"], &synced["synced"]), (&json!(1), &json!(true)), "{synced}");
    office.sara.sync();
    assert_eq!(office.sara.field("account", &account, "website"), "https://arya.example");

    assert_eq!(refused(&with(reza, "another", &["key", "unseal"])), "wrong_passphrase");
    with(reza, PASSPHRASE, &["key", "unseal"]).json();
    assert_eq!(std::fs::read(&key).unwrap(), plain);
    reza.sync();
}

#[test]
fn a_file_that_is_no_key_is_told() {
    let office = Office::open();
    std::fs::write(office.reza.dir().join("device.key"), "forsat device key 2\nelsewhere\n").unwrap();
    for command in [&["sync"][..], &["key", "show"]] {
        let error = office.reza.fails(5, command);
        assert!(error["error"].as_str().unwrap().contains("isn't a device key"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_passphrase_is_asked_for_in_a_terminal_and_not_shown() {
    use super::terminal::{Terminal, key};

    let office = Office::open();
    let mut terminal = Terminal::run(office.reza.command(&["key", "seal"]));
    for question in ["New passphrase", "The same once more"] {
        terminal.sees(question);
        terminal.press(&["open sesame", key::ENTER]);
    }
    let (code, said) = terminal.ends();
    assert!(code == Some(0) && !said.contains("sesame"), "{said}");
    assert_eq!(office.reza.ok(&["key", "show"])["state"], "sealed");

    let mut terminal = Terminal::run(office.reza.command(&["sync"]));
    terminal.sees("Passphrase of the device's key");
    terminal.press(&["open sesame", key::ENTER]);
    let (code, said) = terminal.ends();
    assert!(code == Some(0) && !said.contains("sesame"), "{said}");
}
