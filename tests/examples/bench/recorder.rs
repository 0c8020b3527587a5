//! A relay's store that notes what each commit accepted.

use std::sync::{Arc, Mutex, PoisonError};

use forsat_relay::store::{
    AccessStore, AppendBatch, ControlError, DeviceRecord, EnrolOutcome, EnrolRequest, HealOutcome,
    HealRequest, Invited, ItemOutcome, NewInvite, PageOutcome, PageRequest, PushOutcome, RedbStore,
    RelayStore, SpaceSummary, StatusCounts, StoreError, StoreIdentity, TokenStore,
};
use forsat_sync::digest::Bucket;
use forsat_sync::id::{ActorId, ChangeHash, DeviceId, Digest, DocumentId, FeedSeq, SpaceId, UserId};

/// A change that a commit made durable.
#[derive(Clone, Debug)]
pub struct Accepted {
    space: SpaceId,
    seq: FeedSeq,
    document: DocumentId,
    hash: ChangeHash,
    actor: ActorId,
}

impl Accepted {
    /// The keys that the relay writes for it, with their tables (`docs/storage-relay.md`).
    pub fn keys(&self) -> [(&'static str, Vec<u8>); 6] {
        let (space, document) = (self.space.as_bytes(), self.document.as_bytes());
        let bucket = Bucket::of(&self.document).get().to_be_bytes();
        [
            ("feed", [space.as_slice(), &self.seq.get().to_be_bytes()].concat()),
            ("changes", [document.as_slice(), self.hash.as_bytes()].concat()),
            ("documents", document.to_vec()),
            ("actors", [document.as_slice(), self.actor.as_bytes()].concat()),
            ("buckets", [space.as_slice(), &bucket].concat()),
            ("feed_heads", space.to_vec()),
        ]
    }
}

/// The relay's own store, and what its commits accepted.
pub struct Recorder {
    store: RedbStore,
    commits: Arc<Mutex<Vec<Vec<Accepted>>>>,
}

impl Recorder {
    /// Begins to note.
    pub fn new(store: RedbStore, commits: Arc<Mutex<Vec<Vec<Accepted>>>>) -> Self {
        Self { store, commits }
    }

    fn note(&self, batch: &AppendBatch, outcomes: &[PushOutcome]) {
        let mut commit = Vec::new();
        for (push, outcome) in batch.pushes.iter().zip(outcomes) {
            let PushOutcome::Judged(items) = outcome else { continue };
            for (item, outcome) in push.items.iter().zip(items) {
                if let (ItemOutcome::Accepted(seq), Ok((header, _))) = (outcome, &item.chunk) {
                    let (hash, actor) = (header.hash, header.actor.clone());
                    commit.push(Accepted {
                        space: push.space,
                        seq: *seq,
                        document: item.document,
                        hash,
                        actor,
                    });
                }
            }
        }
        if !commit.is_empty() {
            self.commits.lock().unwrap_or_else(PoisonError::into_inner).push(commit);
        }
    }
}

impl RelayStore for Recorder {
    fn access(&self) -> &dyn AccessStore {
        self.store.access()
    }

    fn tokens(&self) -> &dyn TokenStore {
        self.store.tokens()
    }

    fn identity(&self) -> StoreIdentity {
        self.store.identity()
    }

    fn check(&self) -> Result<(), StoreError> {
        self.store.check()
    }

    fn append(&self, batch: &AppendBatch) -> Result<Vec<PushOutcome>, StoreError> {
        let outcomes = self.store.append(batch)?;
        self.note(batch, &outcomes);
        Ok(outcomes)
    }

    fn pages(&self, requests: &[PageRequest]) -> Result<Vec<PageOutcome>, StoreError> {
        self.store.pages(requests)
    }

    fn heal(&self, requests: &[HealRequest]) -> Result<Vec<HealOutcome>, StoreError> {
        self.store.heal(requests)
    }

    fn devices(&self, ids: &[DeviceId]) -> Result<Vec<Option<DeviceRecord>>, StoreError> {
        self.store.devices(ids)
    }

    fn enrol(
        &self,
        request: &EnrolRequest,
        new_user: UserId,
        now_ms: u64,
    ) -> Result<EnrolOutcome, StoreError> {
        self.store.enrol(request, new_user, now_ms)
    }

    fn create_space(&self, id: SpaceId, name: &str, now_ms: u64) -> Result<SpaceSummary, ControlError> {
        self.store.create_space(id, name, now_ms)
    }

    fn spaces(&self) -> Result<Vec<SpaceSummary>, StoreError> {
        self.store.spaces()
    }

    fn create_invite(&self, invite: &NewInvite) -> Result<Invited, ControlError> {
        self.store.create_invite(invite)
    }

    fn status(&self, now_ms: u64) -> Result<StatusCounts, StoreError> {
        self.store.status(now_ms)
    }

    fn buckets(&self, space: &SpaceId) -> Result<Vec<(u16, Digest)>, StoreError> {
        self.store.buckets(space)
    }
}
