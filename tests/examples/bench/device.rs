//! A device without a disk: the protocol's machine with an outbox in memory.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use forsat_sync::client::{
    ClientConfig, ClientLimits, ClientMachine, Effect, Input, Known, OutboxItem, OutboxSeq, PageStored,
    Purpose, Settle,
};
use forsat_sync::id::{Nonce, RelayId, SpaceId, UserId};
use forsat_sync::identity::{DeviceKey, InviteCode};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::measure::now;

/// How long a machine waits for a message before it looks at its deadlines.
const TICK: Duration = Duration::from_millis(100);

/// An open connection to the relay.
pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An enrolled device.
pub struct Device {
    /// The seed of its key.
    pub seed: [u8; 32],
    /// Whose it is.
    pub user: UserId,
    /// The spaces that it sees, by name.
    pub spaces: Vec<(String, SpaceId)>,
    /// What it has to send.
    pub outbox: Vec<OutboxItem>,
    relay: RelayId,
}

impl Device {
    /// Redeems an invite. `number` makes its key another one than the others'.
    pub async fn enrol(url: &str, code: &str, number: u8) -> anyhow::Result<Self> {
        let invite: InviteCode = code.parse()?;
        let mut seed = [0x5a; 32];
        seed[0] = number;
        let purpose = Purpose::Enrol {
            secret: invite.secret.clone(),
            device_name: "bench".into(),
            proposed_user: None,
        };
        let user = UserId::from_bytes([0; 16]);
        let mut device = Self { seed, user, spaces: Vec::new(), outbox: Vec::new(), relay: invite.relay };
        device.run(url, purpose).await?;
        Ok(device)
    }

    /// Connects and pushes until everything is acked.
    pub async fn push_all(&mut self, url: &str) -> anyhow::Result<()> {
        self.run(url, Purpose::Sync { known: Known::default(), once: false }).await
    }

    /// Connects, asks for the feeds of all its spaces, and reads nothing any more.
    pub async fn deafen(&mut self, url: &str) -> anyhow::Result<Socket> {
        let mut running = self.start(Purpose::Sync { known: Known::default(), once: false });
        while !running.has_asked {
            anyhow::ensure!(!running.turn(self, url).await?, "a device that asks has something left to do");
        }
        running.socket.take().context("it is connected")
    }

    async fn run(&mut self, url: &str, purpose: Purpose) -> anyhow::Result<()> {
        let mut running = self.start(purpose);
        while !running.turn(self, url).await? {}
        Ok(())
    }

    fn start(&self, purpose: Purpose) -> Running {
        let key = DeviceKey::from_seed(&self.seed);
        let config = ClientConfig {
            key,
            relay: self.relay,
            purpose,
            reader_version: 1,
            flow: ClientLimits::default(),
        };
        let began = now();
        let (machine, effects) = ClientMachine::start(config, 0);
        let effects = effects.into();
        Running { machine, began, effects, socket: None, acked: 0, is_welcome: false, has_asked: false }
    }

    /// What the outbox has behind a place.
    fn load(&self, after: OutboxSeq, bytes_max: usize) -> Vec<OutboxItem> {
        let mut bytes = 0;
        let fits =
            self.outbox.iter().skip(usize::try_from(after.0).unwrap_or(usize::MAX)).take_while(|item| {
                bytes += item.bytes.len();
                bytes <= bytes_max || bytes == item.bytes.len()
            });
        fits.cloned().collect()
    }
}

/// A connection at work.
struct Running {
    machine: ClientMachine,
    began: Instant,
    effects: VecDeque<Effect>,
    socket: Option<Socket>,
    acked: usize,
    is_welcome: bool,
    /// Whether it has sent what it says after the welcome: what it wants of each space.
    has_asked: bool,
}

impl Running {
    /// Carries out what is due, then waits for one message. Answers whether nothing is left to do.
    async fn turn(&mut self, device: &mut Device, url: &str) -> anyhow::Result<bool> {
        while let Some(effect) = self.effects.pop_front() {
            if let Effect::Stopped(result) = effect {
                return result.map(|_| true).context("the relay and the device agree");
            }
            if let Some(input) = self.carry_out(device, url, effect).await? {
                self.input(input);
            }
        }
        if !device.outbox.is_empty() && self.acked == device.outbox.len() {
            return Ok(true);
        }
        let socket = self.socket.as_mut().context("the machine gave the connection up")?;
        match tokio::time::timeout(TICK, socket.next()).await {
            Err(_) => self.input(Input::Tick),
            Ok(Some(Ok(Message::Binary(bytes)))) => self.input(Input::Frame(bytes.to_vec())),
            Ok(Some(Ok(_))) => {}
            Ok(Some(Err(error))) => return Err(error.into()),
            Ok(None) => bail!("the relay closed the connection"),
        }
        Ok(false)
    }

    fn input(&mut self, input: Input) {
        let now_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.effects.extend(self.machine.handle(now_ms, input));
    }

    async fn carry_out(
        &mut self,
        device: &mut Device,
        url: &str,
        effect: Effect,
    ) -> anyhow::Result<Option<Input>> {
        Ok(match effect {
            Effect::Connect => {
                let (socket, _) = connect_async(url).await?;
                if let MaybeTlsStream::Plain(socket) = socket.get_ref() {
                    socket.set_nodelay(true)?;
                }
                self.socket = Some(socket);
                Some(Input::Connected { nonce: Nonce::from_bytes(device.seed) })
            }
            Effect::Send(bytes) => {
                let socket = self.socket.as_mut().context("a machine sends on an open connection")?;
                socket.send(Message::binary(bytes)).await?;
                self.has_asked = self.is_welcome;
                None
            }
            Effect::Close => {
                self.socket = None;
                None
            }
            Effect::StorePage(page) => Some(Input::PageStored(PageStored {
                space: page.space,
                cursor: Some(page.cursor),
                // What the relay says is taken as it is: nothing is stored here that could be compared.
                root: page.root,
                unknown_echoes: Vec::new(),
            })),
            Effect::LoadOutbox { after, bytes_max } => {
                Some(Input::OutboxLoaded { items: device.load(after, bytes_max) })
            }
            Effect::Settle(settle) => {
                self.settle(&settle)?;
                Some(Input::Settled)
            }
            Effect::Welcomed(welcomed) => {
                self.is_welcome = true;
                device.user = welcomed.user;
                device.spaces = welcomed.spaces.iter().map(|space| (space.name.clone(), space.id)).collect();
                None
            }
            Effect::Heal(_) => bail!("a device that stores nothing has nothing to heal"),
            // It keeps no control log, so nothing is asked of it.
            Effect::LoadControl { .. } => Some(Input::ControlLoaded { entries: Vec::new() }),
            Effect::Revoked { .. } => bail!("the device of a benchmark was revoked"),
            Effect::Report(issue) => bail!("{issue:?}"),
            Effect::Event(_)
            | Effect::Moved(_)
            | Effect::WasSetAside { .. }
            | Effect::Administered(_)
            | Effect::Stopped(_) => None,
        })
    }

    fn settle(&mut self, settle: &Settle) -> anyhow::Result<()> {
        anyhow::ensure!(settle.refused.is_empty(), "nothing is refused: {:?}", settle.refused);
        self.acked += settle.acked.len();
        Ok(())
    }
}
