//! The bytes of an entry: one CBOR array `[version, number, previous, at_ms, by, kind, …]`.

use minicbor::data::Type;
use minicbor::decode::Decoder;
use minicbor::encode::{Encoder, Error};
use std::convert::Infallible;

use super::{ControlEntry, ControlEvent, ControlFault, ENTRY_BYTES_MAX};
use crate::frame::{NAME_BYTES_MAX, Role};
use crate::id::{ControlHash, DeviceId, DocumentId, SpaceId, UserId, WorkspaceId};
use crate::identity::{PublicKey, SecretHash};

/// The version of the layout; a reader of another one takes nothing but the numbers for granted, so it never changes.
const VERSION: u64 = 1;
/// Elements before those of the event.
const HEAD_ELEMENTS: u64 = 6;

mod kind {
    pub(super) const WORKSPACE_MADE: u64 = 1;
    pub(super) const SPACE_MADE: u64 = 2;
    pub(super) const USER_MADE: u64 = 3;
    pub(super) const DEVICE_ENROLLED: u64 = 4;
    pub(super) const DEVICE_ACTIVATED: u64 = 5;
    pub(super) const DEVICE_REVOKED: u64 = 6;
    pub(super) const ROLE_SET: u64 = 7;
    pub(super) const ROLE_REMOVED: u64 = 8;
    pub(super) const DOCUMENT_ERASED: u64 = 9;
}

type Writer = Encoder<Vec<u8>>;
type Written = Result<(), Error<Infallible>>;

impl ControlEntry {
    /// The bytes that are hashed, signed and kept.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Encoder::new(Vec::new());
        self.write(&mut writer).expect("writing to a vector never fails");
        writer.into_writer()
    }

    fn write(&self, w: &mut Writer) -> Written {
        let (kind, elements) = self.event.kind();
        w.array(HEAD_ELEMENTS + elements)?.u64(VERSION)?.u64(self.number)?.bytes(self.previous.as_bytes())?;
        w.u64(self.at_ms)?;
        match &self.by {
            Some(user) => w.bytes(user.as_bytes())?,
            None => w.null()?,
        };
        w.u64(kind)?;
        self.event.write(w)
    }

    /// Reads the bytes of an entry; elements that a later version added are passed over.
    pub fn decode(bytes: &[u8]) -> Result<Self, ControlFault> {
        if bytes.len() > ENTRY_BYTES_MAX {
            return Err(ControlFault::Malformed);
        }
        let mut reader = Reader(Decoder::new(bytes));
        let elements = reader.0.array().ok().flatten().ok_or(ControlFault::Malformed)?;
        if elements < HEAD_ELEMENTS || reader.u64()? != VERSION {
            return Err(ControlFault::Malformed);
        }
        let entry = Self {
            number: reader.u64()?,
            previous: ControlHash::from_bytes(reader.exact()?),
            at_ms: reader.u64()?,
            by: reader.exact_or_null()?.map(UserId::from_bytes),
            event: ControlEvent::read(&mut reader)?,
        };
        let (_, known) = entry.event.kind();
        for _ in 0..elements.saturating_sub(HEAD_ELEMENTS + known) {
            reader.0.skip().map_err(|_| ControlFault::Malformed)?;
        }
        if reader.0.position() == bytes.len() { Ok(entry) } else { Err(ControlFault::Malformed) }
    }
}

impl ControlEvent {
    /// The number of its kind, and how many elements follow it.
    fn kind(&self) -> (u64, u64) {
        match self {
            Self::WorkspaceMade { .. } => (kind::WORKSPACE_MADE, 1),
            Self::SpaceMade { .. } => (kind::SPACE_MADE, 2),
            Self::UserMade { .. } => (kind::USER_MADE, 3),
            Self::DeviceEnrolled { .. } => (kind::DEVICE_ENROLLED, 6),
            Self::DeviceActivated { .. } => (kind::DEVICE_ACTIVATED, 1),
            Self::DeviceRevoked { .. } => (kind::DEVICE_REVOKED, 2),
            Self::RoleSet { .. } => (kind::ROLE_SET, 3),
            Self::RoleRemoved { .. } => (kind::ROLE_REMOVED, 2),
            Self::DocumentErased { .. } => (kind::DOCUMENT_ERASED, 1),
            Self::Unknown { kind } => (*kind, 0),
        }
    }

    fn write(&self, w: &mut Writer) -> Written {
        match self {
            Self::WorkspaceMade { workspace } => w.bytes(workspace.as_bytes())?.ok(),
            Self::SpaceMade { space, common } => w.bytes(space.as_bytes())?.bool(*common)?.ok(),
            Self::UserMade { user, name, email } => {
                w.bytes(user.as_bytes())?.str(name)?;
                match email {
                    Some(email) => w.str(email)?.ok(),
                    None => w.null()?.ok(),
                }
            }
            Self::DeviceEnrolled { device, user, public_key, name, pending, invite } => {
                w.bytes(device.as_bytes())?.bytes(user.as_bytes())?.bytes(public_key.as_bytes())?;
                w.str(name)?.bool(*pending)?;
                match invite {
                    Some(secret) => w.bytes(secret.as_bytes())?.ok(),
                    None => w.null()?.ok(),
                }
            }
            Self::DeviceActivated { device } => w.bytes(device.as_bytes())?.ok(),
            Self::DeviceRevoked { device, lost } => w.bytes(device.as_bytes())?.bool(*lost)?.ok(),
            Self::RoleSet { user, space, role } => {
                w.bytes(user.as_bytes())?.bytes(space.as_bytes())?.str(role.as_str())?.ok()
            }
            Self::RoleRemoved { user, space } => w.bytes(user.as_bytes())?.bytes(space.as_bytes())?.ok(),
            Self::DocumentErased { document } => w.bytes(document.as_bytes())?.ok(),
            Self::Unknown { .. } => Ok(()),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, ControlFault> {
        Ok(match reader.u64()? {
            kind::WORKSPACE_MADE => {
                Self::WorkspaceMade { workspace: WorkspaceId::from_bytes(reader.exact()?) }
            }
            kind::SPACE_MADE => {
                Self::SpaceMade { space: SpaceId::from_bytes(reader.exact()?), common: reader.bool()? }
            }
            kind::USER_MADE => Self::UserMade {
                user: UserId::from_bytes(reader.exact()?),
                name: reader.text()?,
                email: reader.text_or_null()?,
            },
            kind::DEVICE_ENROLLED => Self::DeviceEnrolled {
                device: DeviceId::from_bytes(reader.exact()?),
                user: UserId::from_bytes(reader.exact()?),
                public_key: PublicKey::from_bytes(reader.exact()?),
                name: reader.text()?,
                pending: reader.bool()?,
                invite: reader.exact_or_null()?.map(SecretHash::from_bytes),
            },
            kind::DEVICE_ACTIVATED => Self::DeviceActivated { device: DeviceId::from_bytes(reader.exact()?) },
            kind::DEVICE_REVOKED => {
                Self::DeviceRevoked { device: DeviceId::from_bytes(reader.exact()?), lost: reader.bool()? }
            }
            kind::ROLE_SET => Self::RoleSet {
                user: UserId::from_bytes(reader.exact()?),
                space: SpaceId::from_bytes(reader.exact()?),
                // A role of a later version may do at least what the least one may.
                role: Role::parse(&reader.text()?).unwrap_or(Role::Viewer),
            },
            kind::ROLE_REMOVED => Self::RoleRemoved {
                user: UserId::from_bytes(reader.exact()?),
                space: SpaceId::from_bytes(reader.exact()?),
            },
            kind::DOCUMENT_ERASED => {
                Self::DocumentErased { document: DocumentId::from_bytes(reader.exact()?) }
            }
            kind => Self::Unknown { kind },
        })
    }
}

/// Reads fields; whatever is wrong, the entry is malformed.
struct Reader<'a>(Decoder<'a>);

impl Reader<'_> {
    fn u64(&mut self) -> Result<u64, ControlFault> {
        self.0.u64().map_err(|_| ControlFault::Malformed)
    }

    fn bool(&mut self) -> Result<bool, ControlFault> {
        self.0.bool().map_err(|_| ControlFault::Malformed)
    }

    fn exact<const N: usize>(&mut self) -> Result<[u8; N], ControlFault> {
        let bytes = self.0.bytes().map_err(|_| ControlFault::Malformed)?;
        bytes.try_into().map_err(|_| ControlFault::Malformed)
    }

    fn text(&mut self) -> Result<String, ControlFault> {
        let text = self.0.str().map_err(|_| ControlFault::Malformed)?;
        if text.len() <= NAME_BYTES_MAX { Ok(text.to_owned()) } else { Err(ControlFault::Malformed) }
    }

    /// Passes over a null.
    fn null(&mut self) -> bool {
        matches!(self.0.datatype(), Ok(Type::Null)) && self.0.null().is_ok()
    }

    fn text_or_null(&mut self) -> Result<Option<String>, ControlFault> {
        if self.null() { Ok(None) } else { self.text().map(Some) }
    }

    fn exact_or_null<const N: usize>(&mut self) -> Result<Option<[u8; N]>, ControlFault> {
        if self.null() { Ok(None) } else { self.exact().map(Some) }
    }
}
