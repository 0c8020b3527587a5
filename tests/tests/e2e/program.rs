//! The programs under test, and processes of them.
//!
//! Cargo tells a test only where the binaries of its own package lie. These belong to other packages, so they are looked
//! for beside this test's own executable: `target/PROFILE/deps/main-…` finds `target/PROFILE/forsat`. They are built once
//! by the first test that asks, in the same folder and profile, so that no test ever runs a binary older than the source.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a condition may take to come true: far beyond what a slow machine needs.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The path of a program of the workspace.
pub fn path(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(build).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Builds the programs where this test was built; answers the folder that they are in.
fn build() -> PathBuf {
    let this = std::env::current_exe().expect("the test knows its executable");
    let folder =
        this.parent().and_then(Path::parent).expect("the test lies in deps of its profile").to_owned();
    let target = folder.parent().expect("a profile's folder lies in the target folder");
    let profile = match folder.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--offline", "--package=forsat-cli", "--package=forsat-relay", "--bins"])
        .arg(format!("--profile={profile}"))
        .arg("--target-dir")
        .arg(target)
        .current_dir(crate::repo::root())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

/// A command with nothing of this process's environment, and out of reach of the desktop that the tests run on.
pub fn command(name: &str) -> Command {
    let mut command = Command::new(path(name));
    command.env_clear().env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus").stdin(Stdio::null());
    command
}

/// What a process that has ended left behind.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// Runs a command to its end.
    pub fn of(command: &mut Command) -> Self {
        command.output().expect("the program starts").into()
    }

    /// The JSON on standard output of a command that did its work.
    pub fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.parsed()
    }

    /// The JSON on standard output.
    pub fn parsed(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the programs print UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// A process that is killed at the end of its test, if not before.
#[derive(Debug)]
pub struct Running(pub Child);

impl Running {
    /// Ends it as `kill -9` does and waits until it is gone.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        self.0.wait().expect("a process of this test can be awaited");
    }

    /// Whether it has ended.
    pub fn ended(&mut self) -> bool {
        self.0.try_wait().expect("a process of this test can be awaited").is_some()
    }

    /// Sends a signal, such as `-TERM`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(name).arg(self.0.id().to_string()).status();
        assert!(status.expect("kill starts").success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The lines that a running process prints, as they come.
#[derive(Debug)]
pub struct Lines(Receiver<String>);

impl Lines {
    /// Reads a piped stream of a process until its end.
    pub fn of(stream: impl Read + Send + 'static) -> Self {
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(stream).lines().map_while(Result::ok);
            // A test that has ended listens no more.
            lines.map_while(|line| sender.send(line).ok()).for_each(drop);
        });
        Self(lines)
    }

    /// Waits for the next line for which something holds.
    pub fn wait(&self, what: &str, mut holds: impl FnMut(&str) -> bool) -> String {
        loop {
            let line = self.0.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|error| panic!("waited in vain ({error}): {what}"));
            if holds(&line) {
                return line;
            }
        }
    }
}

/// Waits until a condition holds, and fails when it never does.
#[expect(clippy::disallowed_methods, reason = "real processes take real time; only the patience is measured")]
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}
