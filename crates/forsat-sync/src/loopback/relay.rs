//! A relay's storage in memory, as plain as the contract allows.

use super::{MemoryHoldings, hash_of};
use crate::code::{self, Code};
use crate::control::SignedEntry;
use crate::frame::{ItemOutcome, PageEntry, Role, SpaceInfo};
use crate::heal;
use crate::id::{ChangeHash, DeviceId, Digest, DocumentId, Epoch, FeedSeq, SpaceId, UserId, WorkspaceId};
use crate::identity::{PublicKey, RelayKey, SecretHash};
use crate::relay::{
    AppendRequest, ControlVerdict, DeviceRecord, Directory, EnrolRequest, FeedPage, HealRequest, PageRequest,
    Standing, StorageReply, StorageRequest,
};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) struct Entry {
    pub device: DeviceId,
    pub document: DocumentId,
    pub bytes: Vec<u8>,
}

pub(crate) struct Space {
    pub name: String,
    pub roles: BTreeMap<UserId, Role>,
    pub feed: Vec<Entry>,
}

pub(crate) struct Enrolled {
    pub key: PublicKey,
    pub user: UserId,
    pub revoked: bool,
}

pub(crate) struct MemoryRelay {
    pub key: RelayKey,
    pub spaces: BTreeMap<SpaceId, Space>,
    pub devices: BTreeMap<DeviceId, Enrolled>,
    /// Open invites with their user; redeemed ones with the device too.
    pub invites: BTreeMap<SecretHash, (UserId, Option<DeviceId>)>,
    pub epochs: BTreeSet<Epoch>,
    /// Changes that are refused, and put off, with the code.
    pub refused: BTreeMap<ChangeHash, Code>,
    pub put_off: BTreeMap<ChangeHash, Code>,
    /// Nothing works.
    pub unavailable: bool,
    /// Root digests are wrong.
    pub lies: bool,
    /// What it says of a device's control log.
    pub control: ControlVerdict,
    /// A device that entries of a control log bring back.
    pub forgotten: Option<Enrolled>,
    /// Feeds that have grown since the driver looked.
    pub advanced: BTreeSet<SpaceId>,
    pub questions: Vec<StorageRequest>,
    /// What was set aside, and why.
    pub aside: Vec<(DocumentId, Code)>,
    /// The entry that revokes every device that is revoked.
    pub revocation: Option<SignedEntry>,
}

pub(crate) fn user(number: u8) -> UserId {
    UserId::from_bytes([number; 16])
}

impl MemoryRelay {
    pub fn new() -> Self {
        Self {
            key: RelayKey::from_seed(&[1; 32]),
            spaces: BTreeMap::new(),
            devices: BTreeMap::new(),
            invites: BTreeMap::new(),
            epochs: BTreeSet::from([Epoch::new(0x1122_3344_5566_7788)]),
            refused: BTreeMap::new(),
            put_off: BTreeMap::new(),
            unavailable: false,
            lies: false,
            control: ControlVerdict::Over,
            forgotten: None,
            advanced: BTreeSet::new(),
            questions: Vec::new(),
            aside: Vec::new(),
            revocation: None,
        }
    }

    pub fn add_space(&mut self, id: SpaceId, name: &str, roles: &[(u8, Role)]) {
        let roles = roles.iter().map(|(number, role)| (user(*number), *role)).collect();
        self.spaces.insert(id, Space { name: name.to_owned(), roles, feed: Vec::new() });
    }

    pub fn enrol(&mut self, key: PublicKey, number: u8) {
        self.devices.insert(key.device_id(), Enrolled { key, user: user(number), revoked: false });
    }

    pub fn epoch(&self) -> Epoch {
        *self.epochs.last().expect("a store has an epoch")
    }

    /// What a space holds.
    pub fn holdings(&self, space: &SpaceId) -> MemoryHoldings {
        let feed = self.spaces.get(space).into_iter().flat_map(|space| &space.feed);
        MemoryHoldings::of(feed.map(|entry| (entry.document, hash_of(&entry.bytes), entry.bytes.clone())))
    }

    pub fn answer(&mut self, request: StorageRequest) -> StorageReply {
        self.questions.push(request.clone());
        if self.unavailable {
            return StorageReply::Unavailable { code: code::UNAVAILABLE };
        }
        match request {
            StorageRequest::Device { device } => {
                self.record(device).map_or(StorageReply::UnknownDevice, StorageReply::Device)
            }
            StorageRequest::ControlCheck { .. } => StorageReply::Control(self.control),
            StorageRequest::ControlAdopt { .. } => {
                let back = self.forgotten.take().map(|device| (device.key.device_id(), device));
                self.devices.extend(back);
                StorageReply::Control(self.control)
            }
            StorageRequest::Enrol(enrol) => self.redeem(&enrol),
            StorageRequest::Page(page) => self.page(&page),
            StorageRequest::Append(append) => self.append(append),
            StorageRequest::Heal(heal) => self.heal(&heal),
            // Nobody administers anything here.
            StorageRequest::Admin { .. } => StorageReply::Administered(Vec::new()),
            StorageRequest::SetAside(aside) => {
                self.aside.extend(aside.items.iter().map(|item| (item.document, item.reason.clone())));
                StorageReply::WereSetAside(vec![ItemOutcome::Acked; aside.items.len()])
            }
            // Documents of the loopback have one home for good.
            StorageRequest::Move(_) => StorageReply::Forbidden,
        }
    }

    fn record(&self, device: DeviceId) -> Option<DeviceRecord> {
        let enrolled = self.devices.get(&device)?;
        let visible = self.spaces.iter().filter_map(|(id, space)| {
            let role = *space.roles.get(&enrolled.user)?;
            Some(SpaceInfo { id: *id, name: space.name.clone(), role })
        });
        Some(DeviceRecord {
            device,
            public_key: enrolled.key,
            standing: if enrolled.revoked { Standing::Revoked } else { Standing::Active },
            revocation: self.revocation.clone().filter(|_| enrolled.revoked),
            directory: Directory {
                user: enrolled.user,
                workspace: WorkspaceId::from_bytes([9; 16]),
                spaces: visible.collect(),
            },
        })
    }

    fn redeem(&mut self, enrol: &EnrolRequest) -> StorageReply {
        let refused = StorageReply::EnrolRefused { code: code::INVITE_INVALID };
        let Some((user, redeemed)) = self.invites.get_mut(&enrol.secret) else { return refused };
        if redeemed.is_some_and(|device| device != enrol.device) {
            return refused;
        }
        *redeemed = Some(enrol.device);
        let enrolled = Enrolled { key: enrol.public_key, user: *user, revoked: false };
        self.devices.insert(enrol.device, enrolled);
        self.record(enrol.device).map_or(refused, StorageReply::Device)
    }

    fn role(&self, device: &DeviceId, space: &SpaceId) -> Option<Role> {
        let enrolled = self.devices.get(device).filter(|enrolled| !enrolled.revoked)?;
        self.spaces.get(space)?.roles.get(&enrolled.user).copied()
    }

    fn page(&self, request: &PageRequest) -> StorageReply {
        if self.role(&request.device, &request.space).is_none() {
            return StorageReply::Hidden;
        }
        let feed = &self.spaces[&request.space].feed;
        let Some(start) = self.start(request, feed.len()) else { return StorageReply::CursorInvalid };
        let (mut entries, mut bytes) = (Vec::new(), 0);
        for entry in &feed[start..] {
            let document = entry.document;
            let entry = if request.echo && entry.device == request.device {
                PageEntry::Echo { document, hash: hash_of(&entry.bytes), receipt: None }
            } else {
                PageEntry::Change { document, bytes: entry.bytes.clone(), receipt: None }
            };
            bytes += entry.wire_bytes();
            if bytes > request.bytes_max && !entries.is_empty() {
                break;
            }
            entries.push(entry);
        }
        let up_to = start + entries.len();
        let mut root = self.holdings(&request.space).root();
        if self.lies {
            root = Digest::from_bytes([0xee; 16]);
        }
        StorageReply::Page(FeedPage {
            epoch: self.epoch(),
            up_to: FeedSeq::new(up_to as u64),
            head: FeedSeq::new(feed.len() as u64),
            entries,
            root: (up_to == feed.len()).then_some(root),
        })
    }

    fn start(&self, request: &PageRequest, len: usize) -> Option<usize> {
        let Some(cursor) = request.cursor else { return Some(if request.from_head { len } else { 0 }) };
        let seq = usize::try_from(cursor.seq.get()).ok()?;
        (self.epochs.contains(&cursor.epoch) && seq <= len).then_some(seq)
    }

    fn heal(&self, request: &HealRequest) -> StorageReply {
        if self.role(&request.device, &request.space).is_none() {
            return StorageReply::Hidden;
        }
        let Ok(answer) = heal::told(&request.question, &self.holdings(&request.space), request.bytes_max);
        StorageReply::Healed(answer)
    }

    fn append(&mut self, request: AppendRequest) -> StorageReply {
        match self.role(&request.device, &request.space) {
            None => return StorageReply::Hidden,
            Some(role) if !role.may_write() => return StorageReply::Forbidden,
            Some(_) => {}
        }
        let feed = &mut self.spaces.get_mut(&request.space).expect("a role is in a space").feed;
        let mut results = Vec::new();
        for item in request.items {
            let hash = hash_of(&item.bytes);
            let known = feed.iter().any(|entry| entry.document == item.document && entry.bytes == item.bytes);
            results.push(if let Some(code) = self.refused.get(&hash) {
                ItemOutcome::Refused { code: code.clone(), message: "not this one".into() }
            } else if let Some(code) = self.put_off.get(&hash) {
                ItemOutcome::later(code.clone())
            } else {
                if !known {
                    feed.push(Entry { device: request.device, document: item.document, bytes: item.bytes });
                    self.advanced.insert(request.space);
                }
                ItemOutcome::Acked
            });
        }
        StorageReply::Appended(results)
    }
}
