//! A store in memory, for the unit tests of its parts.

use forsat_sync::id::{Epoch, SpaceId, WorkspaceId};
use forsat_sync::limits::Limits;
use redb::backends::InMemoryBackend;

use super::{InitWorkspace, OpenOptions, RedbStore};

/// A store of the workspace `Sales`.
pub(super) fn store() -> RedbStore {
    store_with(Limits::default())
}

/// The same with other limits.
pub(super) fn store_with(limits: Limits) -> RedbStore {
    let init = InitWorkspace {
        workspace: WorkspaceId::from_bytes([3; 16]),
        name: "Sales".into(),
        relay_key_seed: [4; 32],
        common: SpaceId::from_bytes([5; 16]),
        now_ms: 1,
    };
    let options = OpenOptions { limits, ..OpenOptions::new(Epoch::new(1)) };
    RedbStore::with_backend(InMemoryBackend::new(), options, &init).unwrap()
}
