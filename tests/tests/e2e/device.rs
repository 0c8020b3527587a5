//! A device: a store in a folder, and the program that works on it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use forsat_store::{CACHE_BYTES_DEFAULT, OpenParams, SpaceRow, Store, StoreError};
use serde_json::Value;

use super::program::{self, Ran, Running};
use super::relay::{Relay, SPACE};

/// The store of one person on one machine.
#[derive(Debug)]
pub struct Device {
    dir: PathBuf,
}

impl Device {
    /// A folder in which a store will be.
    pub fn at(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// A store of its own, with no relay, counting in US dollars.
    pub fn init(dir: PathBuf, user: &str) -> Self {
        let device = Self { dir };
        device.ok(&["init", "--user", user, "--currency", "USD"]);
        device
    }

    /// A store begun from a relay.
    pub fn joined(dir: PathBuf, relay: &Relay, user: &str, role: &str) -> Self {
        let device = Self { dir };
        device.join(relay, &relay.invite(user, SPACE, role), user);
        device
    }

    /// Joins with a code and reads what is there.
    pub fn join(&self, relay: &Relay, code: &str, user: &str) {
        self.ok(&["join", relay.url(), code, "--user", user, "--yes"]);
        self.sync();
    }

    /// The folder of the store.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The store's file.
    pub fn file(&self) -> PathBuf {
        self.dir.join("store.redb")
    }

    /// Makes the store believe that its user has another role in a space, as a changed program would.
    pub fn pose_as(&self, space: &str, role: &str) {
        let params = OpenParams { random: [8; 32], cache_bytes: CACHE_BYTES_DEFAULT };
        let store = Store::open(&self.dir, &params).expect("the store opens");
        let spaces = store.read().expect("the store can be read").spaces().expect("it has spaces");
        let (id, row) = spaces.into_iter().find(|(_, row)| row.name == space).expect("there is such a space");
        let posing = SpaceRow { role: role.to_owned(), ..row };
        store.write::<_, StoreError>(|tx| tx.put_space(&id, &posing)).expect("the store can be written");
    }

    /// A command on this store.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program::command("forsat");
        command.arg("--store").arg(&self.dir).args(arguments);
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// Runs a command that must do its work; answers its JSON.
    pub fn ok(&self, arguments: &[&str]) -> Value {
        Ran::of(self.command(arguments).arg("--json")).json()
    }

    /// Runs a command that must fail with this exit code; answers the error's object.
    pub fn fails(&self, code: i32, arguments: &[&str]) -> Value {
        let ran = Ran::of(self.command(arguments).arg("--json"));
        assert_eq!(ran.code, Some(code), "{arguments:?}: {ran:?}");
        let error = ran.parsed();
        assert_eq!(error["exit"], code, "{error}");
        error
    }

    /// Runs a command that must fail with this exit code; answers the message.
    pub fn says(&self, code: i32, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?}: {ran:?}");
        assert!(ran.out.is_empty(), "data of a failed command: {ran:?}");
        ran.err
    }

    /// Starts a command and lets it run, unheard.
    pub fn spawn(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(arguments);
        Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts"))
    }

    /// Syncs to the end; answers the summary.
    pub fn sync(&self) -> Value {
        let summary = self.ok(&["sync"]);
        assert_eq!(summary["synced"], true, "{summary}");
        summary
    }

    /// How the store stands.
    pub fn status(&self) -> Value {
        self.ok(&["status"])
    }

    /// Changes that wait to be sent.
    pub fn unsent(&self) -> u64 {
        self.status()["unsent"].as_u64().expect("a number")
    }

    /// Adds a record; answers its id as commands take it.
    pub fn add(&self, module: &str, fields: &[&str]) -> String {
        let mut arguments = vec![module, "add"];
        arguments.extend(fields);
        self.ok(&arguments)["short"].as_str().expect("a saved record has an id").to_owned()
    }

    /// A record as JSON.
    pub fn show(&self, module: &str, record: &str) -> Value {
        self.ok(&[module, "show", record])
    }

    /// The stored value of a record's field.
    pub fn field(&self, module: &str, record: &str, field: &str) -> Value {
        let view = self.show(module, record);
        let fields = view["fields"].as_array().expect("a record has fields");
        fields
            .iter()
            .find(|each| each["field"] == field)
            .map(|each| each["value"].clone())
            .unwrap_or_default()
    }

    /// The names of all records of a module, in order.
    pub fn names(&self, module: &str) -> Vec<String> {
        let list = self.ok(&[module, "list"]);
        let rows = list["rows"].as_array().expect("a list has rows");
        let mut names: Vec<_> =
            rows.iter().map(|row| row["name"].as_str().expect("a name").to_owned()).collect();
        names.sort();
        names
    }

    /// Issues of a record that someone must decide.
    pub fn issues(&self, record: &str) -> Vec<Value> {
        self.ok(&["issues", record])["issues"].as_array().expect("a list").clone()
    }

    /// The codes of a record's issues, in order.
    pub fn issue_codes(&self, record: &str) -> Vec<String> {
        let issues = self.issues(record);
        issues.iter().map(|issue| issue["issue"]["code"].as_str().expect("a code").to_owned()).collect()
    }
}

/// A relay and two devices of two people: Sara, who had a store before, and Reza, whose store begins from the relay.
#[derive(Debug)]
pub struct Office {
    /// The folder of everything.
    pub dir: tempfile::TempDir,
    /// The relay.
    pub relay: Relay,
    /// Sara, an admin.
    pub sara: Device,
    /// Reza, a rep.
    pub reza: Device,
}

impl Office {
    /// Starts the relay, makes both stores and enrols them.
    pub fn open() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let relay = Relay::start(&dir.path().join("relay"));
        let sara = Device::init(dir.path().join("sara"), "Sara");
        sara.join(&relay, &relay.invite("Sara", SPACE, "admin"), "Sara");
        let reza = Device::joined(dir.path().join("reza"), &relay, "Reza", "rep");
        sara.sync();
        Self { dir, relay, sara, reza }
    }

    /// A new store of a new person.
    pub fn newcomer(&self, name: &str, role: &str) -> Device {
        Device::joined(self.dir.path().join(name), &self.relay, name, role)
    }

    /// Brings both devices level.
    pub fn level(&self) {
        self.sara.sync();
        self.reza.sync();
        self.sara.sync();
    }
}
