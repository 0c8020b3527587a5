//! Adopting a relay's workspace: records keep their ids and move to the relay's spaces.
//!
//! It takes several transactions; the last one attaches the relay. Until then the store works as before, and doing it
//! again goes on where it broke off.

use super::{JoinOptions, JoinPlan, PlannedSpace};
use crate::engine::Engine;
use crate::error::{ClientError, ClientRefusal, Damage};
use crate::ids::{local_space, record_id, settings_id, user_id, workspace_id};
use crate::import::FORMER_WORKSPACES;
use crate::rows;
use crate::space::writes_kind;
use crate::sync::arrival::{ARRIVAL, Arrival};
use crate::turn::{COMMON_SPACE, HOME_SPACE, Turn, is_common};
use crate::vault;
use forsat_domain::composite::{Composite, MergedInto};
use forsat_domain::edit::Edit;
use forsat_domain::schema::{SETTINGS, USER};
use forsat_domain::{RecordId, UserId};
use forsat_store::{Access, BatchLimit, DocumentRow, OutboxLimit, RelayRef, SpaceRow, Tx, WriteTx};
use forsat_sync::client::Welcomed;
use forsat_sync::frame::SpaceInfo;
use forsat_sync::id::{DocumentId, SpaceId};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// What the relay calls the space that every member reads.
const COMMON: &str = "common";

/// Where local records go.
struct Homes<'w> {
    home: &'w SpaceInfo,
    common: &'w SpaceInfo,
    user: UserId,
}

impl<'w> Homes<'w> {
    /// Chooses the spaces; `needs_writing`: there are local records to be sent.
    fn choose(
        welcomed: &'w Welcomed,
        named: Option<&str>,
        needs_writing: bool,
    ) -> Result<Homes<'w>, ClientError> {
        let common = welcomed.spaces.iter().find(|space| space.name == COMMON);
        let others = welcomed.spaces.iter().filter(|space| space.name != COMMON);
        let writable: Vec<&SpaceInfo> = others.clone().filter(|space| space.role.may_write()).collect();
        let home = match named {
            Some(name) => {
                let found = welcomed.spaces.iter().find(|space| space.name.eq_ignore_ascii_case(name.trim()));
                found.ok_or_else(|| ClientRefusal::OtherSpaceNeeded {
                    name: name.to_owned(),
                    known: space_names(welcomed),
                })?
            }
            None => match writable.as_slice() {
                [only] => *only,
                [] => others.clone().next().or(common).ok_or(ClientRefusal::NoSpace)?,
                _ => return Err(ClientRefusal::SpaceNeeded(space_names(welcomed)).into()),
            },
        };
        if needs_writing && !home.role.may_write() {
            return Err(ClientRefusal::ReadOnlyHome(home.name.clone()).into());
        }
        let common = common.filter(|common| common.role.may_write() || !needs_writing).unwrap_or(home);
        Ok(Homes { home, common, user: user_id(&welcomed.user) })
    }

    /// Where a local document goes. What belongs to everybody goes to the home space if this user's role doesn't write it in
    /// the common one: the relay would refuse it there.
    fn of(&self, document: &DocumentId, module: Option<&str>) -> &'w SpaceInfo {
        let everybodys = module.filter(|module| is_common(module)).is_some_and(|module| {
            writes_kind(Some(self.common.role), module, record_id(document), self.user)
        });
        if everybodys { self.common } else { self.home }
    }
}

fn space_names(welcomed: &Welcomed) -> String {
    let names: Vec<&str> = welcomed.spaces.iter().map(|space| space.name.as_str()).collect();
    names.join(", ")
}

/// The space of a store that has no relay yet.
fn own_space<A: Access>(tx: &Tx<A>) -> Result<SpaceId, ClientError> {
    Ok(local_space(workspace_id(&tx.identity()?.workspace)))
}

/// Whether a document stays behind: the settings of the old workspace, which is readable as it was.
fn stays(row: &DocumentRow) -> bool {
    row.module.as_deref() == Some(SETTINGS)
}

/// The documents that go to the relay's spaces.
fn leaving<A: Access>(tx: &Tx<A>, from: &SpaceId) -> Result<Vec<(DocumentId, DocumentRow)>, ClientError> {
    let mut found = Vec::new();
    tx.each_document(&mut |id, row| {
        if row.space == *from && !stays(&row) {
            found.push((id, row));
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

impl Engine {
    /// The user to propose to a relay: the one who works here so far.
    pub fn proposed_user(&self) -> Result<Option<forsat_sync::id::UserId>, ClientError> {
        Ok(self.read()?.identity()?.user)
    }

    /// What attaching this store to the relay that said `welcomed` would send.
    pub fn join_plan(&self, welcomed: &Welcomed, options: &JoinOptions) -> Result<JoinPlan, ClientError> {
        let tx = self.read()?;
        let identity = tx.identity()?;
        let own = own_space(&tx)?;
        let leaving = leaving(&tx, &own)?;
        let homes = Homes::choose(welcomed, options.space.as_deref(), !leaving.is_empty())?;
        let mut records: BTreeMap<SpaceId, BTreeMap<String, u64>> = BTreeMap::new();
        for (id, row) in &leaving {
            let space = homes.of(id, row.module.as_deref()).id;
            *records.entry(space).or_default().entry(row.module.clone().unwrap_or_default()).or_default() +=
                1;
        }
        let all = OutboxLimit { bytes_max: u64::MAX, changes_max: usize::MAX };
        let leaves: std::collections::BTreeSet<DocumentId> = leaving.iter().map(|(id, _)| *id).collect();
        let (mut changes, mut bytes) = (0, 0);
        for item in tx.outbox(&own, None, all)?.iter().filter(|item| leaves.contains(&item.document)) {
            changes += 1;
            bytes += u64::from(item.size);
        }
        let own_settings =
            vault::state(&tx, SETTINGS, settings_id(workspace_id(&identity.workspace)))?.is_some();
        Ok(JoinPlan {
            user_changes: identity.user.is_some_and(|user| user != welcomed.user),
            changes,
            bytes,
            own_settings,
            ..plan_of(welcomed, &homes, &mut records)
        })
    }

    /// Attaches this store to a relay; nothing is sent before the next sync. Calling it again goes on where it broke off.
    pub fn adopt(
        &self,
        welcomed: &Welcomed,
        relay: &RelayRef,
        options: &JoinOptions,
    ) -> Result<JoinPlan, ClientError> {
        let plan = self.join_plan(welcomed, options)?;
        let tx = self.read()?;
        let identity = tx.identity()?;
        if let Some(relay) = identity.relay {
            return Err(already_joined(&relay));
        }
        let own = own_space(&tx)?;
        let leaving = leaving(&tx, &own)?;
        let homes = Homes::choose(welcomed, options.space.as_deref(), !leaving.is_empty())?;
        drop(tx);
        self.write(|tx| show_spaces(tx, welcomed, &homes))?;
        let mut clock = || self.ambient().monotonic_ms();
        let work = |tx: &mut WriteTx<'_>, (id, row): (DocumentId, DocumentRow)| -> Result<(), ClientError> {
            Ok(tx.move_document(&id, homes.of(&id, row.module.as_deref()).id)?)
        };
        let moved = self.store().write_batches(leaving, BatchLimit::default(), &mut clock, work);
        moved.map_err(|error| error.source)?;
        if identity.user.is_some_and(|user| user != welcomed.user) {
            // An actor writes for one user, so the unsent changes are authored anew before they are sent.
            let mut random = [0; 32];
            self.ambient().fill(&mut random);
            self.store().renew_incarnation(&random)?;
        }
        self.write(|tx| self.attach(tx, welcomed, relay, options, &homes, own))?;
        Ok(plan)
    }

    /// The transaction that makes the store the relay's.
    fn attach(
        &self,
        tx: &mut WriteTx<'_>,
        welcomed: &Welcomed,
        relay: &RelayRef,
        options: &JoinOptions,
        homes: &Homes<'_>,
        own: SpaceId,
    ) -> Result<(), ClientError> {
        let before = tx.identity()?;
        // What another process saved in the meantime goes along.
        for (id, row) in leaving(tx, &own)? {
            tx.move_document(&id, homes.of(&id, row.module.as_deref()).id)?;
        }
        let settings = settings_id(workspace_id(&before.workspace));
        let settings = vault::any_state(tx, settings)?.map(|state| state.id);
        let own_name = match &before.user {
            Some(user) => vault::any_state(tx, RecordId(user_id(user).0))?,
            None => None,
        };
        let own_name = own_name.and_then(|state| state.winner("name").as_text().map(str::to_owned));
        let named = !options.user_name.trim().is_empty();
        let arrival = Arrival {
            settings,
            user_name: if named { options.user_name.clone() } else { own_name.unwrap_or_default() },
            email: options.email.clone(),
            role: homes.common.role.as_str().to_owned(),
        };
        tx.set_client_value(ARRIVAL, &serde_json::to_vec(&arrival).map_err(unwritable)?)?;
        if let Some(row) = tx.space(&own)? {
            tx.put_space(&own, &SpaceRow { archived: true, ..row })?;
        }
        if before.workspace != welcomed.workspace {
            let mut former = tx.client_value(FORMER_WORKSPACES)?.unwrap_or_default();
            former.extend_from_slice(before.workspace.as_bytes());
            tx.set_client_value(FORMER_WORKSPACES, &former)?;
            tx.set_workspace(welcomed.workspace)?;
        }
        tx.set_device(welcomed.device)?;
        tx.set_user(welcomed.user)?;
        tx.set_relay(relay)?;
        if tx.row_version()?.is_none() {
            tx.set_row_version(rows::ROW_VERSION)?;
        }
        match before.user.filter(|user| *user != welcomed.user) {
            Some(user) => self.point_to(tx, user_id(&user), user_id(&welcomed.user)),
            None => Ok(()),
        }
    }

    /// Lets the record of the store's own user lead to the one that the relay knows.
    fn point_to(&self, tx: &mut WriteTx<'_>, from: UserId, to: UserId) -> Result<(), ClientError> {
        let id = RecordId(from.0);
        let Some(state) = vault::state(tx, USER, id)? else { return Ok(()) };
        let mut turn = Turn::begin(self, tx)?;
        let merged = MergedInto {
            copied: Vec::new(),
            into: RecordId(to.0),
            loser_heads: state.heads.iter().map(hex::encode).collect(),
            at: turn.now_ms,
            by: Some(to),
        };
        turn.edit(id, &[Edit::set("merged_into", merged.to_scalar())])?;
        turn.drop_journal();
        Ok(())
    }
}

/// The plan of a store that begins from the relay.
pub(super) fn plan_from_nothing(welcomed: &Welcomed, options: &JoinOptions) -> Result<JoinPlan, ClientError> {
    let homes = Homes::choose(welcomed, options.space.as_deref(), false)?;
    Ok(plan_of(welcomed, &homes, &mut BTreeMap::new()))
}

fn plan_of(
    welcomed: &Welcomed,
    homes: &Homes<'_>,
    records: &mut BTreeMap<SpaceId, BTreeMap<String, u64>>,
) -> JoinPlan {
    let spaces = welcomed.spaces.iter().map(|space| PlannedSpace {
        space: space.id.to_string(),
        name: space.name.clone(),
        role: space.role.as_str().to_owned(),
        records: records.remove(&space.id).unwrap_or_default(),
    });
    JoinPlan {
        workspace: workspace_id(&welcomed.workspace).0,
        user: user_id(&welcomed.user).0,
        user_changes: false,
        spaces: spaces.collect(),
        home: homes.home.name.clone(),
        changes: 0,
        bytes: 0,
        own_settings: false,
    }
}

/// Writes down the relay's spaces and which of them new records go to.
fn show_spaces(tx: &mut WriteTx<'_>, welcomed: &Welcomed, homes: &Homes<'_>) -> Result<(), ClientError> {
    for space in &welcomed.spaces {
        let row =
            SpaceRow { name: space.name.clone(), role: space.role.as_str().to_owned(), archived: false };
        tx.put_space(&space.id, &row)?;
    }
    tx.set_client_value(HOME_SPACE, homes.home.id.as_bytes())?;
    tx.set_client_value(COMMON_SPACE, homes.common.id.as_bytes())?;
    Ok(())
}

pub(super) fn already_joined(relay: &RelayRef) -> ClientError {
    ClientRefusal::AlreadyJoined(relay.url.clone()).into()
}

fn unwritable(error: serde_json::Error) -> ClientError {
    ClientError::Damaged(Damage::Other(error.to_string()))
}
