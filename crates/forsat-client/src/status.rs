//! How the store stands: spaces, what is unsent, what was refused, what the sync found wrong.

use crate::engine::Engine;
use crate::error::ClientError;
use crate::ids::{record_id, user_id, workspace_id};
use crate::model::{ChangeView, RefusedView, SpaceStatus, Status, SyncIssueView};
use crate::turn::{left_behind, unsent};
use crate::{moves, vault};
use forsat_domain::RecordId;
use forsat_domain::id::encode_id;
use forsat_domain::record::Scalar;
use forsat_domain::schema::USER;
use forsat_store::{Access, Aside, RefusedState, RootVerdict, Tx};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

impl Engine {
    /// How the store stands.
    pub fn status(&self) -> Result<Status, ClientError> {
        let tx = self.read()?;
        let identity = tx.identity()?;
        let user = identity.user.as_ref().map(user_id);
        let user_name = match user {
            Some(user) => vault::state(&tx, USER, RecordId(user.0))?.map(|state| self.name(&state)),
            None => None,
        };
        Ok(Status {
            workspace: workspace_id(&identity.workspace).0,
            user: user.map(|user| user.0).unwrap_or_default(),
            user_name: user_name.unwrap_or_default(),
            relay: identity.relay.map(|relay| relay.url),
            spaces: spaces(&tx)?,
            unsent: unsent(&tx)?,
            moves: moves::waiting(&tx)?,
            records: self.count_records(&tx)?,
            refused: refused(self, &tx)?,
            sync_issues: sync_issues(&tx)?,
        })
    }

    fn count_records<A: Access>(&self, tx: &Tx<A>) -> Result<BTreeMap<String, u64>, ClientError> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        tx.each_document(&mut |_, row| {
            if let Some(module) = row.module {
                *counts.entry(module).or_default() += 1;
            }
            ControlFlow::Continue(())
        })?;
        Ok(counts)
    }
}

pub(crate) fn spaces<A: Access>(tx: &Tx<A>) -> Result<Vec<SpaceStatus>, ClientError> {
    let mut all = Vec::new();
    let left = left_behind(tx)?;
    for (id, row) in tx.spaces()?.into_iter().filter(|(id, _)| !left.contains(id)) {
        let cursor = tx.cursor(&id)?;
        all.push(SpaceStatus {
            space: id.to_string(),
            name: row.name,
            role: row.role,
            unsent: tx.outbox_stats(&id)?.changes,
            cursor: cursor.map(|cursor| cursor.seq.get()),
            synced_at_ms: cursor.and_then(|cursor| cursor.synced_at_ms),
            level: cursor.and_then(|cursor| match cursor.root {
                RootVerdict::Unknown => None,
                RootVerdict::Match => Some(true),
                RootVerdict::Mismatch { .. } => Some(false),
            }),
        });
    }
    all.sort_by(|left, right| (&left.name, &left.space).cmp(&(&right.name, &right.space)));
    Ok(all)
}

/// What the sync found wrong.
pub(crate) fn sync_issues<A: Access>(tx: &Tx<A>) -> Result<Vec<SyncIssueView>, ClientError> {
    let issues = tx.sync_issues()?.into_iter().map(|issue| SyncIssueView {
        code: issue.key.code,
        space: issue.key.space.map(|space| space.to_string()),
        message: issue.message,
        at_ms: issue.last_ms,
    });
    Ok(issues.collect())
}

/// Edits that the relay refused and nobody has decided about.
pub(crate) fn refused<A: Access>(engine: &Engine, tx: &Tx<A>) -> Result<Vec<RefusedView>, ClientError> {
    let open = tx.refused_edits()?.into_iter().filter(|(_, edit)| edit.state == RefusedState::Open);
    let mut all = Vec::new();
    for (number, edit) in open {
        let id = record_id(&edit.document);
        let state = vault::any_state(tx, id)?;
        all.push(RefusedView {
            number: number.get(),
            short: encode_id(id.as_bytes()),
            name: state.map(|state| engine.name(&state)).unwrap_or_default(),
            code: edit.code,
            message: edit.message,
            changes: read_changes(&edit.before, &edit.after),
            at_ms: edit.at_ms,
            at_relay: tx.refused_aside(number)? == Some(Aside::Taken),
        });
    }
    Ok(all)
}

/// The fields of a refused edit: two JSON objects, path → value.
pub(crate) fn read_changes(before: &[u8], after: &[u8]) -> Vec<ChangeView> {
    let read = |bytes: &[u8]| serde_json::from_slice::<BTreeMap<String, Scalar>>(bytes).unwrap_or_default();
    let before = read(before);
    let changes = read(after).into_iter().map(|(path, after)| ChangeView {
        before: before.get(&path).cloned().unwrap_or_default(),
        path,
        after,
    });
    changes.collect()
}
