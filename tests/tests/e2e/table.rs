//! Who may do what: every frame of the protocol and every request of an operator, by everybody who could send it.
//!
//! A kind of frame or request that is new has no row here, and the test doesn't compile until it has.

use forsat_document::Genesis;
use forsat_relay::admin::{self, Answer as Administered, DeviceRequest, Request};
use forsat_relay::token::Token;
use forsat_sync::control::{ControlEvent, ControlHead};
use forsat_sync::digest::Node;
use forsat_sync::frame::{
    Auth, Enrol, ItemOutcome, Move, PROTOCOL_VERSIONS, Pull, Push, PushItem, SetAside, SetAsideItem,
    SpaceInfo, StreamId, ToDevice, ToRelay, Welcome,
};
use forsat_sync::heal::{Answer, AskId, Question, RefillItem};
use forsat_sync::id::{BatchId, DeviceId, DocumentId, Nonce, SpaceId, UserId};
use forsat_sync::identity::{InviteCode, InviteSecret, RelayKey, Signature};

use super::http::Http;
use super::relay::{Relay, SPACE};
use super::wire::{Wire, block_on, key};

/// Somebody with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Stranger,
    MemberOfAnotherWorkspace,
    Pending,
    Revoked,
    MemberOfAnotherSpace,
    Viewer,
    Rep,
    Manager,
    Admin,
}

const EVERYBODY: [Who; 9] = [
    Who::Stranger,
    Who::MemberOfAnotherWorkspace,
    Who::Pending,
    Who::Revoked,
    Who::MemberOfAnotherSpace,
    Who::Viewer,
    Who::Rep,
    Who::Manager,
    Who::Admin,
];

impl Who {
    fn number(self) -> u8 {
        EVERYBODY.iter().position(|who| *who == self).unwrap() as u8 + 1
    }

    /// The fault that keeps it out.
    fn kept_out(self) -> Option<&'static str> {
        match self {
            Self::Stranger | Self::MemberOfAnotherWorkspace => Some("unknown_device"),
            Self::Pending => Some("device_pending"),
            // It may set aside what it never sent.
            Self::Revoked => None,
            Self::MemberOfAnotherSpace | Self::Viewer | Self::Rep | Self::Manager | Self::Admin => None,
        }
    }
}

/// Where a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Common,
    Main,
    Missing,
}

/// What becomes of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Fault(String),
    Page,
    Closed(String),
    Acked,
    Refused(String),
    /// What a space holds.
    Told,
    /// What an administrator asked for is done, or why not.
    Done,
    Not(String),
    Pong,
    /// The connection is closed without a fault.
    Gone,
    /// Nothing, and the connection goes on.
    Nothing,
}

/// What is sent: the frame, where to, and whether it is a change of what everybody shares.
struct Row {
    frame: ToRelay,
    place: Place,
    module: &'static str,
}

impl Row {
    /// The table. One match over all kinds of frames, and one over everybody.
    fn expected(&self, who: Who) -> Said {
        if who == Who::Revoked && !is_left_to_revoked(&self.frame) {
            return Said::Nothing;
        }
        let unknown = || "unknown_space".to_owned();
        let sees = match (self.place, who) {
            (Place::Missing, _) | (Place::Main, Who::MemberOfAnotherSpace) => false,
            (Place::Common | Place::Main, _) => true,
        };
        match &self.frame {
            ToRelay::Auth(_) | ToRelay::Enrol(_) => Said::Fault("unexpected_frame".into()),
            ToRelay::Pull(_) if !sees => Said::Closed(unknown()),
            ToRelay::Pull(_) => Said::Page,
            ToRelay::Push(_) if !sees => Said::Refused(unknown()),
            ToRelay::Push(_) if self.may_write(who) => Said::Acked,
            ToRelay::Push(_) => Said::Refused("forbidden".into()),
            ToRelay::Heal { .. } if !sees => Said::Refused(unknown()),
            ToRelay::Heal { question: Question::Refill(_), .. } => match who {
                _ if self.may_write(who) => Said::Acked,
                // Only with the relay's own receipt.
                Who::Viewer => Said::Refused("unverified".into()),
                _ => Said::Refused("forbidden".into()),
            },
            ToRelay::Heal { .. } => Said::Told,
            ToRelay::Admin { request, .. } => ordered(request, who),
            ToRelay::SetAside(_) if !sees => Said::Refused(unknown()),
            ToRelay::SetAside(_) => match who {
                Who::Viewer => Said::Refused("forbidden".into()),
                _ if self.place == Place::Common => Said::Refused("common_stays".into()),
                _ => Said::Acked,
            },
            ToRelay::Move(_) if !sees => Said::Refused(unknown()),
            ToRelay::Move(_) => match who {
                Who::Admin | Who::Manager if self.place == Place::Common => {
                    Said::Refused("common_stays".into())
                }
                // The document is nowhere: who may move hears that, others don't.
                Who::Admin | Who::Manager => Said::Refused("unknown_document".into()),
                _ => Said::Refused("forbidden".into()),
            },
            ToRelay::Ping { .. } => Said::Pong,
            ToRelay::Bye => Said::Gone,
            ToRelay::Ephemeral { .. }
            | ToRelay::ControlHead(_)
            | ToRelay::ControlEntries { .. }
            | ToRelay::Unknown { .. } => Said::Nothing,
        }
    }

    fn may_write(&self, who: Who) -> bool {
        match who {
            Who::Admin | Who::Manager => true,
            Who::Rep | Who::MemberOfAnotherSpace => {
                self.place != Place::Common || !["settings", "product", "campaign"].contains(&self.module)
            }
            Who::Viewer | Who::Stranger | Who::MemberOfAnotherWorkspace | Who::Pending | Who::Revoked => {
                false
            }
        }
    }
}

/// What an administrator orders.
fn orders(who: Who) -> [ToRelay; 6] {
    [
        order(&DeviceRequest::RoleSet { user: "Viewer".into(), space: SPACE.into(), role: "viewer".into() }),
        order(&DeviceRequest::Invite {
            user: format!("Guest of {who:?}"),
            space: SPACE.into(),
            role: "rep".into(),
            approve: false,
            secret_hash: hex::encode([who.number(); 32]),
        }),
        order(&DeviceRequest::DeviceActivate { device: key(Who::Rep.number()).device_id().to_string() }),
        order(&DeviceRequest::SpaceAdd { name: format!("Space of {who:?}") }),
        order(&DeviceRequest::QuarantineList { after: 0 }),
        order(&DeviceRequest::QuarantineClose { numbers: vec![u64::MAX], applied: false }),
    ]
}

/// What is left to a device that was revoked; everything else is passed over.
fn is_left_to_revoked(frame: &ToRelay) -> bool {
    match frame {
        ToRelay::SetAside(_) | ToRelay::Ping { .. } | ToRelay::Bye | ToRelay::Auth(_) | ToRelay::Enrol(_) => {
            true
        }
        ToRelay::Pull(_)
        | ToRelay::Push(_)
        | ToRelay::Ephemeral { .. }
        | ToRelay::ControlHead(_)
        | ToRelay::ControlEntries { .. }
        | ToRelay::Heal { .. }
        | ToRelay::Admin { .. }
        | ToRelay::Move(_)
        | ToRelay::Unknown { .. } => false,
    }
}

/// What becomes of an order to the space of all but one, from whom it is hidden.
fn ordered(request: &[u8], who: Who) -> Said {
    match serde_json::from_slice(request).unwrap() {
        DeviceRequest::QuarantineList { .. } | DeviceRequest::QuarantineClose { .. } => match who {
            Who::Manager | Who::Admin => Said::Done,
            _ => Said::Not("not_manager".into()),
        },
        // Of every space but one: who makes spaces administers all.
        DeviceRequest::SpaceAdd { .. } => Said::Not("not_administrator".into()),
        DeviceRequest::RoleSet { .. }
        | DeviceRequest::RoleRemove { .. }
        | DeviceRequest::DeviceRevoke { .. }
        | DeviceRequest::DeviceActivate { .. }
        | DeviceRequest::SpaceList
        | DeviceRequest::UserList
        | DeviceRequest::DeviceList
        | DeviceRequest::InviteList
        | DeviceRequest::InviteCancel { .. }
        | DeviceRequest::Invite { .. } => match who {
            Who::Admin => Said::Done,
            _ => Said::Not("not_administrator".into()),
        },
    }
}

/// A document that nobody ever made; the others are named by numbers.
const NOWHERE: [u8; 16] = *b"nobody made this";

/// What one sends, each on a connection of its own.
fn rows(who: Who, user: UserId, spaces: &[SpaceInfo], main: SpaceId, place_of: &mut u8) -> Vec<Row> {
    let common = spaces.iter().find(|space| space.name == "common").unwrap().id;
    let id = |place| match place {
        Place::Common => common,
        Place::Main => main,
        Place::Missing => SpaceId::from_bytes([0xee; 16]),
    };
    let row = |frame| Row { frame, place: Place::Common, module: "" };
    let mut rows = vec![
        row(ToRelay::Auth(Auth {
            protocol: PROTOCOL_VERSIONS.max,
            device: key(who.number()).device_id(),
            nonce: Nonce::from_bytes([1; 32]),
            signature: Signature::from_bytes([1; 64]),
            directory: None,
        })),
        row(ToRelay::Enrol(Enrol {
            protocol: PROTOCOL_VERSIONS.max,
            secret: InviteSecret::from_bytes([1; 16]),
            public_key: key(who.number()).public(),
            nonce: Nonce::from_bytes([1; 32]),
            signature: Signature::from_bytes([1; 64]),
            device_name: "again".into(),
            proposed_user: None,
        })),
        row(ToRelay::Ephemeral { space: common, bytes: vec![1] }),
        row(ToRelay::ControlHead(ControlHead::EMPTY.mark())),
        row(ToRelay::ControlEntries { entries: vec![forged(key(who.number()).device_id())] }),
        row(ToRelay::Ping { token: 5 }),
        row(ToRelay::Bye),
        row(ToRelay::Unknown { kind: 4000 }),
    ];
    rows.extend(orders(who).map(row));
    for place in [Place::Common, Place::Main, Place::Missing] {
        rows.extend(rows_in(user, place, id(place), place_of));
    }
    rows
}

/// What one sends to a place.
fn rows_in(user: UserId, place: Place, space: SpaceId, place_of: &mut u8) -> Vec<Row> {
    let mut rows = Vec::new();
    let pull = Pull { stream: StreamId(1), space, cursor: None, echo: true, from_head: false };
    rows.push(Row { frame: ToRelay::Pull(pull), place, module: "" });
    for module in ["settings", "product", "campaign", "user", "account", "filter"] {
        *place_of += 1;
        let own = module == "user" && place == Place::Common;
        let document = if own { *user.as_bytes() } else { [*place_of; 16] };
        let bytes = Genesis::of(module).unwrap().chain()[0].bytes.clone();
        let items = vec![PushItem { document: DocumentId::from_bytes(document), bytes }];
        let push = Push { batch: BatchId::new(1), space, items };
        rows.push(Row { frame: ToRelay::Push(push), place, module });
        *place_of += 1;
        let document = DocumentId::from_bytes(if own { *user.as_bytes() } else { [*place_of; 16] });
        let bytes = Genesis::of(module).unwrap().chain()[0].bytes.clone();
        let question = Question::Refill(vec![RefillItem { document, bytes, receipt: None }]);
        let frame = ToRelay::Heal { ask: AskId(1), space, question };
        rows.push(Row { frame, place, module });
    }
    *place_of += 1;
    let item = SetAsideItem {
        document: DocumentId::from_bytes([*place_of; 16]),
        bytes: Genesis::of("account").unwrap().chain()[0].bytes.clone(),
        reason: forsat_sync::code::HOME_IS,
    };
    let aside = SetAside { ask: AskId(1), space, items: vec![item] };
    rows.push(Row { frame: ToRelay::SetAside(aside), place, module: "" });
    let nowhere = vec![DocumentId::from_bytes(NOWHERE)];
    let wanted = Move { ask: AskId(1), to: space, documents: nowhere };
    rows.push(Row { frame: ToRelay::Move(wanted), place, module: "" });
    let question = Question::Nodes(vec![Node::ROOT]);
    rows.push(Row { frame: ToRelay::Heal { ask: AskId(1), space, question }, place, module: "" });
    rows
}

fn order(request: &DeviceRequest) -> ToRelay {
    ToRelay::Admin { ask: AskId(1), request: serde_json::to_vec(request).unwrap() }
}

/// An entry of the control log that somebody else than the relay signed.
fn forged(device: DeviceId) -> forsat_sync::control::SignedEntry {
    let event = ControlEvent::DeviceActivated { device };
    ControlHead::EMPTY.append(&RelayKey::from_seed(&[90; 32]), 1, None, event).0
}

/// Connects as somebody; the frame that answers the auth.
async fn connected(url: &str, who: Who) -> (Wire, Option<ToDevice>) {
    let mut wire = Wire::connect(url, who.number()).await;
    wire.auth(PROTOCOL_VERSIONS.max, &key(who.number())).await;
    let said = wire.receive().await;
    (wire, said)
}

/// Sends a frame and tells what became of it.
async fn said(mut wire: Wire, frame: &ToRelay, who: Who) -> Said {
    wire.send(frame).await;
    if !matches!(frame, ToRelay::Ping { .. } | ToRelay::Bye) {
        wire.send(&ToRelay::Ping { token: 99 }).await;
    }
    loop {
        return match wire.receive().await {
            None => Said::Gone,
            Some(ToDevice::Fault { code, .. }) => Said::Fault(code.to_string()),
            Some(ToDevice::Page(_)) => Said::Page,
            Some(ToDevice::StreamClosed { code, .. }) => Said::Closed(code.to_string()),
            Some(
                ToDevice::Outcome { results, .. }
                | ToDevice::Moved { results, .. }
                | ToDevice::WasSetAside { results, .. },
            ) => outcome(&results[0]),
            Some(ToDevice::Healed { answer: Answer::Refilled(results), .. }) => outcome(&results[0]),
            Some(ToDevice::Healed { answer: Answer::Failed { code, .. }, .. }) => {
                Said::Refused(code.to_string())
            }
            Some(ToDevice::Healed { .. }) => Said::Told,
            Some(ToDevice::Administered { answer, .. }) => {
                match serde_json::from_slice(&answer).expect("an answer of the admin socket") {
                    Administered::Failed(failure) => Said::Not(failure.code),
                    _ => Said::Done,
                }
            }
            Some(ToDevice::Pong { token: 99 }) if is_answered(frame, who) => continue,
            Some(ToDevice::Pong { token: 99 }) => Said::Nothing,
            Some(ToDevice::Pong { .. }) => Said::Pong,
            Some(other) => panic!("{frame:?}: {other:?}"),
        };
    }
}

/// Whether a frame has an answer of its own, which may come after that to a ping.
fn is_answered(frame: &ToRelay, who: Who) -> bool {
    match frame {
        ToRelay::SetAside(_) => true,
        ToRelay::Pull(_)
        | ToRelay::Push(_)
        | ToRelay::Heal { .. }
        | ToRelay::Move(_)
        | ToRelay::Admin { .. } => who != Who::Revoked,
        _ => false,
    }
}

fn outcome(result: &ItemOutcome) -> Said {
    match result {
        ItemOutcome::Acked => Said::Acked,
        ItemOutcome::Refused { code, .. } => Said::Refused(code.to_string()),
        ItemOutcome::Later { code, .. } => panic!("put off: {code}"),
    }
}

/// A relay with everybody in their places. The keys of the strangers aren't known to it.
fn relay_of_everybody(dir: &std::path::Path) -> Relay {
    let relay = Relay::start(&dir.join("relay"));
    let elsewhere = Relay::start(&dir.join("elsewhere"));
    relay.add_space("North");
    let join = |relay: &Relay, who: Who, space: &str, role: &str, approve: bool| {
        let user = format!("{who:?}");
        let mut arguments = vec!["invite", "--user", &user, "--space", space, "--role", role, "--json"];
        if approve {
            arguments.push("--approve");
        }
        let code = relay.run(&arguments).json()["code"].as_str().unwrap().to_owned();
        let code: InviteCode = code.parse().unwrap();
        block_on(async {
            let mut wire = Wire::connect(relay.url(), who.number()).await;
            wire.enrol(&code).await;
            wire.receive().await
        });
    };
    join(&elsewhere, Who::MemberOfAnotherWorkspace, SPACE, "admin", false);
    join(&relay, Who::Pending, SPACE, "admin", true);
    join(&relay, Who::Revoked, SPACE, "admin", false);
    join(&relay, Who::MemberOfAnotherSpace, "North", "rep", false);
    join(&relay, Who::Viewer, SPACE, "viewer", false);
    join(&relay, Who::Rep, SPACE, "rep", false);
    join(&relay, Who::Manager, SPACE, "manager", false);
    join(&relay, Who::Admin, SPACE, "admin", false);
    let revoked = key(Who::Revoked.number()).device_id().to_string();
    relay.run(&["device", "revoke", &revoked, "--json"]).json();
    relay
}

fn main_of(relay: &Relay) -> SpaceId {
    let spaces = relay.run(&["space", "list", "--json"]).json()["spaces"].clone();
    let main = spaces.as_array().unwrap().iter().find(|space| space["name"] == SPACE).unwrap().clone();
    SpaceId::from_hex(main["id"].as_str().unwrap()).unwrap()
}

#[test]
fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let relay = relay_of_everybody(dir.path());
    let main = main_of(&relay);
    let (mut wrong, mut documents) = (Vec::new(), 0);
    block_on(async {
        let (_, admin) = connected(relay.url(), Who::Admin).await;
        let Some(ToDevice::Welcome(Welcome { spaces: Some(spaces), .. })) = admin else {
            panic!("{admin:?}")
        };
        for who in EVERYBODY {
            let (_, first) = connected(relay.url(), who).await;
            let user = match (who.kept_out(), first) {
                (Some(code), Some(ToDevice::Fault { code: said, .. })) if said.as_str() == code => continue,
                (None, Some(ToDevice::Welcome(welcome))) if who != Who::Revoked => welcome.user,
                (None, Some(ToDevice::Revocation { proof: Some(_), .. })) if who == Who::Revoked => {
                    UserId::from_bytes([0xcc; 16])
                }
                (expected, said) => {
                    wrong.push(format!("{who:?} at the door: {said:?} instead of {expected:?}"));
                    continue;
                }
            };
            for row in rows(who, user, &spaces, main, &mut documents) {
                let (wire, _) = connected(relay.url(), who).await;
                let (expected, found) = (row.expected(who), said(wire, &row.frame, who).await);
                if found != expected {
                    wrong.push(format!(
                        "{who:?} {:?} {} {:?}: {found:?} instead of {expected:?}",
                        row.place, row.module, row.frame
                    ));
                }
            }
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One of every request that an operator makes. Devices make none of them; programs make what their token is for.
fn requests(device: DeviceId) -> Vec<Request> {
    let (user, space, role) = ("Viewer".to_owned(), SPACE.to_owned(), "admin".to_owned());
    let all = vec![
        Request::SpaceAdd { name: "South".into() },
        Request::SpaceList,
        Request::Invite { user: user.clone(), space: space.clone(), role: role.clone(), approve: false },
        Request::InviteList,
        Request::InviteCancel { invite: "00000000".into() },
        Request::UserList,
        Request::RoleSet { user: user.clone(), space: space.clone(), role },
        Request::RoleRemove { user, space },
        Request::DeviceList,
        Request::DeviceRevoke { device: device.to_string(), lost: true },
        Request::DeviceActivate { device: device.to_string() },
        Request::DeviceRevoke { device: key(Who::Rep.number()).device_id().to_string(), lost: false },
        Request::Erase { record: "01".repeat(16), confirmed: true },
        Request::TokenCreate {
            name: "another".into(),
            scopes: vec!["access".into()],
            space: None,
            expires_in_ms: None,
            by: String::new(),
        },
        Request::TokenList,
        Request::TokenRevoke { name: "read".into() },
        Request::QuarantineList { space: None, after: 0 },
        Request::QuarantineDrop { numbers: Vec::new(), space: Some(SPACE.into()), confirmed: true },
        Request::Status,
        Request::Verify,
        Request::Identity,
    ];
    for request in &all {
        // A request that is new belongs into the list above.
        match request {
            Request::SpaceAdd { .. }
            | Request::SpaceList
            | Request::Invite { .. }
            | Request::InviteList
            | Request::InviteCancel { .. }
            | Request::UserList
            | Request::RoleSet { .. }
            | Request::RoleRemove { .. }
            | Request::DeviceList
            | Request::DeviceRevoke { .. }
            | Request::DeviceActivate { .. }
            | Request::TokenCreate { .. }
            | Request::TokenList
            | Request::TokenRevoke { .. }
            | Request::QuarantineList { .. }
            | Request::QuarantineDrop { .. }
            | Request::Verify
            | Request::Identity
            | Request::Erase { .. }
            | Request::Status => {}
        }
    }
    all
}

#[test]
fn no_device_makes_an_operators_request_not_even_an_admins() {
    let dir = tempfile::tempdir().unwrap();
    let relay = relay_of_everybody(dir.path());
    let standing = || {
        let lists = [["user", "list", "--json"], ["device", "list", "--json"], ["space", "list", "--json"]];
        let mut lists = lists.map(|arguments| relay.run(&arguments).json());
        for device in lists[1]["devices"].as_array_mut().unwrap() {
            device["seen_at_ms"].take();
        }
        lists
    };
    let before = standing();
    block_on(async {
        for request in requests(key(Who::Viewer.number()).device_id()) {
            let (mut wire, _) = connected(relay.url(), Who::Admin).await;
            wire.send_raw(serde_json::to_vec(&request).unwrap()).await;
            let fault = wire.fault().await;
            assert!(fault.is_some_and(|code| code.starts_with("frame_")), "{request:?}");
        }
    });
    assert_eq!(standing(), before, "nothing changed");
}

/// A program, by what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    Nothing,
    AWrongToken,
    ARevokedToken,
    Read,
    Access,
    Both,
    ReadOfMain,
    AccessOfMain,
}

const PROGRAMS: [Program; 8] = [
    Program::Nothing,
    Program::AWrongToken,
    Program::ARevokedToken,
    Program::Read,
    Program::Access,
    Program::Both,
    Program::ReadOfMain,
    Program::AccessOfMain,
];

impl Program {
    /// What it sends; made at the relay where there is any.
    fn token(self, relay: &Relay) -> Option<String> {
        let name = format!("{self:?}");
        match self {
            Self::Nothing => None,
            Self::AWrongToken => Some(Token::from_bytes([7; 16]).reveal()),
            Self::ARevokedToken => {
                let token = relay.token(&name, "read,access", &[]);
                relay.run(&["token", "revoke", &name, "--json"]).json();
                Some(token)
            }
            Self::Read => Some(relay.token(&name, "read", &[])),
            Self::Access => Some(relay.token(&name, "access", &[])),
            Self::Both => Some(relay.token(&name, "read,access", &[])),
            Self::ReadOfMain => Some(relay.token(&name, "read", &["--space", SPACE])),
            Self::AccessOfMain => Some(relay.token(&name, "access", &["--space", SPACE])),
        }
    }

    fn reads(self) -> bool {
        matches!(self, Self::Read | Self::Both | Self::ReadOfMain)
    }

    fn orders(self) -> bool {
        matches!(self, Self::Access | Self::Both | Self::AccessOfMain)
    }

    /// The table's column: the status and the code of a failure.
    fn expected(self, request: &Request) -> (u16, Option<&'static str>) {
        let missing = (403, Some("scope_missing"));
        let granted = |granted: bool| if granted { (200, None) } else { missing };
        match request {
            _ if matches!(self, Self::Nothing | Self::AWrongToken | Self::ARevokedToken) => {
                (401, Some("unauthorized"))
            }
            Request::Status if self == Self::ReadOfMain => (403, Some("outside_space")),
            Request::SpaceList
            | Request::InviteList
            | Request::UserList
            | Request::DeviceList
            | Request::Status => granted(self.reads()),
            Request::DeviceRevoke { lost: true, .. } => (403, Some("operator_only")),
            // None has this id.
            Request::InviteCancel { .. } if self.orders() => (404, Some("no_such_invite")),
            Request::Invite { .. }
            | Request::InviteCancel { .. }
            | Request::RoleSet { .. }
            | Request::RoleRemove { .. }
            | Request::DeviceRevoke { lost: false, .. }
            | Request::DeviceActivate { .. } => granted(self.orders()),
            Request::SpaceAdd { .. }
            | Request::Erase { .. }
            | Request::Verify
            | Request::TokenCreate { .. }
            | Request::TokenList
            | Request::TokenRevoke { .. }
            | Request::QuarantineList { .. }
            | Request::QuarantineDrop { .. }
            | Request::Identity => (403, Some("operator_only")),
        }
    }
}

#[test]
fn a_program_may_ask_what_its_token_is_for_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let relay = relay_of_everybody(dir.path());
    let viewer = Request::RoleSet { user: "Viewer".into(), space: SPACE.into(), role: "viewer".into() };
    let mut wrong = Vec::new();
    for program in PROGRAMS {
        let token = program.token(&relay);
        let http = Http::of(&relay, token.as_deref());
        for request in requests(key(Who::Viewer.number()).device_id()) {
            // As it was, whatever the last one did.
            admin::ask(relay.data(), &viewer).unwrap().unwrap();
            let said = http.admin(&serde_json::to_value(&request).unwrap());
            let found = (said.status, said.failure());
            let expected = program.expected(&request);
            if found != expected || said.body["answer"].is_null() {
                wrong.push(format!("{program:?} {request:?}: {found:?} instead of {expected:?}"));
            }
        }
        let said = http.status();
        let expected = program.expected(&Request::Status);
        if (said.status, said.failure()) != expected {
            wrong.push(format!("{program:?} GET /status: {} instead of {expected:?}", said.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let spaces = relay.run(&["space", "list", "--json"]).json();
    assert_eq!(spaces["spaces"].as_array().unwrap().len(), 3, "no program made one: {spaces}");
}
