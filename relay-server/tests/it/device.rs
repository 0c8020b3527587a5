//! A device made of frames: no client, no store, every step by hand.

use automerge::transaction::Transactable as _;
use automerge::{ActorId, Author, Automerge, ROOT};
use forsat_relay::store::conformance::key;
use forsat_sync::frame::{
    Auth, Enrol, Hello, ItemOutcome, PROTOCOL_VERSIONS, Page, Pull, Push, PushItem, StreamId, ToDevice,
    ToRelay, Welcome,
};
use forsat_sync::id::{BatchId, DocumentId, Nonce, SpaceId, UserId};
use forsat_sync::identity::{AuthClaim, DeviceKey, InviteCode, sign_auth, sign_enrol, verify_hello};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// A device on an open socket, after the hello.
pub struct Device {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    key: DeviceKey,
    hello: Hello,
    /// What it calls itself when it redeems an invite.
    pub name: String,
}

impl Device {
    /// Connects and reads the hello.
    pub async fn connect(url: &str, number: u8) -> Self {
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let placeholder = Hello {
            versions: PROTOCOL_VERSIONS,
            relay: forsat_sync::id::RelayId::from_bytes([0; 32]),
            nonce: Nonce::from_bytes([0; 32]),
            signature: forsat_sync::identity::Signature::from_bytes([0; 64]),
        };
        let mut device = Self { socket, key: key(number), hello: placeholder, name: "test".into() };
        let ToDevice::Hello(hello) = device.receive().await.unwrap() else { panic!("no hello") };
        verify_hello(&hello.relay, hello.versions, &hello.nonce, &hello.signature).unwrap();
        device.hello = hello;
        device
    }

    fn claim(&self) -> AuthClaim {
        AuthClaim {
            protocol: PROTOCOL_VERSIONS.max,
            relay: self.hello.relay,
            device: self.key.device_id(),
            relay_nonce: self.hello.nonce,
            device_nonce: Nonce::from_bytes([9; 32]),
        }
    }

    /// Redeems an invite; answers the welcome.
    pub async fn enrol(&mut self, code: &str) -> Welcome {
        assert!(matches!(self.try_enrol(code).await, Some(ToDevice::Enrolled { .. })));
        self.welcome().await
    }

    /// Redeems an invite; answers what the relay says first.
    pub async fn try_enrol(&mut self, code: &str) -> Option<ToDevice> {
        let code: InviteCode = code.parse().unwrap();
        assert_eq!(code.relay, self.hello.relay, "the relay of the invite");
        let claim = self.claim();
        let signature = sign_enrol(&self.key, &claim, &code.secret.hash());
        let enrol = Enrol {
            protocol: claim.protocol,
            secret: code.secret,
            public_key: self.key.public(),
            nonce: claim.device_nonce,
            signature,
            device_name: self.name.clone(),
            proposed_user: None,
        };
        self.send(&ToRelay::Enrol(enrol)).await;
        self.receive().await
    }

    /// Proves who it is; answers the welcome.
    pub async fn auth(&mut self) -> Welcome {
        match self.try_auth().await {
            Some(ToDevice::Welcome(welcome)) => welcome,
            other => panic!("no welcome: {other:?}"),
        }
    }

    /// Proves who it is; answers what the relay says first.
    pub async fn try_auth(&mut self) -> Option<ToDevice> {
        let claim = self.claim();
        let auth = Auth {
            protocol: claim.protocol,
            device: claim.device,
            nonce: claim.device_nonce,
            signature: sign_auth(&self.key, &claim),
            directory: None,
        };
        self.send(&ToRelay::Auth(auth)).await;
        self.receive().await
    }

    async fn welcome(&mut self) -> Welcome {
        match self.receive().await {
            Some(ToDevice::Welcome(welcome)) => welcome,
            other => panic!("no welcome: {other:?}"),
        }
    }

    /// Pushes a change and waits for its outcome; pages that come meanwhile are dropped.
    pub async fn push(&mut self, space: SpaceId, document: DocumentId, bytes: Vec<u8>) -> ItemOutcome {
        let items = vec![PushItem { document, bytes }];
        self.send(&ToRelay::Push(Push { batch: BatchId::new(1), space, items })).await;
        loop {
            match self.receive().await {
                Some(ToDevice::Outcome { mut results, .. }) => return results.remove(0),
                Some(ToDevice::Page(_)) => {}
                other => panic!("no outcome: {other:?}"),
            }
        }
    }

    /// Asks for a feed from its beginning.
    pub async fn pull(&mut self, space: SpaceId) {
        self.send(&ToRelay::Pull(Pull {
            stream: StreamId(1),
            space,
            cursor: None,
            echo: true,
            from_head: false,
        }))
        .await;
    }

    /// Waits for the next page.
    pub async fn page(&mut self) -> Page {
        match self.receive().await {
            Some(ToDevice::Page(page)) => page,
            other => panic!("no page: {other:?}"),
        }
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: &ToRelay) {
        self.send_raw(Message::Binary(frame.encode().into())).await;
    }

    /// Sends a WebSocket message as it is.
    pub async fn send_raw(&mut self, message: Message) {
        self.try_send_raw(message).await.unwrap();
    }

    /// The same for messages that the relay may stop reading in the middle.
    pub async fn try_send_raw(&mut self, message: Message) -> Result<(), tungstenite::Error> {
        self.socket.send(message).await
    }

    /// Waits for the next frame; `None` when the relay has closed.
    pub async fn receive(&mut self) -> Option<ToDevice> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Binary(bytes)) => return Some(ToDevice::decode(&bytes, usize::MAX).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}

/// A first change of a document by a user, as Automerge writes it.
pub fn first_change(user: UserId, actor: u8) -> Vec<u8> {
    let mut document = Automerge::new()
        .with_author(Some(Author::from(user.as_bytes().to_vec())))
        .with_actor(ActorId::from(&[actor; 16][..]));
    let mut transaction = document.transaction();
    transaction.put(ROOT, "name", "Aryan Trading").unwrap();
    transaction.commit();
    let change = document.get_last_local_change().unwrap();
    change.raw_bytes().to_vec()
}
