//! The control log: written in the transaction that it tells of, read for devices, taken back from them after a restore.
//!
//! An entry stands twice: in its own table by number, and as an entry of the feed of `common`, by which members get it.

use forsat_sync::control::{ControlEvent, ControlFault, ControlHead, ControlMark, SignedEntry};
use forsat_sync::frame::Role;
use forsat_sync::frame::reserved::ENTRY_CONTROL;
use forsat_sync::id::{ChangeHash, DeviceId, DocumentId, FeedSeq, SpaceId, UserId};
use forsat_sync::identity::{PublicKey, RelayKey, Signature};
use forsat_sync::relay::ControlVerdict;
use minicbor::decode::Decoder;
use minicbor::encode::Encoder;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable as _, WriteTransaction};

use super::access::{DEVICE_PENDING, DEVICE_REVOKED};
use super::examine::{Stop, readable};
use super::opening;
use super::replay;
use super::rows::{ControlRow, DeviceRow, FEED_KIND_CONTROL, FeedRow, SpaceRow, UserRow};
use super::tables::{
    CONTROL, DEVICES, ERASED, FEED, FEED_HEADS, REVOCATIONS, ROLES, Readable, SPACES, USER_IDS, USERS,
    Writable, corrupt, get, id_in_key, put, scan,
};
use super::{Commit, RedbStore, feed, tokens};
use crate::store::{ControlAdopted, Remedy, StoreError, StoreIdentity};

/// Writes what happened, in the transaction in which it happened. No other handle of the tables `control`, `revocations`,
/// `erased`, `feed` and `feed_heads` may be open.
pub(super) fn record(
    tx: &WriteTransaction,
    identity: &StoreIdentity,
    by: Option<UserId>,
    now_ms: u64,
    events: impl IntoIterator<Item = ControlEvent>,
) -> Result<(), StoreError> {
    if opening::awaits_log(tx)? {
        return Err(StoreError::LogAwaited);
    }
    let mut log = Log::open(tx, identity)?;
    let key = RelayKey::from_seed(&identity.relay_key_seed);
    for event in events {
        let (entry, head) = log.head.append(&key, now_ms, by, event.clone());
        log.write(&entry, head, &event, now_ms)?;
    }
    Ok(())
}

/// The log in a transaction that adds to it.
struct Log<'tx> {
    identity: &'tx StoreIdentity,
    control: Writable<'tx>,
    revocations: Writable<'tx>,
    erased: Writable<'tx>,
    feed: Writable<'tx>,
    feed_heads: Writable<'tx>,
    head: ControlHead,
}

impl<'tx> Log<'tx> {
    fn open(tx: &'tx WriteTransaction, identity: &'tx StoreIdentity) -> Result<Self, StoreError> {
        let control = tx.open_table(CONTROL.table())?;
        let head = head(&control)?;
        Ok(Self {
            identity,
            control,
            revocations: tx.open_table(REVOCATIONS.table())?,
            erased: tx.open_table(ERASED.table())?,
            feed: tx.open_table(FEED.table())?,
            feed_heads: tx.open_table(FEED_HEADS.table())?,
            head,
        })
    }

    fn write(
        &mut self,
        entry: &SignedEntry,
        head: ControlHead,
        event: &ControlEvent,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        put(&mut self.control, &head.count.to_be_bytes(), &ControlRow(entry.clone()))?;
        if let ControlEvent::DeviceRevoked { device, .. } = event {
            put(&mut self.revocations, device.as_bytes(), &head.count)?;
        }
        if let ControlEvent::DocumentErased { document } = event {
            put(&mut self.erased, document.as_bytes(), &head.count)?;
        }
        let common = self.identity.common;
        feed::push(&mut self.feed, &mut self.feed_heads, &common, &fed(entry, now_ms))?;
        self.head = head;
        Ok(())
    }
}

/// An entry in the feed of `common`.
pub(super) fn fed(entry: &SignedEntry, now_ms: u64) -> FeedRow {
    FeedRow {
        hash: ChangeHash::from_bytes(*entry.hash().as_bytes()),
        received_at_ms: now_ms,
        bytes: on_the_wire(ENTRY_CONTROL, entry),
        ..FeedRow::silent(FEED_KIND_CONTROL, DocumentId::from_bytes([0; 16]))
    }
}

/// An entry as pages carry it: `[kind, bytes, signature]`.
pub(super) fn on_the_wire(kind: u64, entry: &SignedEntry) -> Vec<u8> {
    let mut writer = Encoder::new(Vec::new());
    let mut write =
        || writer.array(3)?.u64(kind)?.bytes(&entry.bytes)?.bytes(entry.signature.as_bytes())?.ok();
    let written: Result<(), minicbor::encode::Error<std::convert::Infallible>> = write();
    written.expect("writing to a vector never fails");
    writer.into_writer()
}

/// Reads an entry as pages carry it.
pub(super) fn from_the_wire(bytes: &[u8]) -> Option<SignedEntry> {
    let mut reader = Decoder::new(bytes);
    reader.array().ok().filter(|length| *length == Some(3))?;
    reader.u64().ok()?;
    let bytes = reader.bytes().ok()?.to_vec();
    Some(SignedEntry { bytes, signature: Signature::from_bytes(reader.bytes().ok()?.try_into().ok()?) })
}

/// Where the log ends.
fn head(control: &impl Readable) -> Result<ControlHead, StoreError> {
    let Some((key, value)) = control.last()? else { return Ok(ControlHead::EMPTY) };
    let row: ControlRow = super::tables::decode(CONTROL, key.value(), value.value())?;
    let count = key.value().try_into().map_err(|_| corrupt(CONTROL, "a key has a wrong length"))?;
    Ok(ControlHead { count: u64::from_be_bytes(count), hash: row.0.hash() })
}

/// Whether the log says that a device may never connect again.
pub(super) fn is_revoked(tx: &WriteTransaction, device: &DeviceId) -> Result<bool, StoreError> {
    Ok(get::<u64>(&tx.open_table(REVOCATIONS.table())?, REVOCATIONS, device.as_bytes())?.is_some())
}

/// The entry of a number.
pub(super) fn entry(control: &impl Readable, number: u64) -> Result<Option<SignedEntry>, StoreError> {
    Ok(get::<ControlRow>(control, CONTROL, &number.to_be_bytes())?.map(|row| row.0))
}

/// Entries after a number.
pub(super) fn entries(tx: &ReadTransaction, after: u64, max: usize) -> Result<Vec<SignedEntry>, StoreError> {
    let control = tx.open_table(CONTROL.table())?;
    let mut list = Vec::new();
    for number in after.saturating_add(1).. {
        match entry(&control, number)? {
            Some(entry) if list.len() < max => list.push(entry),
            _ => break,
        }
    }
    Ok(list)
}

/// How the log compares to a copy that ends like this.
pub(super) fn check(tx: &ReadTransaction, mark: &ControlMark) -> Result<ControlVerdict, StoreError> {
    let control = tx.open_table(CONTROL.table())?;
    let own = head(&control)?;
    if mark.count > own.count {
        return Ok(ControlVerdict::Wanted { after: own.count });
    }
    let there = entry(&control, mark.count)?.map(|entry| entry.hash());
    let same = mark.count == 0 || there.is_some_and(|hash| hash.as_bytes().starts_with(&mark.digest));
    // The copy goes on from another log of this relay: what it knows of revocations counts all the same.
    Ok(if same { ControlVerdict::Over } else { ControlVerdict::Branched { after: mark.count } })
}

/// Takes entries that a device brought: what goes on from the log is added to it, and carried out; of another branch of
/// the log, revocations are written anew.
pub(super) fn adopt(
    store: &RedbStore,
    tx: &WriteTransaction,
    entries: &[SignedEntry],
    now_ms: u64,
) -> Result<(ControlAdopted, Commit), StoreError> {
    let identity = &store.identity;
    let relay = RelayKey::from_seed(&identity.relay_key_seed).relay_id();
    let mut adopted = ControlAdopted { verdict: ControlVerdict::Over, entries: 0, tokens: 0 };
    let (mut last, mut branched) = (0, false);
    for signed in entries {
        let Ok(read) = signed.verify(&relay) else { break };
        last = read.number;
        let own = { head(&tx.open_table(CONTROL.table())?)? };
        let events = match own.follow(&relay, signed) {
            Ok((_, next)) => {
                Log::open(tx, identity)?.write(signed, next, &read.event, now_ms)?;
                vec![read.event]
            }
            // What doesn't begin it can't be another branch of a log that isn't there.
            Err(_) if own.count == 0 => break,
            Err(ControlFault::NotNext { .. } | ControlFault::Forked(_)) => {
                let known =
                    { entry(&tx.open_table(CONTROL.table())?, read.number)?.as_ref() == Some(signed) };
                branched |= !known;
                let events = if known { Vec::new() } else { replay::of_another_branch(tx, read.event)? };
                record(tx, identity, None, now_ms, events.iter().cloned())?;
                events
            }
            Err(ControlFault::Malformed | ControlFault::BadSignature) => break,
        };
        for event in events {
            adopted.entries += 1;
            replay::carry_out(tx, identity, event, now_ms)?;
        }
    }
    adopted.verdict = match last {
        0 => ControlVerdict::Over,
        after if branched => ControlVerdict::Branched { after },
        after => ControlVerdict::Wanted { after },
    };
    if adopted.entries > 0 {
        // The store was set back: which tokens were revoked since then isn't known.
        adopted.tokens = tokens::revoke_all(tx)?;
    }
    let commit = if adopted.entries > 0 { Commit::Yes } else { Commit::NothingWritten };
    Ok((adopted, commit))
}

/// Begins the log of a store that has none with what is there.
pub(super) fn begin(tx: &WriteTransaction, identity: &StoreIdentity, now_ms: u64) -> Result<(), StoreError> {
    if head(&tx.open_table(CONTROL.table())?)?.count > 0 || opening::awaits_log(tx)? {
        return Ok(());
    }
    let mut events = vec![ControlEvent::WorkspaceMade { workspace: identity.workspace }];
    scan::<SpaceRow>(&tx.open_table(SPACES.table())?, SPACES, &[], |key, row| {
        let space = SpaceId::from_bytes(id_in_key(SPACES, key)?);
        events.push(ControlEvent::SpaceMade { space, common: row.common });
        Ok(true)
    })?;
    users(tx, &mut events)?;
    scan::<DeviceRow>(&tx.open_table(DEVICES.table())?, DEVICES, &[], |key, row| {
        let device = DeviceId::from_bytes(id_in_key(DEVICES, key)?);
        events.push(enrolled(device, &row, None));
        if row.state == DEVICE_REVOKED {
            events.push(ControlEvent::DeviceRevoked { device, lost: false });
        }
        Ok(true)
    })?;
    scan::<Role>(&tx.open_table(ROLES.table())?, ROLES, &[], |key, role| {
        let (user, space) = key.split_at(UserId::LEN);
        events.push(ControlEvent::RoleSet {
            user: UserId::from_bytes(id_in_key(ROLES, user)?),
            space: SpaceId::from_bytes(id_in_key(ROLES, space)?),
            role,
        });
        Ok(true)
    })?;
    record(tx, identity, None, now_ms, events)
}

fn users(tx: &WriteTransaction, events: &mut Vec<ControlEvent>) -> Result<(), StoreError> {
    let users = tx.open_table(USERS.table())?;
    scan::<Vec<u8>>(&tx.open_table(USER_IDS.table())?, USER_IDS, &[], |key, user_key| {
        let user = UserId::from_bytes(id_in_key(USER_IDS, key)?);
        let row: UserRow =
            get(&users, USERS, &user_key)?.ok_or_else(|| corrupt(USERS, "a user is missing"))?;
        events.push(made(user, &row));
        Ok(true)
    })
}

/// The event of a user who got an id.
pub(super) fn made(user: UserId, row: &UserRow) -> ControlEvent {
    ControlEvent::UserMade { user, name: row.name.clone(), email: row.email.clone() }
}

/// The event of a device that was enrolled.
pub(super) fn enrolled(
    device: DeviceId,
    row: &DeviceRow,
    invite: Option<forsat_sync::identity::SecretHash>,
) -> ControlEvent {
    ControlEvent::DeviceEnrolled {
        device,
        user: row.user,
        public_key: PublicKey::from_bytes(row.public_key),
        name: row.name.clone(),
        pending: row.state == DEVICE_PENDING,
        invite,
    }
}

/// The log beside its copy in the feed of `common`, which is met entry by entry.
pub(super) struct Copy<'a> {
    identity: &'a StoreIdentity,
    control: ReadOnlyTable<&'static [u8], &'static [u8]>,
    /// How many entries were met.
    met: u64,
    differs: bool,
}

impl<'a> Copy<'a> {
    pub(super) fn open(tx: &ReadTransaction, identity: &'a StoreIdentity) -> Result<Self, StoreError> {
        Ok(Self { identity, control: tx.open_table(CONTROL.table())?, met: 0, differs: false })
    }

    /// Takes the next entry of a feed; those that are none of the log don't count.
    pub(super) fn meets(&mut self, space: &SpaceId, entry: &FeedRow) -> Result<(), StoreError> {
        if entry.kind != FEED_KIND_CONTROL || *space != self.identity.common {
            return Ok(());
        }
        self.met += 1;
        let own = readable(self::entry(&self.control, self.met))?.flatten();
        self.differs |= own.is_none_or(|own| on_the_wire(ENTRY_CONTROL, &own) != entry.bytes);
        Ok(())
    }

    /// 8: checks the chain, the signatures and the copy; answers what doesn't hold and what heals it.
    pub(super) fn verify(&self, stop: Stop<'_>) -> Result<Vec<(Remedy, String)>, StoreError> {
        let relay = RelayKey::from_seed(&self.identity.relay_key_seed).relay_id();
        let (mut head, mut count, mut wrong) = (ControlHead::EMPTY, 0, Vec::new());
        for item in self.control.iter()? {
            stop.go_on()?;
            let (key, value) = item?;
            count += 1;
            match super::tables::decode::<ControlRow>(CONTROL, key.value(), value.value()) {
                Ok(row) => match head.follow(&relay, &row.0) {
                    Ok((_, next)) => head = next,
                    Err(fault) => wrong.push((Remedy::Backup, format!("8: {fault}"))),
                },
                Err(error) => wrong.push((Remedy::Repair, error.to_string())),
            }
        }
        if self.differs || self.met != count {
            let message = "8: the feed of `common` doesn't hold the control log".to_owned();
            wrong.push((Remedy::Repair, message));
        }
        Ok(wrong)
    }
}

/// The first position of a feed.
pub(super) const FIRST: FeedSeq = FeedSeq::new(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance::{enrol, space};
    use crate::store::redb::in_memory::store;
    use crate::store::redb::tables::feed_key;
    use crate::store::{AccessCommand, AccessStore as _, RelayStore as _};

    /// Makes the store what one of before the log was.
    fn forget(store: &RedbStore) {
        let common = store.identity.common;
        let forgotten = store.write(1, |tx| {
            tx.delete_table(CONTROL.table()).unwrap();
            tx.delete_table(REVOCATIONS.table()).unwrap();
            let mut feed = tx.open_table(FEED.table())?;
            for seq in 1.. {
                if feed.remove(feed_key(&common, FeedSeq::new(seq)).as_slice())?.is_none() {
                    break;
                }
            }
            put(&mut tx.open_table(FEED_HEADS.table())?, common.as_bytes(), &0_u64)?;
            tx.open_table(CONTROL.table())?;
            tx.open_table(REVOCATIONS.table())?;
            Ok(((), Commit::Yes))
        });
        forgotten.unwrap();
    }

    #[test]
    fn a_store_of_before_the_log_begins_it_with_what_is_there() {
        let store = store();
        let tehran = space(&store, 10, "Tehran");
        let sara = enrol(&store, 1, "Sara <sara@example.com>", "Tehran", Role::Manager);
        let omid = enrol(&store, 2, "Omid", "Tehran", Role::Rep);
        let revoke = AccessCommand::RevokeDevice { device: omid.device.to_string(), lost: false };
        store.change_access(&revoke, 1).unwrap();
        forget(&store);
        for _ in 0..2 {
            store.write(1, |tx| Ok((begin(tx, &store.identity, 9)?, Commit::Yes))).unwrap();
        }
        assert_eq!(store.verify().unwrap(), [""; 0]);
        let relay = RelayKey::from_seed(&[4; 32]).relay_id();
        let entries = store.control_log(0, usize::MAX).unwrap();
        let events: Vec<_> = entries.iter().map(|entry| entry.verify(&relay).unwrap().event).collect();
        assert_eq!(
            events.len(),
            10,
            "workspace, 2 spaces, 2 users, 2 devices, a revocation, 2 roles: {events:?}"
        );
        for expected in [
            ControlEvent::SpaceMade { space: tehran, common: false },
            ControlEvent::RoleSet { user: sara.user, space: tehran, role: Role::Manager },
            ControlEvent::DeviceRevoked { device: omid.device, lost: false },
        ] {
            assert!(events.contains(&expected), "{expected:?}");
        }
        let record = store.devices(&[omid.device]).unwrap().remove(0).unwrap();
        assert!(record.revocation.is_some(), "it can be shown why it is out");
    }
}
