//! A locked keyring of a desktop whose window a person answers, or closes.
//!
//! No window can be answered here, so a keyring of this test stands in: it speaks the Secret Service, holds one entry, and
//! answers its own prompt.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use futures_util::StreamExt as _;
use zbus::message::{Message, Type};
use zbus::{Connection, MessageStream, ObjectPath, OwnedObjectPath, OwnedVariant, Variant};

use super::device::Office;
use super::keyring::{BUS_NAME, Session};
use super::program::Ran;
use super::terminal::Terminal;

const PROMPT: &str = "org.freedesktop.Secret.Prompt";

type Secret = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

/// What the keyring of this test is like.
#[derive(Default)]
struct State {
    is_locked: bool,
    /// Whether the person closes the window.
    dismisses: bool,
    asked: usize,
    secret: Option<Vec<u8>>,
}

/// Serves the bus at an address until it ends; answers once it can be called.
fn serve(address: String, state: Arc<Mutex<State>>) -> JoinHandle<()> {
    let (ready, is_ready) = std::sync::mpsc::channel();
    let served = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bus = zbus::connection::Builder::address(address.as_str()).build().await.unwrap();
            let mut calls = MessageStream::from(&bus);
            bus.request_name(BUS_NAME).await.unwrap();
            ready.send(()).unwrap();
            while let Some(Ok(call)) = calls.next().await {
                if call.message_type() == Type::MethodCall {
                    answer(&bus, &call, &state).await;
                }
            }
        });
    });
    is_ready.recv().unwrap();
    served
}

fn path(path: &str) -> ObjectPath<'_> {
    ObjectPath::try_from(path).unwrap()
}

/// Answers one call.
async fn answer(bus: &Connection, call: &Message, state: &Mutex<State>) {
    let header = call.header();
    let (item, none) = (path("/item"), path("/"));
    let is_locked = state.lock().unwrap().is_locked;
    let sent = match header.member().unwrap().as_str() {
        "ReadAlias" => bus.reply(&header, &path("/collection")).await,
        "OpenSession" => bus.reply(&header, &(Variant::from(""), path("/session"))).await,
        "Unlock" if is_locked => bus.reply(&header, &(Vec::<ObjectPath<'_>>::new(), path("/prompt"))).await,
        "Unlock" => bus.reply(&header, &(vec![item], none)).await,
        "SearchItems" => {
            let mut found = [Vec::new(), Vec::new()];
            if state.lock().unwrap().secret.is_some() {
                found[usize::from(is_locked)].push(item);
            }
            let [unlocked, locked] = found;
            bus.reply(&header, &(unlocked, locked)).await
        }
        "CreateItem" => {
            let body = call.body();
            let made: (std::collections::HashMap<String, OwnedVariant>, Secret, bool) =
                body.deserialize().unwrap();
            state.lock().unwrap().secret = Some(made.1.2);
            bus.reply(&header, &(item, none)).await
        }
        "GetSecret" => {
            let kept = state.lock().unwrap().secret.clone().unwrap();
            bus.reply(&header, &((path("/session"), Vec::<u8>::new(), kept, "text/plain"),)).await
        }
        "Prompt" => {
            let dismisses = {
                let mut state = state.lock().unwrap();
                state.asked += 1;
                state.is_locked = state.dismisses;
                state.dismisses
            };
            bus.reply(&header, &()).await.unwrap();
            let unlocked = Variant::from(vec![item]);
            bus.emit_signal(None::<&str>, "/prompt", PROMPT, "Completed", &(dismisses, unlocked)).await
        }
        other => panic!("{other} isn't called"),
    };
    sent.unwrap();
}

#[test]
fn a_locked_keyring_asks_whoever_sits_at_a_terminal_and_nobody_else() {
    let office = Office::open();
    let reza = &office.reza;
    let session = Session::begin();
    let state = Arc::new(Mutex::new(State { is_locked: true, ..State::default() }));
    let address = session.variables()["DBUS_SESSION_BUS_ADDRESS"].clone();
    let served = serve(address, state.clone());
    let in_terminal = |arguments: &[&str]| Terminal::run(session.command(reza, arguments)).ends();
    let lock = |dismisses| {
        let mut state = state.lock().unwrap();
        (state.is_locked, state.dismisses) = (true, dismisses);
    };

    let (code, said) = in_terminal(&["key", "keyring"]);
    assert!(code == Some(0) && said.contains("lies in the desktop's keyring"), "{said}");
    lock(false);
    let (code, said) = in_terminal(&["sync"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(state.lock().unwrap().asked, 2);

    lock(true);
    let (code, said) = in_terminal(&["sync"]);
    assert!(code == Some(4) && said.contains("is locked"), "{said}");
    lock(false);
    let ran = Ran::of(&mut session.command(reza, &["sync"]));
    assert!(ran.code == Some(4) && ran.err.contains("is locked"), "{ran:?}");
    assert_eq!(state.lock().unwrap().asked, 3, "a sync in the background opens no window");
    drop(session);
    served.join().unwrap();
}
