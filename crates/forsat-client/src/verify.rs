//! Whether a store is whole, said by record, and making it whole again.

use crate::ambient::Ambient;
use crate::engine::{self, Engine};
use crate::error::ClientError;
use crate::ids::{hashes, local_space, record_id, workspace_id};
use crate::turn::{COMMON_SPACE, HOME_SPACE};
use crate::{briefs, find, lost_base, rebuild, rows, vault, world};
use forsat_document::Genesis;
use forsat_domain::id::encode_id;
use forsat_domain::record::RecordState;
use forsat_domain::schema::{Schema, record_name};
use forsat_store::{Access, Flaw, ReadTx, RepairParams, Repaired, Store, StoreError, StoreFlaw, Tx, Unread};
use forsat_sync::id::{ChangeHash, DocumentId, SpaceId};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// The most findings that a report lists.
const FINDINGS_MAX: usize = 200;
/// Letters of a hash that are shown.
const HASH_LETTERS: usize = 12;

/// How a store stands, and what a repair did.
#[derive(Clone, Debug, Serialize)]
pub struct VerifyReport {
    /// Whether nothing was found.
    pub sound: bool,
    /// Documents that were looked at.
    pub documents: u64,
    /// Changes that were hashed anew.
    pub changes: u64,
    /// What was found, at most 200.
    pub findings: Vec<Finding>,
    /// Findings that aren't listed.
    pub more: u64,
    /// What was done about it; none where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair: Option<RepairView>,
}

/// What a repair did.
#[derive(Clone, Debug, Serialize)]
pub struct RepairView {
    /// Changes that were set aside: a sync brings them again, but for the lost ones.
    pub set_aside: u64,
    /// Changes and refused edits among them that the relay never took, so that nobody else has them.
    pub lost: u64,
    /// Unsent edits that were refused, since what they build on is lost.
    pub refused: u64,
    /// Findings that are left.
    pub left: u64,
}

/// Something that isn't as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// The record's short id, where it concerns one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short: Option<String>,
    /// How many of its characters name it alone.
    #[serde(skip)]
    pub prefix: usize,
    /// The record's module, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The name of the record, or of the space.
    pub name: String,
    /// The beginning of the change's hash, where it concerns one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// Whether the change was never sent.
    pub unsent: bool,
    /// The table that it lies in, where that is all that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// What heals it.
    pub remedy: Remedy,
}

/// What isn't as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The bytes of a change aren't that change.
    ChangeDamaged,
    /// A change is gone.
    ChangeMissing,
    /// The index of a record's changes is wrong.
    ChangeIndex,
    /// What is known of a document beside its changes is gone.
    DocumentRow,
    /// Counts or heads of a document are wrong.
    DocumentSums,
    /// The quick copy of a document is wrong.
    Snapshot,
    /// The outbox is wrong.
    Outbox,
    /// The names that a record is found by are wrong.
    Names,
    /// The digests of a space are wrong.
    Digests,
    /// A value can't be read.
    Value,
    /// Pages of the file were damaged.
    Pages,
    /// The row of a record says other than its document.
    Row,
    /// A record has no row.
    NoRow,
    /// A row is of no record.
    StrayRow,
    /// What lists sort and filter a record by is wrong.
    Brief,
}

/// What heals a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// A repair; everything that it takes is here.
    Repair,
    /// A repair and the next sync, which brings what is gone from the relay.
    RepairAndSync,
    /// A backup, if there is one: nobody else has what is gone. A repair sets it aside and lets work go on.
    Backup,
}

/// Looks at everything in the store in `dir`: hashes every change anew and compares with it what follows from it.
///
/// A store that can't be opened for work, since a row that every command needs is damaged, can be looked at too.
pub fn verify(dir: &Path, ambient: &Arc<dyn Ambient>) -> Result<VerifyReport, ClientError> {
    look(&open(dir, ambient)?)
}

/// Makes the store in `dir` whole, as far as it holds what that takes; what is damaged or gone is set aside, and a sync
/// brings it again from the relay. The report says what was found before, and what is left.
pub fn repair(dir: &Path, ambient: &Arc<dyn Ambient>) -> Result<VerifyReport, ClientError> {
    let store = open(dir, ambient)?;
    let lease = store.try_acquire_lease()?.ok_or(ClientError::SyncBusy)?;
    let mut report = look(&store)?;
    if report.sound {
        return Ok(report);
    }
    let (home, common) = spaces(&store.read()?)?;
    let known = |hash: &ChangeHash| known(hash);
    let params = RepairParams { home, common, now_ms: ambient.now_ms(), known: &known };
    let repaired = store.repair(&params)?;
    rewrite(&store, &repaired)?;
    drop(lease);
    let left = look(&store)?;
    report.repair = Some(RepairView {
        set_aside: repaired.set_aside,
        lost: repaired.lost,
        refused: repaired.refused,
        left: left.findings.len() as u64 + left.more,
    });
    Ok(report)
}

fn open(dir: &Path, ambient: &Arc<dyn Ambient>) -> Result<Store, ClientError> {
    Store::open(dir, &Engine::open_params(&**ambient)).map_err(engine::named(dir))
}

/// Where records go of which nothing says where they live, and the space that every member reads.
fn spaces(tx: &ReadTx) -> Result<(SpaceId, Option<SpaceId>), ClientError> {
    let space = |bytes: Vec<u8>| SpaceId::from_slice(&bytes);
    let common = readable(tx.client_value(COMMON_SPACE).map_err(ClientError::from))?.flatten();
    let home = match tx.client_value(HOME_SPACE)?.and_then(space) {
        Some(home) => home,
        None => local_space(workspace_id(&tx.identity()?.workspace)),
    };
    Ok((home, common.and_then(space)))
}

/// The bytes of a fixed change of a beginning.
fn known(hash: &ChangeHash) -> Option<Vec<u8>> {
    let genesis = Genesis::by_hash(hash.as_bytes())?;
    let link = genesis.chain().iter().find(|link| link.hash == *hash.as_bytes())?;
    Some(link.bytes.clone())
}

/// Writes rows, names and modules anew from the documents.
fn rewrite(store: &Store, repaired: &Repaired) -> Result<(), ClientError> {
    for id in &repaired.documents {
        store.write::<_, ClientError>(|tx| {
            let Some(loaded) = vault::load(tx, record_id(id))? else { return Ok(()) };
            tx.set_heads(id, &hashes(&loaded.document.heads()))?;
            vault::name_module(tx, &loaded.row, &loaded.document)
        })?;
    }
    rebuild::rebuild_rows(store, &Schema::builtin())?;
    // What the workspace has of its own is known only now that the settings have their row again.
    let schema = schema(&store.read()?);
    rebuild::rebuild_rows(store, &schema)?;
    briefs::derive_again(store, &schema)?;
    lost_base::tell(store)
}

/// The table of modules with the workspace's own fields, as far as its settings can be read.
fn schema<A: Access>(tx: &Tx<A>) -> Schema {
    let own = world::settings(tx).map(|settings| settings.custom_fields).unwrap_or_default();
    Schema::builtin().with_custom_fields(&own)
}

fn look(store: &Store) -> Result<VerifyReport, ClientError> {
    let examined = store.examine()?;
    let tx = store.read()?;
    let mut look = Look { has_relay: tx.identity()?.relay.is_some(), tx: &tx, found: Vec::new(), more: 0 };
    let mut flawed = BTreeSet::new();
    for flaw in &examined.flaws {
        flawed.extend(flaw.document.filter(|_| !matches!(flaw.flaw, Flaw::Names)));
        look.flaw(flaw);
    }
    look.rows(&examined.documents, &flawed)?;
    let (findings, more) = (look.found, look.more);
    let documents = examined.documents.len() as u64;
    let sound = findings.is_empty();
    Ok(VerifyReport { sound, documents, changes: examined.changes, findings, more, repair: None })
}

struct Look<'a> {
    tx: &'a ReadTx,
    has_relay: bool,
    found: Vec<Finding>,
    more: u64,
}

impl Look<'_> {
    fn note(
        &mut self,
        kind: FindingKind,
        document: Option<&DocumentId>,
        remedy: Remedy,
    ) -> Option<&mut Finding> {
        if self.found.len() >= FINDINGS_MAX {
            self.more += 1;
            return None;
        }
        let mut finding = Finding::of(kind, remedy);
        if let Some(document) = document {
            let id = record_id(document);
            finding.short = Some(encode_id(id.as_bytes()));
            finding.prefix = find::prefix_len(self.tx, id).unwrap_or_default();
            finding.module = self.tx.document(document).ok().flatten().and_then(|row| row.module);
            let state = vault::any_state(self.tx, id).ok().flatten();
            finding.name = state.map(|state| record_name(&state)).unwrap_or_default();
        }
        self.found.push(finding);
        self.found.last_mut()
    }

    fn flaw(&mut self, flaw: &StoreFlaw) {
        let document = flaw.document.as_ref();
        match &flaw.flaw {
            Flaw::Change { hash, unsent } => {
                self.change(FindingKind::ChangeDamaged, document, hash.as_ref(), *unsent);
            }
            Flaw::Missing { hash, unsent } => {
                self.change(FindingKind::ChangeMissing, document, Some(hash), *unsent);
            }
            Flaw::Index => drop(self.note(FindingKind::ChangeIndex, document, Remedy::Repair)),
            Flaw::Row => drop(self.note(FindingKind::DocumentRow, document, Remedy::Repair)),
            Flaw::Sums => drop(self.note(FindingKind::DocumentSums, document, Remedy::Repair)),
            Flaw::Snapshot => drop(self.note(FindingKind::Snapshot, document, Remedy::Repair)),
            Flaw::Outbox => drop(self.note(FindingKind::Outbox, document, Remedy::Repair)),
            Flaw::Names => drop(self.note(FindingKind::Names, document, Remedy::Repair)),
            Flaw::Digests(space) => {
                let name = self.tx.space(space).ok().flatten().map(|row| row.name);
                if let Some(finding) = self.note(FindingKind::Digests, None, Remedy::Repair) {
                    finding.name = name.unwrap_or_else(|| space.to_string());
                }
            }
            Flaw::Value { table, unread } => {
                let remedy = match unread {
                    Unread::ComesAgain if self.has_relay => Remedy::RepairAndSync,
                    Unread::Goes | Unread::ComesAgain => Remedy::Repair,
                    Unread::Lost | Unread::Stays => Remedy::Backup,
                };
                if let Some(finding) = self.note(FindingKind::Value, None, remedy) {
                    finding.table = Some((*table).to_owned());
                }
            }
            Flaw::Pages => drop(self.note(FindingKind::Pages, None, Remedy::Backup)),
        }
    }

    fn change(
        &mut self,
        kind: FindingKind,
        document: Option<&DocumentId>,
        hash: Option<&ChangeHash>,
        unsent: bool,
    ) {
        let remedy = match hash {
            Some(hash) if known(hash).is_some() => Remedy::Repair,
            _ if unsent || !self.has_relay => Remedy::Backup,
            _ => Remedy::RepairAndSync,
        };
        let hash = hash.map(|hash| hash.to_string().chars().take(HASH_LETTERS).collect());
        if let Some(finding) = self.note(kind, document, remedy) {
            finding.change = hash;
            finding.unsent = unsent;
        }
    }

    /// Compares rows and briefs with what the documents say. Those of documents that are damaged follow from the repair.
    fn rows(
        &mut self,
        documents: &BTreeSet<DocumentId>,
        flawed: &BTreeSet<DocumentId>,
    ) -> Result<(), ClientError> {
        let schema = schema(self.tx);
        let mut places = BTreeSet::new();
        for id in documents {
            let Some(loaded) = readable(vault::load(self.tx, record_id(id)))?.flatten() else { continue };
            let state = loaded.document.read(&schema);
            let module = loaded.row.module.clone().unwrap_or_default();
            let row = vault::row_of(&state);
            if row.is_some() {
                places.insert((module.clone(), *id));
                places.insert((briefs::place(&module), *id));
            }
            if flawed.contains(id) {
                continue;
            }
            let kept = readable(self.tx.row(&module, id).map_err(ClientError::from))?;
            let names = readable(self.tx.row_names(&module, id).map_err(ClientError::from))?;
            match (row, kept, names) {
                (Some((wanted, _)), Some(Some(kept)), Some(Some(named))) => {
                    // A row that can't be read is told already.
                    let is_same = rows::decode(&kept).is_ok_and(|kept| says_same(kept, &state));
                    if !is_same || forsat_store::names_as_kept(&wanted) != named {
                        self.note(FindingKind::Row, Some(id), Remedy::Repair);
                    } else if readable(briefs::is_kept(self.tx, &schema, &state))? == Some(false) {
                        self.note(FindingKind::Brief, Some(id), Remedy::Repair);
                    }
                }
                (Some(_), Some(None), _) => drop(self.note(FindingKind::NoRow, Some(id), Remedy::Repair)),
                _ => {}
            }
        }
        for (module, id) in self.tx.row_places()? {
            if !flawed.contains(&id) && !places.contains(&(module, id)) {
                self.note(FindingKind::StrayRow, Some(&id), Remedy::Repair);
            }
        }
        Ok(())
    }
}

/// Whether a row says what its document does; what was left out is counted when it comes, not when it is read.
fn says_same(kept: RecordState, state: &RecordState) -> bool {
    RecordState { unreadable: state.unreadable, ..kept } == *state
}

/// What was read; none where it is damaged, which is told elsewhere.
fn readable<T>(read: Result<T, ClientError>) -> Result<Option<T>, ClientError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(ClientError::Damaged(_) | ClientError::Store(StoreError::Damaged { .. })) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Finding {
    fn of(kind: FindingKind, remedy: Remedy) -> Self {
        Self {
            kind,
            short: None,
            prefix: 0,
            module: None,
            name: String::new(),
            change: None,
            unsent: false,
            table: None,
            remedy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_changes_are_known_by_their_hashes() {
        for link in Genesis::all().iter().flat_map(Genesis::chain) {
            assert_eq!(known(&ChangeHash::from_bytes(link.hash)), Some(link.bytes.clone()));
        }
        assert_eq!(known(&ChangeHash::from_bytes([7; 32])), None);
    }

    #[test]
    fn a_new_store_is_sound() {
        let dir = tempfile::tempdir().expect("a folder");
        let ambient: Arc<dyn Ambient> = Arc::new(crate::SystemAmbient::new());
        let engine = Engine::init(dir.path(), &crate::InitOptions::default()).expect("a store");
        drop(engine);
        let report = verify(dir.path(), &ambient).expect("it can be looked at");
        assert!(report.sound && report.documents == 1 && report.changes > 1, "{report:?}");
    }
}
