//! Who this store is: workspace, user, device, relay, incarnation, actor; and the counters.

use forsat_sync::id::{ActorId, DeviceId, RelayId, UserId, WorkspaceId};

use crate::access::{Access, Prefix, Tx, WriteTx, key_text};
use crate::codec::{In, Malformed, Out, Table};
use crate::error::StoreError;

/// Name → value; each name has its own layout.
pub(crate) const META: Table = Table::new("meta");
/// Names that the client chose → bytes of the client.
pub(crate) const CLIENT: Table = Table::new("client");

const FORMAT: &[u8] = b"format";
const WORKSPACE: &[u8] = b"workspace";
const USER: &[u8] = b"user";
const DEVICE: &[u8] = b"device";
const RELAY: &[u8] = b"relay";
const STORE_ID: &[u8] = b"store_id";
const INCARNATION: &[u8] = b"incarnation";
const ACTOR: &[u8] = b"actor";
const REAUTHOR: &[u8] = b"reauthor_pending";
const ROW_VERSION: &[u8] = b"row_version";
const COMMIT_SEQ: &[u8] = b"commit_seq";

/// A calendar month, counted from year 0; the caller reads it off a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(u32);

impl Month {
    /// Year and month (1 to 12); `None` for another month.
    pub const fn new(year: u16, month: u8) -> Option<Self> {
        if month == 0 || month > 12 {
            return None;
        }
        Some(Self(year as u32 * 12 + month as u32 - 1))
    }
}

/// The relay that the store belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayRef {
    /// Where it is reached, as the invite said.
    pub url: String,
    /// Its public key, which the invite pinned.
    pub id: RelayId,
}

/// Who this store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The workspace that all documents belong to.
    pub workspace: WorkspaceId,
    /// The user who works here, once known.
    pub user: Option<UserId>,
    /// The device as the relay knows it, once enrolled.
    pub device: Option<DeviceId>,
    /// The relay, once joined.
    pub relay: Option<RelayRef>,
    /// Drawn at creation; a copy has the same.
    pub store_id: [u8; 16],
    /// Drawn at creation and whenever a copy or a restored store is noticed.
    pub incarnation: [u8; 16],
    /// Whether unsent changes have yet to be re-authored under the present incarnation.
    pub reauthor_pending: bool,
}

/// The actor that edits of this store are made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorRow {
    /// The actor.
    pub actor: ActorId,
    /// The month that it was drawn in.
    pub month: Month,
}

impl<A: Access> Tx<A> {
    /// Who this store is.
    pub fn identity(&self) -> Result<Identity, StoreError> {
        let need = |value: Option<[u8; 16]>| {
            value.ok_or_else(|| StoreError::NotAStore { what: "its identity is missing".into() })
        };
        Ok(Identity {
            workspace: WorkspaceId::from_bytes(need(self.get_as(META, WORKSPACE, |input| input.array())?)?),
            user: self.get_as(META, USER, |input| input.array())?.map(UserId::from_bytes),
            device: self.get_as(META, DEVICE, |input| input.array())?.map(DeviceId::from_bytes),
            relay: self.get_as(META, RELAY, |input| {
                Ok(RelayRef { id: RelayId::from_bytes(input.array()?), url: input.text()? })
            })?,
            store_id: need(self.get_as(META, STORE_ID, |input| input.array())?)?,
            incarnation: need(self.get_as(META, INCARNATION, |input| input.array())?)?,
            reauthor_pending: self.get_as(META, REAUTHOR, |input| input.bool())?.unwrap_or(false),
        })
    }

    /// The present actor; `None` before the first edit of an incarnation.
    pub fn actor(&self) -> Result<Option<ActorRow>, StoreError> {
        self.get_as(META, ACTOR, decode_actor)
    }

    /// Which version of the client's rows is stored; `None` when there are none or they were dropped.
    pub fn row_version(&self) -> Result<Option<u32>, StoreError> {
        self.get_as(META, ROW_VERSION, |input| input.u32())
    }

    /// Counts the transactions that changed something. Another value than last time means that this or another process
    /// saved something since.
    pub fn commit_seq(&self) -> Result<u64, StoreError> {
        Ok(self.get_as(META, COMMIT_SEQ, |input| input.u64())?.unwrap_or(0))
    }

    /// A value that the client keeps under a name of its own.
    pub fn client_value(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.get_as(CLIENT, name.as_bytes(), |input| Ok(input.rest().to_vec()))
    }

    /// The values of the client whose names begin so, in the order of names.
    pub fn client_values(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.collect_as(CLIENT, Prefix::new(prefix.as_bytes()).range(), |key, input| {
            let name = std::str::from_utf8(key).map_err(|_| Malformed("the name of a client value"))?;
            Ok((name.to_owned(), input.rest().to_vec()))
        })
    }

    pub(crate) fn format(&self) -> Result<Option<u32>, StoreError> {
        self.get_as(META, FORMAT, |input| input.u32())
    }

    pub(crate) fn counter(&self, name: &'static [u8]) -> Result<u64, StoreError> {
        Ok(self.get_as(META, name, |input| input.u64())?.unwrap_or(1))
    }
}

fn decode_actor(input: &mut In<'_>) -> Result<ActorRow, Malformed> {
    let month = Month(input.u32()?);
    let actor = ActorId::from_slice(input.bytes()?).ok_or(Malformed("actor"))?;
    Ok(ActorRow { actor, month })
}

impl WriteTx<'_> {
    /// Changes the workspace: joining a relay adopts the relay's.
    pub fn set_workspace(&mut self, workspace: WorkspaceId) -> Result<(), StoreError> {
        self.put(META, WORKSPACE, workspace.as_ref())
    }

    /// Says who works here.
    pub fn set_user(&mut self, user: UserId) -> Result<(), StoreError> {
        self.put(META, USER, user.as_ref())
    }

    /// Says under which id the relay knows this device.
    pub fn set_device(&mut self, device: DeviceId) -> Result<(), StoreError> {
        self.put(META, DEVICE, device.as_ref())
    }

    /// Says which relay the store belongs to.
    pub fn set_relay(&mut self, relay: &RelayRef) -> Result<(), StoreError> {
        self.put(META, RELAY, &Out::new().raw(relay.id).bytes(&relay.url).done())
    }

    /// The actor for an edit in `month`; draws a new one from `random` when the month is another or there is none.
    ///
    /// Processes share the actor since each edit reads the document and commits in one transaction.
    pub fn actor_for_month(&mut self, month: Month, random: [u8; 16]) -> Result<ActorId, StoreError> {
        match self.actor()? {
            Some(row) if row.month == month => Ok(row.actor),
            _ => {
                let actor = ActorId::from(random);
                self.put(META, ACTOR, &Out::new().u32(month.0).bytes(&actor).done())?;
                Ok(actor)
            }
        }
    }

    /// Begins a new incarnation: what a relay's `actor_forked` asks for. The next edit draws a new actor, and
    /// [`Identity::reauthor_pending`] is set until [`Self::reauthored`].
    ///
    /// The marker outside the file is the concern of [`crate::Store::renew_incarnation`], which calls this.
    pub(crate) fn set_incarnation(
        &mut self,
        incarnation: [u8; 16],
        reauthor: bool,
    ) -> Result<(), StoreError> {
        self.put(META, INCARNATION, &incarnation)?;
        self.remove(META, ACTOR)?;
        if reauthor { self.put(META, REAUTHOR, &[1]) } else { Ok(()) }
    }

    /// Lets the next edit draw a new actor.
    pub(crate) fn forget_actor(&mut self) -> Result<(), StoreError> {
        self.remove(META, ACTOR).map(drop)
    }

    /// Notes that the unsent changes were re-authored.
    pub fn reauthored(&mut self) -> Result<(), StoreError> {
        self.remove(META, REAUTHOR).map(drop)
    }

    /// Says which version of the client's rows is stored.
    pub fn set_row_version(&mut self, version: u32) -> Result<(), StoreError> {
        self.put(META, ROW_VERSION, &version.to_be_bytes())
    }

    pub(crate) fn remove_row_version(&mut self) -> Result<(), StoreError> {
        self.remove(META, ROW_VERSION).map(drop)
    }

    /// Keeps bytes of the client under a name of its own.
    pub fn set_client_value(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        key_text("the name of a client value", name)?;
        self.put(CLIENT, name.as_bytes(), value)
    }

    /// Removes a value of the client; answers whether there was one.
    pub fn remove_client_value(&mut self, name: &str) -> Result<bool, StoreError> {
        self.remove(CLIENT, name.as_bytes())
    }

    /// Removes the values of the client whose names begin so, whether they can be read or not; answers how many.
    pub fn remove_client_values(&mut self, prefix: &str) -> Result<usize, StoreError> {
        let keys = self.keys_under(CLIENT, &Prefix::new(prefix.as_bytes()))?;
        keys.iter().try_for_each(|key| self.remove(CLIENT, key).map(drop))?;
        Ok(keys.len())
    }

    pub(crate) fn set_format(&mut self, format: u32) -> Result<(), StoreError> {
        self.put(META, FORMAT, &format.to_be_bytes())
    }

    pub(crate) fn set_store_id(&mut self, id: [u8; 16]) -> Result<(), StoreError> {
        self.put(META, STORE_ID, &id)
    }

    pub(crate) fn bump_commit_seq(&mut self) -> Result<(), StoreError> {
        let next = self.commit_seq()?.wrapping_add(1);
        self.put(META, COMMIT_SEQ, &next.to_be_bytes())
    }

    /// Takes the next number of a counter; the first is 1.
    pub(crate) fn take_number(&mut self, name: &'static [u8]) -> Result<u64, StoreError> {
        let number = self.counter(name)?;
        self.put(META, name, &number.saturating_add(1).to_be_bytes())?;
        Ok(number)
    }
}
