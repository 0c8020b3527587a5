//! From frames to bytes.

use super::{
    Auth, DirectoryDigest, Enrol, Hello, ItemOutcome, MESSAGE_TEXT_BYTES_MAX, Page, PageEntry, Pull, Push,
    Role, SpaceInfo, ToDevice, ToRelay, Welcome, aside, heal, kind, moves,
};
use crate::code::{self, Code};
use crate::control::SignedEntry;
use minicbor::encode::{Encoder, Error};
use std::convert::Infallible;

pub(super) type Writer = Encoder<Vec<u8>>;
pub(super) type Written = Result<(), Error<Infallible>>;

fn build(fill: impl FnOnce(&mut Writer) -> Written) -> Vec<u8> {
    let mut writer = Encoder::new(Vec::new());
    fill(&mut writer).expect("writing to a vector never fails");
    writer.into_writer()
}

impl ToRelay {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        build(|w| match self {
            Self::Auth(auth) => write_auth(w, auth),
            Self::Enrol(enrol) => write_enrol(w, enrol),
            Self::Pull(pull) => write_pull(w, pull),
            Self::Push(push) => write_push(w, push),
            Self::Ephemeral { space, bytes } => {
                w.array(3)?.u64(kind::EPHEMERAL)?.bytes(space.as_bytes())?.bytes(bytes)?.ok()
            }
            Self::Ping { token } => w.array(2)?.u64(kind::PING)?.u32(*token)?.ok(),
            Self::ControlHead(mark) => {
                w.array(3)?.u64(kind::CONTROL_HEAD)?.u64(mark.count)?.bytes(&mark.digest)?.ok()
            }
            Self::ControlEntries { entries } => write_control_entries(w, entries),
            Self::Bye => w.array(1)?.u64(kind::BYE)?.ok(),
            Self::Heal { ask, space, question } => {
                w.array(4)?.u64(kind::HEAL)?.u32(ask.0)?.bytes(space.as_bytes())?;
                heal::write_question(w, question)
            }
            Self::Admin { ask, request } => w.array(3)?.u64(kind::ADMIN)?.u32(ask.0)?.bytes(request)?.ok(),
            Self::Move(wanted) => moves::write_move(w, wanted),
            Self::SetAside(aside) => aside::write_set_aside(w, aside),
            Self::Unknown { kind } => w.array(1)?.u64(*kind)?.ok(),
        })
    }
}

impl ToDevice {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        build(|w| match self {
            Self::Hello(hello) => write_hello(w, hello),
            Self::Enrolled { device } => w.array(2)?.u64(kind::ENROLLED)?.bytes(device.as_bytes())?.ok(),
            Self::Welcome(welcome) => write_welcome(w, welcome),
            Self::Page(page) => write_page(w, page),
            Self::StreamClosed { stream, code, message } => {
                w.array(4)?.u64(kind::STREAM_CLOSED)?.u32(stream.0)?;
                write_reason(w, code, message)
            }
            Self::Outcome { batch, results } => {
                w.array(3)?.u64(kind::OUTCOME)?.u64(batch.get())?.array(results.len() as u64)?;
                results.iter().try_for_each(|result| write_outcome(w, result))
            }
            Self::SpacesChanged { spaces } => {
                w.array(2)?.u64(kind::SPACES_CHANGED)?;
                write_spaces(w, spaces)
            }
            Self::ControlWanted { after, proof } => {
                w.array(2 + u64::from(proof.is_some()))?.u64(kind::CONTROL_WANTED)?.u64(*after)?;
                proof.as_ref().map_or(Ok(()), |proof| w.bytes(proof.as_bytes())?.ok())
            }
            Self::Revocation { entry, proof } => {
                w.array(if proof.is_some() { 4 } else { 3 })?.u64(kind::REVOCATION)?;
                write_control(w, entry)?;
                proof.iter().try_for_each(|proof| w.bytes(proof.as_bytes())?.ok())
            }
            Self::Ephemeral { space, from, bytes } => {
                w.array(4)?.u64(kind::EPHEMERAL_FROM)?.bytes(space.as_bytes())?;
                w.bytes(from.as_bytes())?.bytes(bytes)?.ok()
            }
            Self::Pong { token } => w.array(2)?.u64(kind::PONG)?.u32(*token)?.ok(),
            Self::Drain { retry_after_ms, jitter_ms } => {
                w.array(3)?.u64(kind::DRAIN)?.u64(*retry_after_ms)?.u64(*jitter_ms)?.ok()
            }
            Self::Healed { ask, answer } => {
                w.array(3)?.u64(kind::HEALED)?.u32(ask.0)?;
                heal::write_answer(w, answer)
            }
            Self::Administered { ask, answer } => {
                w.array(3)?.u64(kind::ADMINISTERED)?.u32(ask.0)?.bytes(answer)?.ok()
            }
            Self::Moved { ask, results } => {
                w.array(3)?.u64(kind::MOVED)?.u32(ask.0)?.array(results.len() as u64)?;
                results.iter().try_for_each(|result| write_outcome(w, result))
            }
            Self::WasSetAside { ask, results } => aside::write_was_set_aside(w, *ask, results),
            Self::Fault { code, message } => {
                w.array(3)?.u64(kind::FAULT)?;
                write_reason(w, code, message)
            }
            Self::Unknown { kind } => w.array(1)?.u64(*kind)?.ok(),
        })
    }
}

fn write_auth(w: &mut Writer, auth: &Auth) -> Written {
    w.array(6)?.u64(kind::AUTH)?.u16(auth.protocol)?.bytes(auth.device.as_bytes())?;
    w.bytes(auth.nonce.as_bytes())?.bytes(auth.signature.as_bytes())?;
    match auth.directory {
        Some(DirectoryDigest(digest)) => w.bytes(&digest)?.ok(),
        None => w.null()?.ok(),
    }
}

fn write_enrol(w: &mut Writer, enrol: &Enrol) -> Written {
    w.array(8)?.u64(kind::ENROL)?.u16(enrol.protocol)?.bytes(enrol.secret.as_bytes())?;
    w.bytes(enrol.public_key.as_bytes())?.bytes(enrol.nonce.as_bytes())?;
    w.bytes(enrol.signature.as_bytes())?.str(&enrol.device_name)?;
    match enrol.proposed_user {
        Some(user) => w.bytes(user.as_bytes())?.ok(),
        None => w.null()?.ok(),
    }
}

fn write_pull(w: &mut Writer, pull: &Pull) -> Written {
    let elements = if pull.from_head { 7 } else { 6 };
    w.array(elements)?.u64(kind::PULL)?.u32(pull.stream.0)?.bytes(pull.space.as_bytes())?;
    match pull.cursor {
        Some(cursor) => w.u64(cursor.epoch.get())?.u64(cursor.seq.get())?,
        None => w.null()?.null()?,
    };
    w.bool(pull.echo)?;
    if pull.from_head { w.bool(true)?.ok() } else { Ok(()) }
}

fn write_push(w: &mut Writer, push: &Push) -> Written {
    w.array(4)?.u64(kind::PUSH)?.u64(push.batch.get())?.bytes(push.space.as_bytes())?;
    w.array(push.items.len() as u64)?;
    for item in &push.items {
        w.array(2)?.bytes(item.document.as_bytes())?.bytes(&item.bytes)?;
    }
    Ok(())
}

fn write_hello(w: &mut Writer, hello: &Hello) -> Written {
    w.array(6)?.u64(kind::HELLO)?.u16(hello.versions.min)?.u16(hello.versions.max)?;
    w.bytes(hello.relay.as_bytes())?.bytes(hello.nonce.as_bytes())?.bytes(hello.signature.as_bytes())?.ok()
}

fn write_welcome(w: &mut Writer, welcome: &Welcome) -> Written {
    w.array(7)?.u64(kind::WELCOME)?.bytes(welcome.user.as_bytes())?.bytes(welcome.workspace.as_bytes())?;
    w.u32(welcome.reader_version_min)?.u32(welcome.push_window_bytes)?.bytes(welcome.proof.as_bytes())?;
    match &welcome.spaces {
        Some(spaces) => write_spaces(w, spaces),
        None => w.null()?.ok(),
    }
}

fn write_spaces(w: &mut Writer, spaces: &[SpaceInfo]) -> Written {
    w.array(spaces.len() as u64)?;
    for space in spaces {
        w.array(3)?.bytes(space.id.as_bytes())?.str(&space.name)?.u8(role_number(space.role))?;
    }
    Ok(())
}

fn role_number(role: Role) -> u8 {
    match role {
        Role::Admin => 1,
        Role::Manager => 2,
        Role::Rep => 3,
        Role::Viewer => 4,
    }
}

fn write_page(w: &mut Writer, page: &Page) -> Written {
    w.array(7)?.u64(kind::PAGE)?.u32(page.stream.0)?.u64(page.epoch.get())?;
    w.u64(page.up_to.get())?.u64(page.head.get())?.array(page.entries.len() as u64)?;
    for entry in &page.entries {
        match entry {
            PageEntry::Change { document, bytes, receipt } => {
                w.array(3 + heal::receipt_len(*receipt))?.u64(kind::ENTRY_CHANGE)?;
                w.bytes(document.as_bytes())?.bytes(bytes)?;
                heal::write_receipt(w, *receipt)?;
            }
            PageEntry::Echo { document, hash, receipt } => {
                w.array(3 + heal::receipt_len(*receipt))?.u64(kind::ENTRY_ECHO)?;
                w.bytes(document.as_bytes())?.bytes(hash.as_bytes())?;
                heal::write_receipt(w, *receipt)?;
            }
            PageEntry::Control(entry) => {
                w.array(3)?.u64(kind::ENTRY_CONTROL)?;
                write_control(w, entry)?;
            }
            PageEntry::MovedOut { document, home, to } => {
                moves::write_moved_out(w, document, *home, to.as_ref())?;
            }
            PageEntry::MovedIn { document, home } => moves::write_moved_in(w, document, *home)?,
            PageEntry::Erased(entry) => {
                w.array(3)?.u64(kind::ENTRY_ERASED)?;
                write_control(w, entry)?;
            }
            PageEntry::Unknown { bytes, .. } => w.writer_mut().extend_from_slice(bytes),
        }
    }
    match page.root {
        Some(root) => w.bytes(root.as_bytes())?.ok(),
        None => w.null()?.ok(),
    }
}

/// The bytes and the signature of an entry, in an array that is begun.
fn write_control(w: &mut Writer, entry: &SignedEntry) -> Written {
    w.bytes(&entry.bytes)?.bytes(entry.signature.as_bytes())?.ok()
}

fn write_control_entries(w: &mut Writer, entries: &[SignedEntry]) -> Written {
    w.array(2)?.u64(kind::CONTROL_ENTRIES)?.array(entries.len() as u64)?;
    for entry in entries {
        w.array(2)?;
        write_control(w, entry)?;
    }
    Ok(())
}

pub(super) fn write_outcome(w: &mut Writer, outcome: &ItemOutcome) -> Written {
    match outcome {
        ItemOutcome::Acked => w.u64(kind::OUTCOME_ACKED)?.ok(),
        ItemOutcome::Later { code, message } => {
            w.array(3)?.u64(kind::OUTCOME_LATER)?;
            write_reason(w, code, message)
        }
        ItemOutcome::Refused { code, message } => {
            w.array(3)?.u64(kind::OUTCOME_REFUSED)?;
            write_reason(w, code, message)
        }
    }
}

/// Code and message; a message that only repeats what the code says is left empty.
pub(super) fn write_reason(w: &mut Writer, code: &Code, message: &str) -> Written {
    let message = if message == code::message(code) { "" } else { message };
    w.str(code.as_str())?.str(cut(message))?.ok()
}

/// The longest beginning within the limit that ends between characters.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(MESSAGE_TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
