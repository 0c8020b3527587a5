//! Who the relay says this device is, and which spaces it shows: as the store keeps it.

use super::issues;
use super::session::SyncSession;
use crate::engine::Engine;
use crate::error::ClientError;
use forsat_store::{Access, SpaceRow, Tx};
use forsat_sync::client::{Cursor, Known, Welcomed};
use forsat_sync::frame::{Role, SpaceInfo};
use forsat_sync::id::SpaceId;
use std::collections::BTreeSet;

/// What the store knows of its relay.
pub(super) fn known(engine: &Engine) -> Result<Known, ClientError> {
    let tx = engine.read()?;
    let identity = tx.identity()?;
    let spaces = spaces(&tx)?;
    let mut known = Known::default();
    for (space, cursor) in tx.cursors()? {
        known.cursors.insert(space, Cursor { epoch: cursor.epoch, seq: cursor.seq });
    }
    known.directory =
        identity.user.filter(|_| !spaces.is_empty()).map(|user| (user, identity.workspace, spaces));
    Ok(known)
}

/// The spaces that the relay shows, with the user's role in each.
pub(crate) fn spaces<A: Access>(tx: &Tx<A>) -> Result<Vec<SpaceInfo>, ClientError> {
    let rows = tx.spaces()?.into_iter().filter(|(_, row)| !row.archived);
    Ok(rows
        .filter_map(|(id, row)| Some(SpaceInfo { id, name: row.name, role: Role::parse(&row.role)? }))
        .collect())
}

impl SyncSession {
    /// Keeps what a welcome says, when it says something new.
    pub(super) fn welcomed(&mut self, welcomed: &Welcomed) -> Result<(), ClientError> {
        let identity = self.engine.read()?.identity()?;
        if identity.workspace != welcomed.workspace {
            return Err(ClientError::Relay {
                code: "other_workspace".to_owned(),
                message: "the relay has begun another workspace than the one this store belongs to; nothing was sent or \
                          taken; ask its operator"
                    .to_owned(),
            });
        }
        if identity.user != Some(welcomed.user) {
            // An actor writes for one user. First, so that a failure in between costs no more than another actor.
            self.renew_incarnation()?;
        }
        self.engine.write(|tx| {
            let identity = tx.identity()?;
            let shown: BTreeSet<SpaceId> = welcomed.spaces.iter().map(|space| space.id).collect();
            for (id, row) in tx.spaces()? {
                if !shown.contains(&id) && !row.archived {
                    tx.put_space(&id, &SpaceRow { archived: true, ..row })?;
                }
            }
            for space in &welcomed.spaces {
                let row = SpaceRow {
                    name: space.name.clone(),
                    role: space.role.as_str().to_owned(),
                    archived: false,
                };
                if tx.space(&space.id)?.as_ref() != Some(&row) {
                    tx.put_space(&space.id, &row)?;
                    tx.clear_sync_issue(&issues::key("space_gone", Some(space.id), None))?;
                }
            }
            if identity.device != Some(welcomed.device) {
                tx.set_device(welcomed.device)?;
            }
            if identity.user != Some(welcomed.user) {
                tx.set_user(welcomed.user)?;
            }
            Ok(())
        })
    }
}
