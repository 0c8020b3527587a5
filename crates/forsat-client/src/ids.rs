//! The same 16 bytes under the names of the domain and of the protocol.

use forsat_domain::{RecordId, UserId, WorkspaceId, derived_id};
use forsat_sync::id::{ChangeHash, DocumentId, SpaceId};
use uuid::Uuid;

pub(crate) fn document_id(record: RecordId) -> DocumentId {
    DocumentId::from_bytes(*record.as_bytes())
}

pub(crate) fn record_id(document: &DocumentId) -> RecordId {
    RecordId::from_bytes(*document.as_bytes())
}

pub(crate) fn user_id(user: &forsat_sync::id::UserId) -> UserId {
    UserId::from_bytes(*user.as_bytes())
}

pub(crate) fn sync_user(user: UserId) -> forsat_sync::id::UserId {
    forsat_sync::id::UserId::from_bytes(*user.as_bytes())
}

pub(crate) fn workspace_id(workspace: &forsat_sync::id::WorkspaceId) -> WorkspaceId {
    WorkspaceId::from_bytes(*workspace.as_bytes())
}

pub(crate) fn hashes(heads: &[[u8; 32]]) -> Vec<ChangeHash> {
    heads.iter().map(|head| ChangeHash::from_bytes(*head)).collect()
}

/// The one settings record of a workspace.
pub(crate) fn settings_id(workspace: WorkspaceId) -> RecordId {
    RecordId(Uuid::new_v5(&workspace.0, b"settings"))
}

/// The space of a store that has no relay.
pub(crate) fn local_space(workspace: WorkspaceId) -> SpaceId {
    SpaceId::from_bytes(*derived_id(workspace, "space", "local").as_bytes())
}
