//! What the tests share: ids from numbers, and stores on a simulated disk.

use forsat_store::{ChunkState, CreateParams, MemorySurroundings, OpenParams, Store, StoreError, WriteTx};
use forsat_sync::id::{ChangeHash, DocumentId, SpaceId, WorkspaceId};

use crate::disk::Disk;

pub const CACHE: usize = 1024 * 1024;
pub const WORKSPACE: WorkspaceId = WorkspaceId::from_bytes([9; 16]);

pub fn document(number: u8) -> DocumentId {
    let mut bytes = [number; 16];
    bytes[15] = 0;
    DocumentId::from_bytes(bytes)
}

pub fn space(number: u8) -> SpaceId {
    SpaceId::from_bytes([number; 16])
}

pub fn hash(number: u32) -> ChangeHash {
    let mut bytes = [0xab; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    ChangeHash::from_bytes(bytes)
}

pub fn create_params() -> CreateParams {
    CreateParams { workspace: WORKSPACE, random: [1; 32], cache_bytes: CACHE }
}

pub fn open_params() -> OpenParams {
    OpenParams { random: [2; 32], cache_bytes: CACHE }
}

/// A disk with what lies around the file on it.
#[derive(Clone)]
pub struct Place {
    pub disk: Disk,
    pub around: MemorySurroundings,
}

impl Place {
    pub fn new() -> Self {
        Self { disk: Disk::new(), around: MemorySurroundings::new() }
    }

    pub fn create(&self) -> Result<Store, StoreError> {
        let disk = self.disk.clone();
        Store::create_with_backend(move || Ok(Box::new(disk.open())), self.around.clone(), &create_params())
    }

    pub fn open(&self) -> Result<Store, StoreError> {
        let disk = self.disk.clone();
        Store::open_with_backend(move || Ok(Box::new(disk.open())), self.around.clone(), &open_params())
    }

    /// The place as a power loss leaves it.
    pub fn after_power_loss(&self, seed: u64) -> Self {
        Self { disk: self.disk.after_power_loss(seed), around: self.around.clone() }
    }
}

/// Writes what an edit writes: change, heads, row, journal.
pub fn save_edit(tx: &mut WriteTx<'_>, number: u8, change: u32) -> Result<(), StoreError> {
    let id = document(number);
    tx.create_document(&id, Some("account"), space(1))?;
    tx.append_chunk(&id, hash(change), format!("change {change}").repeat(20).as_bytes(), ChunkState::Outbox)?;
    tx.set_heads(&id, &[hash(change)])?;
    tx.put_row("account", &id, &[&format!("name {change}")], format!("row {change}").as_bytes())?;
    tx.append_journal(i64::from(change), b"command")?;
    Ok(())
}
