//! The program `forsat-relay` as a process of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use forsat_relay::store::conformance::document;
use forsat_sync::frame::{ItemOutcome, ToDevice};

use crate::device::{Device, first_change};

fn relay(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forsat-relay"));
    command.args(arguments).arg("--data").arg(data).env_clear();
    command
}

fn run(data: &Path, arguments: &[&str]) -> Output {
    relay(data, arguments).output().unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A serving process that is ended with the test.
struct Serving {
    child: Child,
    url: String,
}

impl Serving {
    fn start(data: &Path, extra: &[&str]) -> Self {
        let mut arguments = vec!["serve", "--listen", "127.0.0.1:0", "--json"];
        arguments.extend(extra);
        let mut child =
            relay(data, &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|error| {
            let mut log = String::new();
            child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
            panic!("not ready ({error}): {line:?}\n{log}")
        });
        assert_eq!(ready["ready"], true);
        Self { child, url: ready["url"].as_str().unwrap().to_owned() }
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(name).arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end; answers the exit code and the log.
    fn end(mut self) -> (Option<i32>, String) {
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().code(), log)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn init_prints_how_to_go_on_and_refuses_to_do_it_twice() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("relay");
    let first = run(&data, &["init", "--workspace-name", "Sales", "--space", "Tehran"]);
    let text = String::from_utf8(first.stdout).unwrap();
    assert!(first.status.success() && text.contains("forsat join ws://127.0.0.1:7717/sync fsi1"), "{text}");
    let again = run(&data, &["init"]);
    assert_eq!(again.status.code(), Some(4));
    assert!(again.stdout.is_empty() && !again.stderr.is_empty());
    let spaces = json(&run(&data, &["space", "list", "--json"]));
    assert_eq!(spaces["spaces"][1]["name"], "Tehran");
}

#[test]
fn wrong_use_has_exit_codes_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(run(dir.path(), &["status"]).status.code(), Some(3), "no store");
    assert_eq!(run(dir.path(), &["dance"]).status.code(), Some(2), "no such command");
    let no_data =
        Command::new(env!("CARGO_BIN_EXE_forsat-relay")).arg("status").env_clear().output().unwrap();
    assert_eq!(no_data.status.code(), Some(2));
    json(&run(dir.path(), &["init", "--json"]));
    let unknown =
        run(dir.path(), &["invite", "--user", "Sara", "--space", "Nowhere", "--role", "rep", "--json"]);
    assert_eq!(unknown.status.code(), Some(4));
    let error: serde_json::Value = serde_json::from_slice(&unknown.stderr).unwrap();
    assert_eq!(error["exit_code"], 4);
    std::fs::write(dir.path().join("relay.toml"), "colour = \"red\"\n").unwrap();
    assert_eq!(run(dir.path(), &["status"]).status.code(), Some(2), "no such key");
}

#[test]
fn operators_use_it_while_it_serves_and_a_second_device_is_the_same_user() {
    let dir = tempfile::tempdir().unwrap();
    json(&run(dir.path(), &["init", "--json"]));
    let serving = Serving::start(dir.path(), &[]);
    json(&run(dir.path(), &["space", "add", "Tehran", "--json"]));
    let invites: Vec<_> = (0..2)
        .map(|_| {
            let arguments = ["invite", "--user", "Sara", "--space", "Tehran", "--role", "rep", "--as-json"];
            json(&run(dir.path(), &arguments))
        })
        .collect();
    let users = runtime().block_on(async {
        let mut users = Vec::new();
        for (number, invite) in (1..).zip(&invites) {
            let mut device = Device::connect(&serving.url, number).await;
            users.push(device.enrol(invite["code"].as_str().unwrap()).await.user);
        }
        users
    });
    assert_eq!(users[0], users[1]);
    let status = json(&run(dir.path(), &["status", "--json"]));
    assert_eq!((&status["users"], &status["devices_active"]), (&2.into(), &2.into()));
    assert_eq!(status["serving"]["url"], serving.url.as_str());
    let second = run(dir.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(5), "one store, one relay");
}

#[test]
fn sigterm_drains_and_closes_in_order() {
    for name in ["-TERM", "-INT"] {
        let dir = tempfile::tempdir().unwrap();
        let made = json(&run(dir.path(), &["init", "--json"]));
        let serving = Serving::start(dir.path(), &["--log-format", "json"]);
        let runtime = runtime();
        let mut device = runtime.block_on(async {
            let mut device = Device::connect(&serving.url, 1).await;
            device.enrol(made["invite"]["code"].as_str().unwrap()).await;
            device
        });
        serving.signal(name);
        runtime.block_on(async {
            assert!(matches!(device.receive().await, Some(ToDevice::Drain { retry_after_ms: 1_000, .. })));
            assert_eq!(device.receive().await, None);
        });
        let (code, log) = serving.end();
        assert_eq!(code, Some(0), "{log}");
        for line in log.lines() {
            assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
        }
        assert!(log.contains("the store is closed"), "{log}");
    }
}

#[test]
fn a_kill_right_after_the_ack_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let made = json(&run(dir.path(), &["init", "--json"]));
    let runtime = runtime();
    let serving = Serving::start(dir.path(), &[]);
    let space = runtime.block_on(async {
        let mut device = Device::connect(&serving.url, 1).await;
        let welcome = device.enrol(made["invite"]["code"].as_str().unwrap()).await;
        let space = welcome.spaces.as_ref().unwrap().iter().find(|space| space.name == "main").unwrap().id;
        let outcome = device.push(space, document(1), first_change(welcome.user, 1)).await;
        assert_eq!(outcome, ItemOutcome::Acked);
        space
    });
    serving.signal("-KILL");
    serving.end();
    let serving = Serving::start(dir.path(), &[]);
    runtime.block_on(async {
        let mut device = Device::connect(&serving.url, 1).await;
        device.auth().await;
        device.pull(space).await;
        assert_eq!(device.page().await.entries.len(), 1);
    });
}

#[test]
fn listening_beyond_the_machine_is_warned_of() {
    let dir = tempfile::tempdir().unwrap();
    json(&run(dir.path(), &["init", "--json"]));
    let mut arguments = relay(dir.path(), &["serve", "--listen", "0.0.0.0:0", "--json"]);
    let mut child = arguments.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let serving = Serving { child, url: String::new() };
    serving.signal("-TERM");
    let (code, log) = serving.end();
    assert_eq!(code, Some(0));
    assert!(log.contains("without TLS"), "{log}");
}
