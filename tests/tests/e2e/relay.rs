//! A relay as a process of its own.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use super::program::{self, Ran, Running};

/// The space that every relay here begins with.
pub const SPACE: &str = "main";

/// A loopback address of this relay alone, so that nothing else takes its port while it is down.
fn own_host() -> Ipv4Addr {
    static RELAYS: AtomicU32 = AtomicU32::new(0);
    if !cfg!(target_os = "linux") {
        return Ipv4Addr::LOCALHOST;
    }
    let [.., high, low] = std::process::id().to_be_bytes();
    let relay = RELAYS.fetch_add(1, Ordering::Relaxed) % 254 + 1;
    Ipv4Addr::new(127, high | 1, low, u8::try_from(relay).expect("at most 254"))
}

/// A relay's data directory, and the process that serves it.
#[derive(Debug)]
pub struct Relay {
    data: PathBuf,
    url: String,
    address: String,
    process: Option<Running>,
}

impl Relay {
    /// Makes a relay in `dir` and serves it on a free port.
    pub fn start(dir: &Path) -> Self {
        let mut relay = Self::init(dir);
        relay.serve();
        relay
    }

    /// Makes a relay in `dir` that doesn't serve yet.
    pub fn init(dir: &Path) -> Self {
        let relay = Self {
            data: dir.to_owned(),
            url: String::new(),
            address: format!("{}:0", own_host()),
            process: None,
        };
        relay.run(&["init", "--space", SPACE, "--admin", "Operator", "--json"]).json();
        relay
    }

    /// Serves, on the same port as before if it did; waits until devices can connect.
    pub fn serve(&mut self) {
        let command = self.serving();
        self.serve_by(command);
    }

    /// Serves by a command that comes to [`Relay::serving`], its log going to a file beside the data; waits until devices
    /// can connect.
    pub fn serve_by(&mut self, mut command: Command) {
        let log = File::options().create(true).append(true).open(self.log_file()).expect("a log file");
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("the relay starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("a line comes");
        let ready: Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("not ready: {line:?}\n{}", self.log()));
        self.url = ready["url"].as_str().expect("it says where").to_owned();
        self.address = ready["address"].as_str().expect("it says where").to_owned();
        self.process = Some(Running(child));
    }

    /// The command that serves.
    pub fn serving(&self) -> Command {
        self.command(&["serve", "--json", "--listen", &self.address])
    }

    fn log_file(&self) -> PathBuf {
        self.data.with_extension("log")
    }

    /// What all processes on this data have logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Kills the process as a power cut would, as far as processes go.
    pub fn kill(&mut self) {
        self.process.take().expect("the relay serves").kill();
    }

    /// Asks the process to end, and waits.
    pub fn stop(&mut self) {
        let mut process = self.process.take().expect("the relay serves");
        process.signal("-TERM");
        process.0.wait().expect("it ends");
    }

    /// Whether the process has ended by itself.
    pub fn ended(&mut self) -> bool {
        self.process.as_mut().is_none_or(Running::ended)
    }

    /// The process's number.
    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("the relay serves").0.id()
    }

    /// The most memory that the process has held so far, in bytes; none where the system doesn't say.
    pub fn memory_peak_bytes(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Makes a token; answers what a program sends.
    pub fn token(&self, name: &str, scopes: &str, more: &[&str]) -> String {
        let mut arguments = vec!["token", "create", name, "--scope", scopes, "--json"];
        arguments.extend(more);
        let made = self.run(&arguments).json();
        made["token"].as_str().expect("a token is shown once").to_owned()
    }

    /// Where devices connect to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Serves from here on where another relay did.
    pub fn take_address(&mut self, other: &Relay) {
        self.address.clone_from(&other.address);
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// A command of the relay on its data.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program::command("forsat-relay");
        command.args(arguments).arg("--data").arg(&self.data);
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// Makes a space.
    pub fn add_space(&self, name: &str) {
        self.run(&["space", "add", name, "--json"]).json();
    }

    /// Invites a user to a space; answers the code.
    pub fn invite(&self, user: &str, space: &str, role: &str) -> String {
        let arguments = ["invite", "--user", user, "--space", space, "--role", role, "--json"];
        let invite = self.run(&arguments).json();
        invite["code"].as_str().expect("an invite has a code").to_owned()
    }

    /// What `status` counts.
    pub fn status(&self) -> Value {
        self.run(&["status", "--json"]).json()
    }
}
