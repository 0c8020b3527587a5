//! From bytes to frames.

use super::{
    ADMIN_ANSWER_BYTES_MAX, ADMIN_REQUEST_BYTES_MAX, Auth, Cursor, DirectoryDigest, Enrol, Hello,
    ItemOutcome, MESSAGE_TEXT_BYTES_MAX, MOVE_DOCUMENTS_MAX, NAME_BYTES_MAX, PAGE_ENTRIES_MAX,
    PUSH_ITEMS_MAX, Page, PageEntry, Pull, Push, PushItem, Role, SPACES_MAX, SpaceInfo, StreamId, ToDevice,
    ToRelay, VersionRange, Welcome, aside, heal, kind, moves, shape,
};
use crate::code::{self, Code};
use crate::control::{ControlMark, ENTRIES_MAX, ENTRY_BYTES_MAX, SignedEntry};
use crate::heal::AskId;
use crate::id::{
    BatchId, ChangeHash, DeviceId, Digest, DocumentId, Epoch, FeedSeq, Nonce, RelayId, SpaceId, UserId,
    WorkspaceId,
};
use crate::identity::{InviteSecret, PublicKey, Signature};
use minicbor::data::Type;
use minicbor::decode::Decoder;

/// Why a message isn't a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Larger than a message may be.
    #[error("the message has {size} bytes; at most {max} are taken")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// It ends before it is complete.
    #[error("the message ends before it is complete")]
    Truncated,
    /// Something follows the frame.
    #[error("there are bytes after the end of the frame")]
    TrailingBytes,
    /// Arrays nest too deep.
    #[error("the message nests deeper than {}", shape::DEPTH_MAX)]
    TooDeep,
    /// CBOR that the protocol doesn't use.
    #[error("the message uses tags, floats or indefinite lengths, which the protocol doesn't have")]
    Unsupported,
    /// Not an array that begins with a kind.
    #[error("the message isn't an array that begins with the number of its kind")]
    NotAFrame,
    /// A field is missing, of another type, or beyond its limit.
    #[error("the field `{name}` of the message is missing, of another type, or beyond its limit")]
    Field {
        /// Which.
        name: &'static str,
    },
}

impl FrameError {
    /// The stable code of this error.
    pub fn code(&self) -> Code {
        match self {
            Self::TooLarge { .. } => code::FRAME_TOO_LARGE,
            Self::Truncated => code::FRAME_TRUNCATED,
            Self::TrailingBytes => code::FRAME_TRAILING,
            Self::TooDeep => code::FRAME_TOO_DEEP,
            Self::Unsupported => code::FRAME_UNSUPPORTED,
            Self::NotAFrame => code::FRAME_SHAPE,
            Self::Field { .. } => code::FRAME_FIELD,
        }
    }
}

pub(super) type Decoded<T> = Result<T, FrameError>;

impl ToRelay {
    /// Reads a message of at most `bytes_max` bytes.
    pub fn decode(bytes: &[u8], bytes_max: usize) -> Decoded<Self> {
        shape::check(bytes, bytes_max)?;
        let mut decoder = Decoder::new(bytes);
        let mut fields = Fields::enter(&mut decoder, "frame")?;
        let kind = fields.kind()?;
        Ok(match kind {
            kind::AUTH => Self::Auth(read_auth(&mut fields)?),
            kind::ENROL => Self::Enrol(read_enrol(&mut fields)?),
            kind::PULL => Self::Pull(read_pull(&mut fields)?),
            kind::PUSH => Self::Push(read_push(&mut fields)?),
            kind::EPHEMERAL => Self::Ephemeral {
                space: SpaceId::from_bytes(fields.exact("space")?),
                bytes: fields.bytes("bytes")?.to_vec(),
            },
            kind::PING => Self::Ping { token: fields.u32("token")? },
            kind::CONTROL_HEAD => Self::ControlHead(ControlMark {
                count: fields.u64("count")?,
                digest: fields.exact("digest")?,
            }),
            kind::CONTROL_ENTRIES => Self::ControlEntries {
                entries: fields.list("entries", ENTRIES_MAX, |fields| {
                    let mut entry = fields.nested("entries")?;
                    let signed = read_control(&mut entry)?;
                    entry.rest()?;
                    Ok(signed)
                })?,
            },
            kind::BYE => Self::Bye,
            kind::HEAL => Self::Heal {
                ask: AskId(fields.u32("ask")?),
                space: SpaceId::from_bytes(fields.exact("space")?),
                question: heal::read_question(&mut fields)?,
            },
            kind::ADMIN => Self::Admin {
                ask: AskId(fields.u32("ask")?),
                request: read_admin(&mut fields, ADMIN_REQUEST_BYTES_MAX)?,
            },
            kind::MOVE => Self::Move(moves::read_move(&mut fields)?),
            kind::SET_ASIDE => Self::SetAside(aside::read_set_aside(&mut fields)?),
            _ => Self::Unknown { kind },
        })
    }
}

impl ToDevice {
    /// Reads a message of at most `bytes_max` bytes.
    pub fn decode(bytes: &[u8], bytes_max: usize) -> Decoded<Self> {
        shape::check(bytes, bytes_max)?;
        let mut decoder = Decoder::new(bytes);
        let mut fields = Fields::enter(&mut decoder, "frame")?;
        let kind = fields.kind()?;
        Ok(match kind {
            kind::HELLO => Self::Hello(read_hello(&mut fields)?),
            kind::ENROLLED => Self::Enrolled { device: DeviceId::from_bytes(fields.exact("device")?) },
            kind::WELCOME => Self::Welcome(read_welcome(&mut fields)?),
            kind::PAGE => Self::Page(read_page(&mut fields)?),
            kind::STREAM_CLOSED => {
                let stream = StreamId(fields.u32("stream")?);
                let (code, message) = read_reason(&mut fields)?;
                Self::StreamClosed { stream, code, message }
            }
            kind::OUTCOME => Self::Outcome {
                batch: BatchId::new(fields.u64("batch")?),
                results: fields.list("results", PUSH_ITEMS_MAX, read_outcome)?,
            },
            kind::SPACES_CHANGED => {
                Self::SpacesChanged { spaces: fields.list("spaces", SPACES_MAX, read_space)? }
            }
            kind::EPHEMERAL_FROM => Self::Ephemeral {
                space: SpaceId::from_bytes(fields.exact("space")?),
                from: DeviceId::from_bytes(fields.exact("from")?),
                bytes: fields.bytes("bytes")?.to_vec(),
            },
            kind::CONTROL_WANTED => Self::ControlWanted {
                after: fields.u64("after")?,
                proof: fields.exact_or_null("proof")?.map(Signature::from_bytes),
            },
            kind::REVOCATION => Self::Revocation {
                entry: read_control(&mut fields)?,
                proof: fields.exact_or_null("proof")?.map(Signature::from_bytes),
            },
            kind::PONG => Self::Pong { token: fields.u32("token")? },
            kind::DRAIN => Self::Drain {
                retry_after_ms: fields.u64("retry_after_ms")?,
                jitter_ms: fields.u64("jitter_ms")?,
            },
            kind::HEALED => {
                Self::Healed { ask: AskId(fields.u32("ask")?), answer: heal::read_answer(&mut fields)? }
            }
            kind::ADMINISTERED => Self::Administered {
                ask: AskId(fields.u32("ask")?),
                answer: read_admin(&mut fields, ADMIN_ANSWER_BYTES_MAX)?,
            },
            kind::MOVED => Self::Moved {
                ask: AskId(fields.u32("ask")?),
                results: fields.list("results", MOVE_DOCUMENTS_MAX, read_outcome)?,
            },
            kind::WAS_SET_ASIDE => {
                let (ask, results) = aside::read_was_set_aside(&mut fields)?;
                Self::WasSetAside { ask, results }
            }
            kind::FAULT => {
                let (code, message) = read_reason(&mut fields)?;
                Self::Fault { code, message }
            }
            _ => Self::Unknown { kind },
        })
    }
}

fn read_auth(fields: &mut Fields<'_, '_>) -> Decoded<Auth> {
    Ok(Auth {
        protocol: fields.u16("protocol")?,
        device: DeviceId::from_bytes(fields.exact("device")?),
        nonce: Nonce::from_bytes(fields.exact("nonce")?),
        signature: Signature::from_bytes(fields.exact("signature")?),
        directory: fields.exact_or_null("directory")?.map(DirectoryDigest),
    })
}

fn read_enrol(fields: &mut Fields<'_, '_>) -> Decoded<Enrol> {
    Ok(Enrol {
        protocol: fields.u16("protocol")?,
        secret: InviteSecret::from_bytes(fields.exact("secret")?),
        public_key: PublicKey::from_bytes(fields.exact("public_key")?),
        nonce: Nonce::from_bytes(fields.exact("nonce")?),
        signature: Signature::from_bytes(fields.exact("signature")?),
        device_name: fields.text("device_name", NAME_BYTES_MAX)?.to_owned(),
        proposed_user: fields.exact_or_null("proposed_user")?.map(UserId::from_bytes),
    })
}

fn read_pull(fields: &mut Fields<'_, '_>) -> Decoded<Pull> {
    let stream = StreamId(fields.u32("stream")?);
    let space = SpaceId::from_bytes(fields.exact("space")?);
    let epoch = fields.u64_or_null("epoch")?;
    let seq = fields.u64_or_null("seq")?;
    let cursor = match (epoch, seq) {
        (Some(epoch), Some(seq)) => Some(Cursor { epoch: Epoch::new(epoch), seq: FeedSeq::new(seq) }),
        (None, None) => None,
        _ => return Err(FrameError::Field { name: "epoch" }),
    };
    Ok(Pull { stream, space, cursor, echo: fields.bool("echo")?, from_head: fields.flag("from_head")? })
}

fn read_push(fields: &mut Fields<'_, '_>) -> Decoded<Push> {
    Ok(Push {
        batch: BatchId::new(fields.u64("batch")?),
        space: SpaceId::from_bytes(fields.exact("space")?),
        items: fields.list("items", PUSH_ITEMS_MAX, |fields| {
            let mut item = fields.nested("items")?;
            let document = DocumentId::from_bytes(item.exact("document")?);
            let bytes = item.bytes("bytes")?.to_vec();
            item.rest()?;
            Ok(PushItem { document, bytes })
        })?,
    })
}

fn read_hello(fields: &mut Fields<'_, '_>) -> Decoded<Hello> {
    Ok(Hello {
        versions: VersionRange { min: fields.u16("version_min")?, max: fields.u16("version_max")? },
        relay: RelayId::from_bytes(fields.exact("relay")?),
        nonce: Nonce::from_bytes(fields.exact("nonce")?),
        signature: Signature::from_bytes(fields.exact("signature")?),
    })
}

fn read_welcome(fields: &mut Fields<'_, '_>) -> Decoded<Welcome> {
    Ok(Welcome {
        user: UserId::from_bytes(fields.exact("user")?),
        workspace: WorkspaceId::from_bytes(fields.exact("workspace")?),
        reader_version_min: fields.u32("reader_version_min")?,
        push_window_bytes: fields.u32("push_window_bytes")?,
        proof: Signature::from_bytes(fields.exact("proof")?),
        spaces: if fields.null() { None } else { Some(fields.list("spaces", SPACES_MAX, read_space)?) },
    })
}

fn read_space(fields: &mut Fields<'_, '_>) -> Decoded<SpaceInfo> {
    let mut space = fields.nested("spaces")?;
    let info = SpaceInfo {
        id: SpaceId::from_bytes(space.exact("space")?),
        name: space.text("name", NAME_BYTES_MAX)?.to_owned(),
        role: match space.u64("role")? {
            1 => Role::Admin,
            2 => Role::Manager,
            3 => Role::Rep,
            // A role of a later version may do at least what the least one may.
            _ => Role::Viewer,
        },
    };
    space.rest()?;
    Ok(info)
}

fn read_page(fields: &mut Fields<'_, '_>) -> Decoded<Page> {
    Ok(Page {
        stream: StreamId(fields.u32("stream")?),
        epoch: Epoch::new(fields.u64("epoch")?),
        up_to: FeedSeq::new(fields.u64("up_to")?),
        head: FeedSeq::new(fields.u64("head")?),
        entries: fields.list("entries", PAGE_ENTRIES_MAX, read_entry)?,
        root: fields.exact_or_null("root")?.map(Digest::from_bytes),
    })
}

fn read_entry(fields: &mut Fields<'_, '_>) -> Decoded<PageEntry> {
    let start = fields.decoder.position();
    let mut entry = fields.nested("entries")?;
    let kind = entry.u64("entry kind")?;
    let read = match kind {
        kind::ENTRY_CHANGE => Some(PageEntry::Change {
            document: DocumentId::from_bytes(entry.exact("document")?),
            bytes: entry.bytes("bytes")?.to_vec(),
            receipt: heal::read_receipt(&mut entry)?,
        }),
        kind::ENTRY_ECHO => Some(PageEntry::Echo {
            document: DocumentId::from_bytes(entry.exact("document")?),
            hash: ChangeHash::from_bytes(entry.exact("hash")?),
            receipt: heal::read_receipt(&mut entry)?,
        }),
        kind::ENTRY_MOVED_OUT => Some(moves::read_moved_out(&mut entry)?),
        kind::ENTRY_MOVED_IN => Some(moves::read_moved_in(&mut entry)?),
        kind::ENTRY_CONTROL => Some(PageEntry::Control(read_control(&mut entry)?)),
        kind::ENTRY_ERASED => Some(PageEntry::Erased(read_control(&mut entry)?)),
        _ => None,
    };
    entry.rest()?;
    let end = fields.decoder.position();
    Ok(read.unwrap_or_else(|| {
        let bytes = fields.decoder.input().get(start..end).unwrap_or_default().to_vec();
        PageEntry::Unknown { kind, bytes }
    }))
}

fn read_admin(fields: &mut Fields<'_, '_>, bytes_max: usize) -> Decoded<Vec<u8>> {
    let bytes = fields.bytes("admin")?;
    if bytes.len() > bytes_max {
        return Err(FrameError::Field { name: "admin" });
    }
    Ok(bytes.to_vec())
}

fn read_control(fields: &mut Fields<'_, '_>) -> Decoded<SignedEntry> {
    let bytes = fields.bytes("entry")?;
    if bytes.len() > ENTRY_BYTES_MAX {
        return Err(FrameError::Field { name: "entry" });
    }
    Ok(SignedEntry { bytes: bytes.to_vec(), signature: Signature::from_bytes(fields.exact("signature")?) })
}

pub(super) fn read_outcome(fields: &mut Fields<'_, '_>) -> Decoded<ItemOutcome> {
    if fields.datatype() != Some(Type::Array) {
        return match fields.u64("results")? {
            kind::OUTCOME_ACKED => Ok(ItemOutcome::Acked),
            _ => Err(FrameError::Field { name: "results" }),
        };
    }
    let mut outcome = fields.nested("results")?;
    let kind = outcome.u64("outcome kind")?;
    let (code, message) = read_reason(&mut outcome)?;
    outcome.rest()?;
    match kind {
        kind::OUTCOME_LATER => Ok(ItemOutcome::Later { code, message }),
        kind::OUTCOME_REFUSED => Ok(ItemOutcome::Refused { code, message }),
        _ => Err(FrameError::Field { name: "outcome kind" }),
    }
}

pub(super) fn read_reason(fields: &mut Fields<'_, '_>) -> Decoded<(Code, String)> {
    let code = Code::parse(fields.text("code", Code::LEN_MAX)?).ok_or(FrameError::Field { name: "code" })?;
    let message = match fields.text("message", MESSAGE_TEXT_BYTES_MAX)? {
        "" => code::message(&code).to_owned(),
        text => text.to_owned(),
    };
    Ok((code, message))
}

/// The elements of an array that are still to be read. The array's shape was checked before.
pub(super) struct Fields<'a, 'b> {
    decoder: &'a mut Decoder<'b>,
    left: u64,
}

impl<'a, 'b> Fields<'a, 'b> {
    pub(super) fn enter(decoder: &'a mut Decoder<'b>, name: &'static str) -> Decoded<Self> {
        match decoder.array() {
            Ok(Some(left)) => Ok(Self { decoder, left }),
            _ => Err(FrameError::Field { name }),
        }
    }

    /// Reads the next element with one of the decoder's methods.
    pub(super) fn next<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Decoder<'b>) -> Result<T, minicbor::decode::Error>,
    ) -> Decoded<T> {
        self.left = self.left.checked_sub(1).ok_or(FrameError::Field { name })?;
        read(self.decoder).map_err(|_| FrameError::Field { name })
    }

    /// Whether every element was read.
    pub(super) fn is_done(&self) -> bool {
        self.left == 0
    }

    pub(super) fn kind(&mut self) -> Decoded<u64> {
        self.u64("kind").map_err(|_| FrameError::NotAFrame)
    }

    pub(super) fn u64(&mut self, name: &'static str) -> Decoded<u64> {
        self.next(name, |d| d.u64())
    }

    pub(super) fn u32(&mut self, name: &'static str) -> Decoded<u32> {
        self.next(name, |d| d.u32())
    }

    pub(super) fn u16(&mut self, name: &'static str) -> Decoded<u16> {
        self.next(name, |d| d.u16())
    }

    pub(super) fn bool(&mut self, name: &'static str) -> Decoded<bool> {
        self.next(name, |d| d.bool())
    }

    /// A flag that a later version added: absent means no.
    pub(super) fn flag(&mut self, name: &'static str) -> Decoded<bool> {
        if self.is_done() { Ok(false) } else { self.bool(name) }
    }

    pub(super) fn bytes(&mut self, name: &'static str) -> Decoded<&'b [u8]> {
        self.next(name, |d| d.bytes())
    }

    pub(super) fn exact<const N: usize>(&mut self, name: &'static str) -> Decoded<[u8; N]> {
        self.bytes(name)?.try_into().map_err(|_| FrameError::Field { name })
    }

    pub(super) fn text(&mut self, name: &'static str, bytes_max: usize) -> Decoded<&'b str> {
        let text = self.next(name, |d| d.str())?;
        if text.len() <= bytes_max { Ok(text) } else { Err(FrameError::Field { name }) }
    }

    pub(super) fn datatype(&self) -> Option<Type> {
        if self.left == 0 { None } else { self.decoder.datatype().ok() }
    }

    /// Passes over a null, or over the end of the array, which stands for one in a shorter frame.
    pub(super) fn null(&mut self) -> bool {
        match self.datatype() {
            None => true,
            Some(Type::Null) => self.next("null", |d| d.null()).is_ok(),
            Some(_) => false,
        }
    }

    pub(super) fn u64_or_null(&mut self, name: &'static str) -> Decoded<Option<u64>> {
        if self.null() { Ok(None) } else { self.u64(name).map(Some) }
    }

    pub(super) fn exact_or_null<const N: usize>(&mut self, name: &'static str) -> Decoded<Option<[u8; N]>> {
        if self.null() { Ok(None) } else { self.exact(name).map(Some) }
    }

    pub(super) fn nested(&mut self, name: &'static str) -> Decoded<Fields<'_, 'b>> {
        self.left = self.left.checked_sub(1).ok_or(FrameError::Field { name })?;
        Fields::enter(self.decoder, name)
    }

    /// Reads an array of like elements. Room is made as they are read, never from the declared count.
    pub(super) fn list<T>(
        &mut self,
        name: &'static str,
        count_max: usize,
        mut read: impl FnMut(&mut Fields<'_, 'b>) -> Decoded<T>,
    ) -> Decoded<Vec<T>> {
        let mut fields = self.nested(name)?;
        if fields.left > count_max as u64 {
            return Err(FrameError::Field { name });
        }
        let mut list = Vec::new();
        while fields.left > 0 {
            list.push(read(&mut fields)?);
        }
        Ok(list)
    }

    /// Passes over elements that a later version added.
    pub(super) fn rest(&mut self) -> Decoded<()> {
        while self.left > 0 {
            self.next("rest", |d| d.skip())?;
        }
        Ok(())
    }
}
