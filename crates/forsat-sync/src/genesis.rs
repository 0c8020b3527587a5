//! The changes that begin documents: fixed bytes a module, known by hash, made by one fixed actor.
//!
//! Two devices that create the same record while offline begin with the same change, so the containers that hold
//! lists and maps are the same objects on both. No other change by that actor is taken from anyone.

use crate::id::ChangeHash;

/// The actor of every genesis change; nobody else may use it.
pub const GENESIS_ACTOR: [u8; 16] = *b"forsat-genesis-0";

/// The hashes of all genesis changes ever shipped; an entry is never removed.
pub const ALLOWED: &[ChangeHash] = &[];
