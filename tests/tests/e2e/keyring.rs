//! The device's key in the keyring of a desktop: GNOME Keyring on a message bus of its own, as a session has them.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;
use zbus::{Connection, OwnedObjectPath, OwnedVariant, Variant};

use super::device::{Device, Office};
use super::program::{Lines, Ran, Running, until};

pub const BUS_NAME: &str = "org.freedesktop.secrets";
const PATH: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const ITEM: &str = "org.freedesktop.Secret.Item";
const PASSWORD: &str = "of the desktop";

/// A bus that starts nothing by itself, so that a test decides whether there is a keyring.
const CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A session of a desktop: its bus, and its keyring while it runs.
pub struct Session {
    home: tempfile::TempDir,
    _bus: Running,
    keyring: Option<Running>,
}

impl Session {
    /// A session without a keyring.
    pub fn begin() -> Self {
        // Of its own: the path of a socket may not be long.
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("bus.conf");
        std::fs::write(&config, CONFIG.replace("SOCKET", &socket(home.path()).display().to_string()))
            .unwrap();
        let mut bus = Command::new("dbus-daemon");
        bus.arg("--nofork").arg("--nosyslog").arg("--print-address").arg("--config-file").arg(&config);
        let mut bus = start(bus.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()));
        let lines = Lines::of(bus.stdout.take().unwrap());
        lines.wait("the bus listens", |line| line.starts_with("unix:"));
        Self { home, _bus: Running(bus), keyring: None }
    }

    /// Starts the keyring, and unlocks it when asked to: the first time that makes its collection.
    pub fn start_keyring(&mut self, unlocked: bool) {
        let home = self.home.path();
        let mut daemon = Command::new("gnome-keyring-daemon");
        daemon.env_clear().envs(self.variables()).env("HOME", home).env("XDG_RUNTIME_DIR", home);
        daemon.env("XDG_DATA_HOME", home.join("data")).args(["--foreground", "--components=secrets"]);
        if unlocked {
            daemon.arg("--unlock");
        }
        let mut daemon = start(daemon.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()));
        // Its end ends the password.
        daemon.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
        self.keyring = Some(Running(daemon));
        until("the keyring is on the bus", || self.ask(async |bus| owned(bus).await));
    }

    pub fn stop_keyring(&mut self) {
        self.keyring = None;
        until("the keyring has left the bus", || !self.ask(async |bus| owned(bus).await));
    }

    pub fn variables(&self) -> HashMap<&'static str, String> {
        HashMap::from([(
            "DBUS_SESSION_BUS_ADDRESS",
            format!("unix:path={}", socket(self.home.path()).display()),
        )])
    }

    /// A command in this session.
    pub fn command(&self, device: &Device, arguments: &[&str]) -> Command {
        let mut command = device.command(arguments);
        command.envs(self.variables());
        command
    }

    pub fn run(&self, device: &Device, arguments: &[&str]) -> Ran {
        Ran::of(self.command(device, arguments).arg("--json"))
    }

    /// What a command that doesn't do its work because of the key says in code.
    fn refused(&self, device: &Device, arguments: &[&str]) -> String {
        let ran = self.run(device, arguments);
        assert_eq!(ran.code, Some(4), "{arguments:?}: {ran:?}");
        ran.parsed()["code"].as_str().unwrap().to_owned()
    }

    /// Asks something on the bus, as another program of the session.
    fn ask<T>(&self, work: impl AsyncFnOnce(&Connection) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let address = self.variables()["DBUS_SESSION_BUS_ADDRESS"].clone();
        runtime.block_on(async {
            let bus = zbus::connection::Builder::address(address.as_str()).build().await.unwrap();
            work(&bus).await
        })
    }

    /// The entries of this program in the keyring.
    fn entries(&self) -> Vec<OwnedObjectPath> {
        self.ask(async |bus| {
            let attributes = HashMap::from([("application", "forsat")]);
            let found = bus
                .call_method(Some(BUS_NAME), PATH, Some(SERVICE), "SearchItems", &attributes)
                .await
                .unwrap();
            let (mut items, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) =
                found.body().deserialize().unwrap();
            items.extend(locked);
            items
        })
    }

    /// Puts something else into an entry, as a person in a program of passwords can.
    fn overwrite(&self, item: &OwnedObjectPath, secret: &str) {
        self.ask(async |bus| {
            let plain = ("plain", Variant::from(""));
            let opened =
                bus.call_method(Some(BUS_NAME), PATH, Some(SERVICE), "OpenSession", &plain).await.unwrap();
            let (_, session): (OwnedVariant, OwnedObjectPath) = opened.body().deserialize().unwrap();
            let secret = ((session, Vec::<u8>::new(), secret.as_bytes().to_vec(), "text/plain"),);
            bus.call_method(Some(BUS_NAME), item, Some(ITEM), "SetSecret", &secret).await.unwrap();
        });
    }

    fn delete(&self, item: &OwnedObjectPath) {
        self.ask(async |bus| {
            bus.call_method(Some(BUS_NAME), item, Some(ITEM), "Delete", &()).await.unwrap();
        });
    }
}

fn socket(home: &Path) -> PathBuf {
    home.join("bus")
}

fn start(command: &mut Command) -> Child {
    let program = command.get_program().display().to_string();
    command.spawn().unwrap_or_else(|error| panic!("{program} is missing, scripts/test installs it: {error}"))
}

/// Whether there is a keyring on the bus.
async fn owned(bus: &Connection) -> bool {
    let name = "org.freedesktop.DBus";
    let asked =
        bus.call_method(Some(name), "/org/freedesktop/DBus", Some(name), "NameHasOwner", &BUS_NAME).await;
    asked.unwrap().body().deserialize().unwrap()
}

#[test]
fn a_key_in_the_keyring_is_found_by_every_sync_and_comes_back_unchanged() {
    let office = Office::open();
    let account = office.sara.add("account", &["name=Arya"]);
    office.level();
    let reza = &office.reza;
    let file = reza.dir().join("device.key");
    let plain = std::fs::read(&file).unwrap();
    let mut session = Session::begin();
    session.start_keyring(true);

    let moved = session.run(reza, &["key", "keyring"]).json();
    assert_eq!(moved["state"], "keyring", "{moved}");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.starts_with("forsat device key in a keyring 1\n") && !text.contains(&hex::encode(&plain)),
        "{text}"
    );
    assert_eq!(session.entries().len(), 1);
    assert_eq!(session.refused(reza, &["key", "keyring"]), "key_in_keyring");
    assert_eq!(session.refused(reza, &["key", "seal"]), "key_in_keyring");

    reza.ok(&["account", "edit", &account, "website=https://arya.example"]);
    let synced = session.run(reza, &["sync"]).json();
    assert_eq!((&synced["sent"], &synced["synced"]), (&json!(1), &json!(true)), "{synced}");
    office.sara.sync();
    assert_eq!(office.sara.field("account", &account, "website"), "https://arya.example");
    let listed = session.run(reza, &["admin", "device", "list"]);
    assert_eq!(listed.parsed()["code"], "not_administrator", "the relay was asked: {listed:?}");

    let back = session.run(reza, &["key", "unseal"]).json();
    assert_eq!(back["state"], "plain", "{back}");
    assert_eq!(std::fs::read(&file).unwrap(), plain);
    assert_eq!(session.entries(), []);
    reza.sync();
}

#[test]
fn a_keyring_that_is_absent_locked_or_holds_something_else_is_told_and_loses_nothing() {
    let office = Office::open();
    let reza = &office.reza;
    let file = reza.dir().join("device.key");
    let plain = std::fs::read(&file).unwrap();
    let mut session = Session::begin();
    for refused in [
        reza.fails(4, &["key", "keyring"])["code"].clone(),
        json!(session.refused(reza, &["key", "keyring"])),
    ] {
        assert_eq!(refused, "no_keyring");
    }
    session.start_keyring(false);
    assert_eq!(session.refused(reza, &["key", "keyring"]), "keyring_no_collection");
    session.stop_keyring();
    assert_eq!(std::fs::read(&file).unwrap(), plain);

    session.start_keyring(true);
    session.run(reza, &["key", "keyring"]).json();
    let pointer = std::fs::read(&file).unwrap();
    // Nobody signed in: there is a bus and no keyring, then one that is locked.
    session.stop_keyring();
    assert_eq!(session.refused(reza, &["sync"]), "no_keyring");
    assert_eq!(session.refused(reza, &["key", "unseal"]), "no_keyring");
    assert!(reza.says(4, &["--lang", "fa", "sync"]).contains("دسته‌کلید"));
    session.start_keyring(false);
    for command in [&["sync"][..], &["sync", "--watch"], &["key", "unseal"]] {
        assert_eq!(session.refused(reza, command), "keyring_locked", "{command:?}");
    }
    session.stop_keyring();

    session.start_keyring(true);
    let [item] = session.entries().try_into().unwrap();
    session.overwrite(&item, "something else");
    assert_eq!(session.refused(reza, &["sync"]), "key_other_in_keyring");
    assert_eq!(session.refused(reza, &["key", "unseal"]), "key_other_in_keyring");
    session.overwrite(&item, &hex::encode(&plain));
    session.run(reza, &["sync"]).json();
    session.delete(&item);
    assert_eq!(session.refused(reza, &["sync"]), "key_not_in_keyring");
    assert_eq!(session.refused(reza, &["key", "unseal"]), "key_not_in_keyring");
    assert_eq!(std::fs::read(&file).unwrap(), pointer);
    // The way out that the message names.
    std::fs::write(&file, plain).unwrap();
    reza.sync();
}

#[test]
fn a_revoked_device_has_the_keyring_forget_its_key_and_does_not_wait_for_one_that_hangs() {
    for hangs in [false, true] {
        let office = Office::open();
        let reza = &office.reza;
        let mut session = Session::begin();
        session.start_keyring(true);
        let moved = session.run(reza, &["key", "keyring"]).json();
        let mut watch = session.command(reza, &["sync", "--watch", "--json"]);
        let mut watch = Running(watch.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
        let lines = Lines::of(watch.0.stdout.take().unwrap());
        office.sara.add("account", &["name=Arya"]);
        office.sara.sync();
        until("the device is connected", || reza.names("account") == ["Arya"]);
        if hangs {
            session.keyring.as_ref().unwrap().signal("-STOP");
        }
        super::control::revoke(&office, "Reza", false);
        let mut said = String::new();
        lines.wait("the device says that it was erased", |line| {
            said.push_str(line);
            line == "}" && said.contains("device_revoked")
        });
        until("the device has ended", || watch.ended());
        assert!(!reza.dir().join("device.key").exists() && !reza.file().exists());
        assert_eq!(said.contains(moved["entry"].as_str().unwrap()), hangs, "{said}");
        if hangs {
            session.keyring.as_ref().unwrap().signal("-CONT");
        }
        assert_eq!(session.entries().len(), usize::from(hangs));
    }
}
