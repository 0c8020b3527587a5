//! The checkers of what has moved and of what was erased: at the relay, and on devices.

use crate::audit::homes::{self, Homes};
use crate::audit::{Feed, Feeds, ordered_erased};
use crate::device::Device;
use crate::ledger::Change;
use crate::world::World;
use forsat_client::Engine;
use forsat_store::{DocumentRow, StoreError, SyncIssueKey};
use forsat_sync::genesis;
use forsat_sync::id::{DocumentId, SpaceId};
use std::collections::{BTreeMap, BTreeSet};

impl World {
    /// What the relay has said of moves and erasures is so, and no place of a feed is empty but for them.
    pub(super) fn check_departures(&self, feeds: &Feeds) -> Result<(), String> {
        let erased = homes::erased(feeds);
        if let Some(document) = self.ledger.erased.difference(&erased).next() {
            return Err(format!("the erasure of {document} is forgotten"));
        }
        for (document, to) in &self.ledger.moved {
            let tells = |feed: &Feed| {
                feed.words.iter().any(|word| word.document == *document)
                    || feed.changes.iter().any(|(of, _)| of == document)
            };
            if !erased.contains(document) && !feeds.get(to).is_some_and(tells) {
                return Err(format!(
                    "{document} was said to have moved, and its new space knows nothing of it"
                ));
            }
        }
        feeds.values().try_for_each(|feed| self.check_empty_places(feed))
    }

    fn check_empty_places(&self, feed: &Feed) -> Result<(), String> {
        let left = feed.words.iter().filter(|word| !word.is_in).map(|word| &word.document);
        let changes = |document| self.ledger.on_the_way.get(document).map_or(0, BTreeSet::len) as u64;
        let explained: u64 = left.chain(&feed.erased).map(changes).sum();
        if feed.empty_places > explained {
            let (empty, name) = (feed.empty_places, &feed.name);
            return Err(format!("{name}: {empty} places are empty, and {explained} can be at most"));
        }
        Ok(())
    }

    /// The relay's own thorough look finds nothing.
    pub(super) fn check_relay_store(&mut self) {
        let Some(store) = self.relay.store() else { return };
        let why = match store.examine(&|| false) {
            Ok(found) if found.is_sound() => return,
            Ok(found) => format!("{:?}", found.findings),
            Err(error) => error.to_string(),
        };
        self.violate(format!("the relay's store: {why}"));
    }

    /// An erasure that the log on any device tells of is one at the relay too, whatever the relay was set back to.
    pub(super) fn check_erasures_kept(&mut self, feeds: &Feeds) {
        let erased = homes::erased(feeds);
        self.sights.add("erased at the end", erased.len() as u64);
        for number in 0..self.devices.len() {
            let Some(engine) = self.devices[number].engine() else { continue };
            let entries = match engine.store().read().and_then(|tx| tx.control_entries(0, usize::MAX)) {
                Ok(entries) => entries,
                Err(error) => {
                    return self.violate(format!("device {number}: the log can't be read: {error}"));
                }
            };
            let known: BTreeSet<_> = entries.iter().filter_map(ordered_erased).collect();
            if known != erased {
                let (known, erased) = (known.len(), erased.len());
                return self
                    .violate(format!("device {number} knows of {known} erasures, the relay of {erased}"));
            }
        }
    }

    /// A saved change that isn't on its device any more, and that neither the relay has acked nor a person is shown as
    /// refused.
    pub(super) fn lost_save(
        &self,
        engine: &Engine,
        saved: impl Iterator<Item = Change>,
    ) -> Result<Option<Change>, StoreError> {
        let tx = engine.store().read()?;
        let refused: BTreeSet<_> = tx.refused_edits()?.into_iter().map(|(_, edit)| edit.document).collect();
        for (document, hash) in saved {
            let now = tx.resolve_alias(&hash)?;
            if tx.chunk(&document, &hash)?.is_some() || tx.chunk(&document, &now)?.is_some() {
                continue;
            }
            // Only a document that moves takes its changes along. What undid itself isn't shown by itself.
            let went = self.ledger.to_move.contains(&document)
                && (genesis::ALLOWED.contains(&now)
                    || refused.contains(&document)
                    || [hash, now].iter().any(|hash| self.ledger.was_acked(&(document, *hash))));
            if !went {
                return Ok(Some((document, hash)));
            }
        }
        Ok(None)
    }

    /// Whether the relay had a change, lost it when it was set back, and moved its document away from the device before
    /// that could bring it back: it can't tell any more, and a restored relay loses what nobody can bring back.
    pub(super) fn went_before_it_came_back(&self, engine: &Engine, change: &Change) -> bool {
        let Ok(tx) = engine.store().read() else { return false };
        let is_here = tx.document(&change.0).is_ok_and(|row| row.is_some());
        let now = tx.resolve_alias(&change.1).unwrap_or(change.1);
        let owed = |hash| self.ledger.owed.values().any(|changes| changes.contains(&(change.0, hash)));
        !is_here && self.ledger.to_move.contains(&change.0) && (owed(change.1) || owed(now))
    }

    /// Whether what happened in the world explains an issue of the sync.
    pub(super) fn is_explained(&self, issue: &SyncIssueKey) -> bool {
        match issue.code.as_str() {
            // A restored relay that has gone on by itself tells of access otherwise than before: a person has to know that.
            "control_forked" => true,
            // Who wanted to move a record is told why it stays.
            "move_refused" => issue.document.is_some_and(|document| self.ledger.to_move.contains(&document)),
            _ => false,
        }
    }
}

/// Nothing of an erased document is on a device.
pub(super) fn check_erased(engine: &Engine, feeds: &Feeds) -> Result<(), String> {
    let erased = homes::erased(feeds);
    let held = what_is_held(engine, &erased).map_err(|error| error.to_string())?;
    held.map_or(Ok(()), |(document, what)| Err(format!("{what} of the erased document {document} is left")))
}

fn what_is_held(
    engine: &Engine,
    erased: &BTreeSet<DocumentId>,
) -> Result<Option<(DocumentId, &'static str)>, StoreError> {
    let tx = engine.store().read()?;
    for document in erased {
        if tx.document(document)?.is_some() || tx.snapshot(document)?.is_some() {
            return Ok(Some((*document, "the document")));
        }
        if !tx.chunks(document)?.is_empty() {
            return Ok(Some((*document, "a change")));
        }
    }
    let rows = tx.row_places()?.into_iter().map(|(_, document)| (document, "a row"));
    let edits = tx.refused_edits()?.into_iter().map(|(_, edit)| (edit.document, "a refused edit"));
    let issues = tx.sync_issues()?.into_iter().filter_map(|issue| Some((issue.key.document?, "an issue")));
    Ok(rows.chain(edits).chain(issues).find(|(document, _)| erased.contains(document)))
}

/// A document that stands on a device is where the relay has it, in a space that the device sees.
pub(super) fn check_homes(
    device: &Device,
    documents: &BTreeMap<DocumentId, DocumentRow>,
    feeds: &Feeds,
) -> Result<(), String> {
    let homes: Homes = homes::homes(feeds);
    for (document, row) in documents.iter().filter(|(_, row)| stands(row)) {
        let name = |space: &SpaceId| feeds.get(space).map_or("nowhere", |feed| &feed.name).to_owned();
        let home = homes.get(document).ok_or_else(|| format!("{document} is here, and not at the relay"))?;
        if *home != row.space {
            return Err(format!("{document} lives in {}, and here in {}", name(home), name(&row.space)));
        }
        if !device.sees(&name(home)) {
            return Err(format!("{document} is here, and lives in {}, which isn't shown", name(home)));
        }
    }
    Ok(())
}

/// As many documents and changes are on a device as the relay has in a space.
pub(super) fn compare_totals(
    space: &SpaceId,
    feed: &Feed,
    documents: &BTreeMap<DocumentId, DocumentRow>,
) -> Result<(), String> {
    let here = documents.values().filter(|row| row.space == *space && stands(row));
    let (count, changes) =
        here.fold((0, 0), |(count, changes), row| (count + 1, changes + row.counts.feed as usize));
    let there = feed.totals();
    if (count, changes) == there {
        return Ok(());
    }
    Err(format!(
        "{count} documents with {changes} changes of {} are here, and {there:?} at the relay",
        feed.name
    ))
}

/// A document whose creation was refused keeps its bytes and stands nowhere.
pub(super) fn stands(row: &DocumentRow) -> bool {
    !(row.heads.is_empty() && row.feed_heads.is_empty())
}
