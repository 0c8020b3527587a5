//! Real processes: the two programs as a user starts them, on stores and ports of their own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// Where the programs are, built once in the profile that the tests run in.
fn programs() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let test = std::env::current_exe().expect("the test knows its own path");
        let profile = test.ancestors().nth(2).expect("tests run from <target>/<profile>/deps").to_owned();
        let target = profile.parent().expect("a profile lies in a target directory");
        let mut build = Command::new(env!("CARGO"));
        build
            .args([
                "build",
                "--quiet",
                "--workspace",
                "--bin",
                "forsat",
                "--bin",
                "forsat-relay",
                "--target-dir",
            ])
            .arg(target);
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo runs").success(), "the programs don't build");
        profile
    })
}

/// A relay process; killed when dropped.
pub struct Relay {
    data: PathBuf,
    port: u16,
    child: Option<Child>,
    _dir: TempDir,
}

impl Relay {
    /// Makes a relay with the space `main` and starts it on a free port.
    pub fn start() -> Self {
        Self::start_on(0)
    }

    /// Makes another relay and starts it on this port.
    pub fn start_on(port: u16) -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        let mut relay = Self { data: dir.path().join("relay"), port, child: None, _dir: dir };
        relay.operate(&["init"]);
        relay.serve();
        relay
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts it, on the port that it had.
    pub fn serve(&mut self) {
        let mut child = Command::new(programs().join("forsat-relay"))
            .args([
                "serve",
                "--json",
                "--log",
                "error",
                "--listen",
                &format!("127.0.0.1:{}", self.port),
                "--data",
            ])
            .arg(&self.data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the relay starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output is piped");
        BufReader::new(out).read_line(&mut line).expect("the relay says that it is ready");
        let ready: Value = serde_json::from_str(&line).expect("the line is JSON");
        let address = ready["address"].as_str().expect("it names its address");
        self.port = address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        self.child = Some(child);
    }

    /// Kills it with SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");
        }
    }

    /// Runs an operator's command and gives its JSON.
    pub fn operate(&self, arguments: &[&str]) -> Value {
        let output = Command::new(programs().join("forsat-relay"))
            .args(arguments)
            .args(["--json", "--data"])
            .arg(&self.data)
            .output()
            .expect("the operator's command runs");
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// Makes an invite and gives its code.
    pub fn invite(&self, user: &str, space: &str, role: &str) -> String {
        let invite = self.operate(&["invite", "--user", user, "--space", space, "--role", role]);
        invite["code"].as_str().expect("an invite has a code").to_owned()
    }

    /// Where devices reach it.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A device: a store in a folder of its own.
pub struct Device {
    store: PathBuf,
    _dir: TempDir,
}

impl Device {
    /// A device without a store.
    pub fn bare() -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        Self { store: dir.path().join("store"), _dir: dir }
    }

    /// A device with a store of its own, in US dollars.
    pub fn new(user: &str) -> Self {
        let device = Self::bare();
        device.ok(&["init", "--user", user, "--currency", "USD"]);
        device
    }

    /// A device whose store begins from a relay.
    pub fn joined(relay: &Relay, user: &str, space: &str, role: &str) -> Self {
        let device = Self::bare();
        device.join(relay, user, space, role);
        device.ok(&["sync"]);
        device
    }

    /// Attaches the store to a relay.
    pub fn join(&self, relay: &Relay, user: &str, space: &str, role: &str) {
        let code = relay.invite(user, space, role);
        self.ok(&["join", &relay.url(), &code, "--user", user, "--yes"]);
    }

    /// The store's folder.
    pub fn store(&self) -> &Path {
        &self.store
    }

    /// A command, not started yet.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(programs().join("forsat"));
        command
            .args(arguments)
            .arg("--store")
            .arg(&self.store)
            .env_remove("FORSAT_STORE")
            .env("FORSAT_LANG", "en");
        command
    }

    /// Runs a command, whatever comes of it.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the command runs")
    }

    /// Runs a command that has to succeed and gives its data.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Runs a command that has to succeed and gives its JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let mut with_json = arguments.to_vec();
        with_json.push("--json");
        let data = self.ok(&with_json);
        serde_json::from_str(&data).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {data}"))
    }

    /// Runs a command that has to fail with an exit code, and gives what it says.
    pub fn fails(&self, arguments: &[&str], exit: i32) -> String {
        let output = self.run(arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "an error is no data: {}", text(&output.stdout));
        said
    }

    /// Adds a record and gives its id.
    pub fn add(&self, module: &str, fields: &[&str]) -> String {
        let arguments: Vec<&str> = [module, "add"].iter().chain(fields).copied().collect();
        self.json(&arguments)["short"].as_str().expect("a saved record has an id").to_owned()
    }

    /// Changes that wait to be sent.
    pub fn unsent(&self) -> u64 {
        self.json(&["status"])["unsent"].as_u64().expect("the status counts the unsent")
    }
}

/// Output as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
