//! A crowd that opens sockets and says nothing, or half a word, or doesn't listen: it is shed, and everybody else works.

use std::process::Command;
use std::time::Duration;

use forsat_sync::frame::{ItemOutcome, PROTOCOL_VERSIONS, Pull, StreamId, ToRelay};
use forsat_sync::id::DocumentId;
use forsat_sync::identity::InviteCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::device::Office;
use super::program::until;
use super::relay::SPACE;
use super::wire::{Wire, key};

/// Sockets that never become a WebSocket, WebSockets whose device says nothing, and such that say half a message.
const HALF_OPEN: usize = 400;
const SILENT: usize = 400;
const HALF_SAID: usize = 160;
/// Devices that ask for everything and read nothing.
const DEAF: usize = 40;
/// What a feed holds for those, in changes of [`CHANGE_BYTES`].
const CHANGES: usize = 60;
const CHANGE_BYTES: usize = 200 * 1024;
/// What a crowd of a thousand may cost a relay in memory: what is in flight altogether, by the limits.
const MEMORY_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What is left open, and who waits for the relay to hang up.
#[derive(Default)]
struct Crowd {
    sockets: Vec<TcpStream>,
    devices: Vec<Wire>,
    half_said: Vec<TcpStream>,
    deaf: Vec<Wire>,
}

/// The `/sync` of a relay as an address and the first line of a request for it.
fn address(url: &str) -> &str {
    url.trim_start_matches("ws://").split('/').next().unwrap()
}

/// Asks for a WebSocket by hand, and begins a message that never ends.
async fn half_said(url: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address(url)).await.unwrap();
    let request = format!(
        "GET /sync HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        address(url)
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    // A masked binary frame of 1,000,000 bytes, and the first few of them.
    socket.write_all(&[0x82, 0xff, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40, 1, 2, 3, 4, 5, 6, 7, 8]).await.unwrap();
    socket
}

impl Crowd {
    async fn gather(url: &str, deaf: &[u8]) -> Self {
        let mut crowd = Self::default();
        for _ in 0..HALF_OPEN {
            let mut socket = TcpStream::connect(address(url)).await.unwrap();
            socket.write_all(b"GET /sync HT").await.unwrap();
            crowd.sockets.push(socket);
        }
        for _ in 0..SILENT {
            crowd.devices.push(Wire::connect(url, 200).await);
        }
        for _ in 0..HALF_SAID {
            crowd.half_said.push(half_said(url).await);
        }
        crowd.deafen(url, deaf).await;
        crowd
    }

    async fn deafen(&mut self, url: &str, numbers: &[u8]) {
        for number in numbers.iter().cycle().take(DEAF) {
            let mut device = Wire::connect(url, *number).await;
            device.auth(PROTOCOL_VERSIONS.max, &key(*number)).await;
            device.welcome().await;
            self.deaf.push(device);
        }
    }

    /// Waits until the relay has hung up on all who can't be honest; answers what it said to those who can read it.
    async fn shed(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        for device in self.devices.drain(..) {
            said.extend(device.fault().await);
        }
        for mut socket in self.sockets.drain(..).chain(self.half_said.drain(..)) {
            let mut rest = Vec::new();
            // A reset is as good as an end.
            let _ = socket.read_to_end(&mut rest).await;
        }
        said
    }
}

fn open_files(pid: u32) -> Option<usize> {
    Some(std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count())
}

#[test]
fn a_crowd_of_a_thousand_is_shed_and_honest_devices_are_served_on() {
    let mut office = Office::open();
    // As few open files as a shell may give: the relay has to see to it that they suffice.
    office.relay.stop();
    let serving = office.relay.serving();
    let mut few = Command::new("sh");
    few.args(["-c", "ulimit -S -n 256; exec \"$@\"", "sh"])
        .arg(serving.get_program())
        .args(serving.get_args());
    few.env_clear();
    office.relay.serve_by(few);
    let code: InviteCode = office.relay.invite("Mina", SPACE, "rep").parse().unwrap();
    let space = super::hostile::space_of(&office.sara, SPACE);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut mina = Wire::connect(office.relay.url(), 91).await;
        mina.enrol(&code).await;
        let user = mina.welcome().await;
        for number in 0..CHANGES {
            let document = DocumentId::from_bytes((number as u128 | 1 << 90).to_be_bytes());
            let change = super::hostile::change(user, CHANGE_BYTES).raw_bytes().to_vec();
            assert_eq!(mina.push(space, document, change).await, ItemOutcome::Acked);
        }
    });
    office.level();
    let (files, memory) = (open_files(office.relay.pid()), office.relay.memory_peak_bytes());
    let mut crowd = runtime.block_on(async {
        let mut crowd = Crowd::gather(office.relay.url(), &[91]).await;
        for device in &mut crowd.deaf {
            let pull = Pull { stream: StreamId(1), space, cursor: None, echo: false, from_head: false };
            device.send(&ToRelay::Pull(pull)).await;
        }
        crowd
    });
    // Honest devices come and go meanwhile, each time with a new connection.
    for number in 0..5 {
        office.sara.add("account", &[&format!("name=in the crowd {number}")]);
        office.level();
    }
    assert_eq!(office.sara.names("account"), office.reza.names("account"));
    let patience = Duration::from_secs(80);
    let said = runtime.block_on(async { tokio::time::timeout(patience, crowd.shed()).await });
    let said = said.expect("nobody who says nothing is kept");
    assert!(said.iter().all(|code| code == "handshake_timeout"), "{said:?}");
    assert_eq!(said.len(), SILENT, "everybody is told why");
    if let (Some(before), Some(after)) = (memory, office.relay.memory_peak_bytes()) {
        assert!(after - before < MEMORY_BYTES_MAX, "a crowd costs {} bytes", after - before);
    }
    drop(crowd);
    drop(runtime);
    if let Some(files) = files {
        until("the relay has closed every socket of the crowd", || {
            open_files(office.relay.pid()).is_some_and(|now| now <= files + 8)
        });
    }
    office.level();
}
