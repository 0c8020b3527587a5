//! A device made of frames: every step of the protocol by hand, also the wrong ones.

use forsat_sync::frame::{
    Auth, Enrol, Hello, ItemOutcome, PROTOCOL_VERSIONS, PageEntry, Pull, Push, PushItem, StreamId, ToDevice,
    ToRelay,
};
use forsat_sync::id::{BatchId, DocumentId, Nonce, SpaceId, UserId};
use forsat_sync::identity::{AuthClaim, DeviceKey, InviteCode, sign_auth, sign_enrol};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// An open socket after the hello.
pub struct Wire {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    hello: Hello,
    key: DeviceKey,
}

/// A device's key by a number.
pub fn key(number: u8) -> DeviceKey {
    DeviceKey::from_seed(&[number; 32])
}

impl Wire {
    /// Connects and reads the hello.
    pub async fn connect(url: &str, number: u8) -> Self {
        let (mut socket, _) =
            tokio_tungstenite::connect_async(url).await.expect("the relay takes connections");
        let Some(Ok(Message::Binary(bytes))) = socket.next().await else { panic!("no hello") };
        let Ok(ToDevice::Hello(hello)) = ToDevice::decode(&bytes, usize::MAX) else { panic!("no hello") };
        Self { socket, hello, key: key(number) }
    }

    fn claim(&self, protocol: u16) -> AuthClaim {
        AuthClaim {
            protocol,
            relay: self.hello.relay,
            device: self.key.device_id(),
            relay_nonce: self.hello.nonce,
            device_nonce: Nonce::from_bytes([9; 32]),
        }
    }

    /// Redeems an invite, whatever comes of it.
    pub async fn enrol(&mut self, code: &InviteCode) {
        let claim = self.claim(PROTOCOL_VERSIONS.max);
        let enrol = Enrol {
            protocol: claim.protocol,
            secret: code.secret.clone(),
            public_key: self.key.public(),
            nonce: claim.device_nonce,
            signature: sign_enrol(&self.key, &claim, &code.secret.hash()),
            device_name: "wire".into(),
            proposed_user: None,
        };
        self.send(&ToRelay::Enrol(enrol)).await;
    }

    /// Says who it is in a protocol version, signed with a key that may be another's.
    pub async fn auth(&mut self, protocol: u16, signer: &DeviceKey) {
        let claim = self.claim(protocol);
        let auth = Auth {
            protocol,
            device: claim.device,
            nonce: claim.device_nonce,
            signature: sign_auth(signer, &claim),
            directory: None,
        };
        self.send(&ToRelay::Auth(auth)).await;
    }

    /// Asks for a feed; answers the code with which it is closed.
    pub async fn pull_refused(&mut self, space: SpaceId) -> (String, String) {
        let pull = Pull { stream: StreamId(1), space, cursor: None, echo: true, from_head: false };
        self.send(&ToRelay::Pull(pull)).await;
        loop {
            match self.receive().await {
                Some(ToDevice::StreamClosed { code, message, .. }) => return (code.to_string(), message),
                Some(ToDevice::Page(page)) => panic!("a page: {page:?}"),
                Some(_) => {}
                None => panic!("closed"),
            }
        }
    }

    /// Reads a feed from its beginning to its head.
    pub async fn pull(&mut self, space: SpaceId) -> Vec<PageEntry> {
        let pull = Pull { stream: StreamId(2), space, cursor: None, echo: false, from_head: false };
        self.send(&ToRelay::Pull(pull)).await;
        let mut entries = Vec::new();
        loop {
            match self.receive().await {
                Some(ToDevice::Page(page)) => {
                    entries.extend(page.entries);
                    if page.up_to >= page.head {
                        return entries;
                    }
                }
                Some(_) => {}
                None => panic!("closed"),
            }
        }
    }

    /// Pushes bytes as a change; answers what became of it.
    pub async fn push(&mut self, space: SpaceId, document: DocumentId, bytes: Vec<u8>) -> ItemOutcome {
        self.push_all(space, document, vec![bytes]).await.remove(0)
    }

    /// Pushes changes of one document together; answers what became of each.
    pub async fn push_all(
        &mut self,
        space: SpaceId,
        document: DocumentId,
        changes: Vec<Vec<u8>>,
    ) -> Vec<ItemOutcome> {
        let items = changes.into_iter().map(|bytes| PushItem { document, bytes }).collect();
        self.send(&ToRelay::Push(Push { batch: BatchId::new(1), space, items })).await;
        loop {
            match self.receive().await {
                Some(ToDevice::Outcome { results, .. }) => return results,
                Some(_) => {}
                None => panic!("closed"),
            }
        }
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: &ToRelay) {
        self.send_raw(frame.encode()).await;
    }

    /// Sends bytes as a message; the relay may hang up meanwhile.
    pub async fn send_raw(&mut self, bytes: Vec<u8>) {
        let _ = self.socket.send(Message::Binary(bytes.into())).await;
    }

    /// Waits for the next frame; `None` when the relay has closed.
    pub async fn receive(&mut self) -> Option<ToDevice> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Binary(bytes)) => {
                    match ToDevice::decode(&bytes, usize::MAX).expect("relays send frames") {
                        // A relay that doesn't know a device asks what it shows of the control log: nothing.
                        ToDevice::ControlWanted { proof: Some(_), .. } => {
                            self.send(&ToRelay::ControlEntries { entries: Vec::new() }).await;
                        }
                        frame => return Some(frame),
                    }
                }
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Waits for the welcome; answers who the device's user is.
    pub async fn welcome(&mut self) -> UserId {
        loop {
            match self.receive().await {
                Some(ToDevice::Welcome(welcome)) => return welcome.user,
                Some(ToDevice::Enrolled { .. }) => {}
                other => panic!("no welcome: {other:?}"),
            }
        }
    }

    /// Reads until the relay hangs up; answers the code of its fault, if it gave one.
    pub async fn fault(mut self) -> Option<String> {
        let mut said = None;
        while let Some(frame) = self.receive().await {
            if let ToDevice::Fault { code, message } = frame {
                assert!(!message.is_empty());
                said = Some(code.to_string());
            }
        }
        said
    }
}

/// Runs network work on a runtime of its own.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}
