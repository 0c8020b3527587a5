//! The checkers: what must hold at every restart and at the end, whatever has happened.

mod gone;

use crate::audit::{self, Feed, Feeds, homes};
use crate::device::Device;
use crate::ledger::Change;
use crate::net::DeviceNumber;
use crate::world::World;
use forsat_client::{ClientError, Engine};
use forsat_store::{ChunkState, DocumentRow, RefusedEdit, RootVerdict, StoreError};
use forsat_sync::genesis;
use forsat_sync::id::{ChangeHash, DocumentId, SpaceId};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// How many documents are read at once.
const DOCUMENTS_A_PAGE: usize = 1_000;

impl World {
    /// The relay's feeds are sound and hold everything that was acked.
    pub(crate) fn check_relay(&mut self) -> Option<Feeds> {
        if !self.relay.is_running() {
            self.violate("the relay doesn't run");
            return None;
        }
        // Nothing can be read before somebody brings who may read, and nothing was acked since.
        if self.relay.awaits_log() {
            return None;
        }
        let feeds = match audit::feeds(&self.relay) {
            Ok(feeds) => feeds,
            Err(why) => {
                self.violate(format!("the relay: {why}"));
                return None;
            }
        };
        if let Some((document, hash)) = self.lost_ack(&feeds) {
            self.violate(format!("the relay has lost a change that it acked: {hash} of {document}"));
        }
        if let Err(why) = self.check_departures(&feeds) {
            self.violate(format!("the relay: {why}"));
        }
        Some(feeds)
    }

    /// A change that was acked, and that no feed has any more though nothing has erased it. In which space it was acked
    /// says nothing: its document may have moved.
    fn lost_ack(&self, feeds: &Feeds) -> Option<Change> {
        let (held, erased) = (hashes(feeds), homes::erased(feeds));
        let mut acked = self.ledger.acked.values().flatten();
        acked.find(|change| !held.contains(change) && !erased.contains(&change.0)).copied()
    }

    /// A device holds everything that its commands said is saved.
    pub(crate) fn check_saved(&mut self, number: DeviceNumber) {
        let Some(engine) = self.devices[number].engine().cloned() else { return };
        let saved = self.ledger.saved.get(&number).cloned().unwrap_or_default();
        // What an erasure took is gone on purpose, whether the device has heard of it yet or not.
        let kept = saved.into_iter().filter(|(document, _)| !self.erasures.contains(document));
        match self.lost_save(&engine, kept) {
            Ok(None) => {}
            Ok(Some((document, hash))) => {
                self.violate(format!(
                    "device {number} has lost a change that it saved: {hash} of {document}"
                ));
            }
            Err(error) => self.violate(format!("device {number}: the store can't be read: {error}")),
        }
    }

    /// Whether every device runs, has sent everything and has read every feed to its head.
    pub(crate) fn is_level(&self) -> bool {
        self.network.half_open() == 0 && self.why_not_level().is_none()
    }

    pub(crate) fn why_not_level(&self) -> Option<String> {
        let Ok(spaces) = self.relay.spaces() else { return Some("the relay can't be read".into()) };
        if spaces.is_empty() {
            return Some("the relay doesn't run".into());
        }
        for device in &self.devices {
            let number = device.number;
            let Some(engine) = device.engine() else { return Some(format!("device {number} doesn't run")) };
            if !device.is_settled() {
                return Some(format!("device {number} isn't connected, or has something left to do"));
            }
            let Ok(tx) = engine.store().read() else { return Some(format!("device {number} can't be read")) };
            let unsent = tx.outbox_spaces().unwrap_or_default();
            if let Some((space, stats)) = unsent.first() {
                return Some(format!("device {number} has {} unsent changes for {space}", stats.changes));
            }
            for space in spaces.iter().filter(|space| device.sees(&space.name)) {
                let cursor = tx.cursor(&space.id).ok().flatten();
                if cursor.is_none_or(|cursor| cursor.seq != space.head || cursor.root != RootVerdict::Match) {
                    let (name, head) = (&space.name, space.head);
                    return Some(format!("device {number} is at {cursor:?} of {head} in {name}"));
                }
            }
        }
        None
    }

    /// Everything that must hold when all is level.
    pub(crate) fn check_all(&mut self) {
        let Some(feeds) = self.check_relay() else {
            return self.violate("nobody has brought the control log");
        };
        if let Some(tamper) = self.broken.tamper.clone() {
            let engines: Vec<_> = self.devices.iter().filter_map(|device| device.engine().cloned()).collect();
            tamper(&engines);
        }
        let mut reports = BTreeMap::new();
        for number in 0..self.devices.len() {
            self.check_saved(number);
            if let Err(why) = self.check_device(number, &feeds) {
                self.violate(format!("device {number}: {why}"));
            }
            self.compare_reports(number, &mut reports);
        }
        self.check_saved_reached_relay(&feeds);
        self.check_owed(&feeds);
        self.check_erasures_kept(&feeds);
        self.check_relay_store();
        for number in 0..self.devices.len() {
            self.check_integrity(number);
        }
    }

    /// A device agrees with the feeds that it sees: heads, feed state, digests, nothing waiting, no issue.
    fn check_device(&mut self, number: DeviceNumber, feeds: &Feeds) -> Result<(), String> {
        let Some(engine) = self.devices[number].engine().cloned() else {
            return Err("it doesn't run".into());
        };
        let tx = engine.store().read().map_err(said)?;
        let documents = documents(&engine).map_err(said)?;
        gone::check_erased(&engine, feeds)?;
        gone::check_homes(&self.devices[number], &documents, feeds)?;
        for (space, feed) in feeds.iter().filter(|(_, feed)| self.devices[number].sees(&feed.name)) {
            compare_heads(space, feed, &documents)?;
            gone::compare_totals(space, feed, &documents)?;
            let root = tx.trie(space).map_err(said)?.root();
            if Some(root) != feed.root {
                return Err(format!(
                    "the root digest of {} is {root}, the relay's {:?}",
                    feed.name, feed.root
                ));
            }
            let verdict = tx.cursor(space).map_err(said)?.map(|cursor| cursor.root);
            if verdict != Some(RootVerdict::Match) {
                return Err(format!("the digests of {} are said to be {verdict:?}", feed.name));
            }
        }
        for (document, row) in &documents {
            if row.counts.outbox + row.counts.acked + row.counts.waiting + row.counts.unreadable > 0 {
                return Err(format!("{document} hasn't come to rest: {:?}", row.counts));
            }
        }
        let issues = tx.sync_issues().map_err(said)?;
        if let Some(issue) = issues.iter().find(|issue| !self.is_explained(&issue.key)) {
            return Err(format!("an issue of the sync: {}: {}", issue.key.code, issue.message));
        }
        Ok(())
    }

    /// After the relay's store was put back: it has again whatever it had acked and any device still holds.
    fn check_owed(&mut self, feeds: &Feeds) {
        let (held, erased) = (hashes(feeds), homes::erased(feeds));
        for (document, hash) in self.ledger.owed.values().flatten().copied().collect::<Vec<_>>() {
            if erased.contains(&document) {
                continue;
            }
            if held.contains(&(document, hash)) {
                self.sights.see("changes that came back to the relay");
                continue;
            }
            let holds = |device: &Device| {
                let Some(engine) = device.engine() else { return false };
                engine.store().read().is_ok_and(|tx| matches!(tx.chunk(&document, &hash), Ok(Some(_))))
            };
            let holder = self.devices.iter().find(|device| holds(device));
            if let Some(number) = holder.map(|device| device.number) {
                let what = format!("{hash} of {document}, which device {number} holds");
                return self.violate(format!("the relay hasn't got back {what}"));
            }
            self.sights.see("changes that nobody holds any more");
        }
    }

    /// Replicas that see the same spaces answer with the same bytes.
    fn compare_reports(
        &mut self,
        number: DeviceNumber,
        reports: &mut BTreeMap<Vec<usize>, (usize, Reports)>,
    ) {
        let Some(engine) = self.devices[number].engine().cloned() else { return };
        let ours = match Reports::of(&engine) {
            Ok(ours) => ours,
            Err(error) => return self.violate(format!("device {number}: a report fails: {error}")),
        };
        self.sights.add("issues at the end", ours.issue_count);
        let mut sees = self.devices[number].plan.spaces.clone();
        sees.sort_unstable();
        match reports.get(&sees) {
            None => {
                reports.insert(sees, (number, ours));
            }
            Some((other, theirs)) => {
                if let Some(what) = ours.differs(theirs) {
                    self.violate(format!("devices {other} and {number} differ in {what}"));
                }
                self.sights.see("reports compared");
            }
        }
    }

    /// What a command saved is at the relay in the end, as it was or authored anew, or kept as refused on its device.
    fn check_saved_reached_relay(&mut self, feeds: &Feeds) {
        let (held, erased) = (hashes(feeds), homes::erased(feeds));
        for number in 0..self.devices.len() {
            let Some(engine) = self.devices[number].engine().cloned() else { continue };
            let saved = self.ledger.saved.get(&number).cloned().unwrap_or_default();
            let missing: Vec<Change> = saved.into_iter().filter(|change| !held.contains(change)).collect();
            for (document, hash) in missing {
                if erased.contains(&document) {
                    self.sights.see("saved changes that an erasure took");
                    continue;
                }
                if self.went_before_it_came_back(&engine, &(document, hash)) {
                    self.sights.see("changes that went before they came back");
                    continue;
                }
                match fate(&engine, &document, &hash) {
                    Ok(Fate::Now(now)) if held.contains(&(document, now)) => {
                        self.sights.see("changes authored anew")
                    }
                    Ok(Fate::Refused) => self.sights.see("changes kept as refused"),
                    Ok(Fate::Moot) => self.sights.see("changes with nothing left to do"),
                    Ok(Fate::Now(_)) => {
                        let what = format!("{hash} of {document}, saved on device {number}");
                        return self.violate(format!("{what}, never reached the relay"));
                    }
                    Err(error) => return self.violate(format!("device {number}: {error}")),
                }
            }
        }
    }

    fn check_integrity(&mut self, number: DeviceNumber) {
        let Some(engine) = self.devices[number].engine().cloned() else { return };
        match engine.store().check_integrity() {
            Ok(report) if report.problems.is_empty() => {}
            Ok(report) => self.violate(format!("device {number}: {:?}", report.problems)),
            // Another handle of the engine is open: nothing is said either way.
            Err(StoreError::Busy) => self.sights.see("integrity not checked"),
            Err(error) => self.violate(format!("device {number}: the store can't be checked: {error}")),
        }
    }
}

fn hashes(feeds: &Feeds) -> BTreeSet<Change> {
    feeds.values().flat_map(Feed::hashes).collect()
}

/// What became of a change that isn't at the relay under its own hash.
enum Fate {
    /// It was authored anew as this one.
    Now(ChangeHash),
    /// It was refused, and a person is shown what it wrote.
    Refused,
    /// Another change of its document was refused or authored anew, and without that one it changes nothing: what is
    /// taken back by it was never taken.
    Moot,
}

fn fate(engine: &Engine, document: &DocumentId, hash: &ChangeHash) -> Result<Fate, StoreError> {
    let tx = engine.store().read()?;
    let now = tx.resolve_alias(hash)?;
    // Where the chunk isn't here its document has left this device.
    if tx.chunk(document, &now)?.is_some_and(|chunk| chunk.state != ChunkState::Refused) {
        return Ok(Fate::Now(now));
    }
    let of_document: Vec<RefusedEdit> = tx
        .refused_edits()?
        .into_iter()
        .filter_map(|(_, edit)| (edit.document == *document).then_some(edit))
        .collect();
    // A fixed beginning says nothing by itself.
    if genesis::ALLOWED.contains(&now) || of_document.iter().any(|edit| edit.hash == now) {
        return Ok(Fate::Refused);
    }
    let mut explained = !of_document.is_empty();
    for chunk in tx.chunks_in(document, &[ChunkState::Refused])? {
        explained |= tx.resolve_alias(&chunk.hash)? != chunk.hash;
    }
    Ok(if explained { Fate::Moot } else { Fate::Now(now) })
}

fn documents(engine: &Engine) -> Result<BTreeMap<DocumentId, DocumentRow>, StoreError> {
    let tx = engine.store().read()?;
    let mut all = BTreeMap::new();
    loop {
        let after = all.last_key_value().map(|(id, _)| *id);
        let page = tx.documents_after(after.as_ref(), DOCUMENTS_A_PAGE)?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

fn compare_heads(
    space: &SpaceId,
    feed: &Feed,
    documents: &BTreeMap<DocumentId, DocumentRow>,
) -> Result<(), String> {
    let heads = feed.heads();
    for (document, heads) in &heads {
        let row = documents.get(document).ok_or(format!("{document} of {} is missing", feed.name))?;
        let set = |heads: &[ChangeHash]| heads.iter().copied().collect::<BTreeSet<_>>();
        if set(&row.heads) != *heads || set(&row.feed_heads) != *heads {
            let (view, from_feed) = (&row.heads, &row.feed_heads);
            return Err(format!(
                "{document} stands at {view:?} (feed: {from_feed:?}), the relay at {heads:?}"
            ));
        }
    }
    let stands = |row: &DocumentRow| row.space == *space && gone::stands(row);
    let more = documents.iter().find(|(document, row)| stands(row) && !heads.contains_key(document));
    more.map_or(Ok(()), |(document, _)| Err(format!("{document} of {} isn't at the relay", feed.name)))
}

/// What a replica answers, as bytes.
struct Reports {
    pipeline: Vec<u8>,
    issues: Vec<u8>,
    issue_count: u64,
    rows: BTreeMap<(String, DocumentId), Vec<u8>>,
}

impl Reports {
    fn of(engine: &Engine) -> Result<Self, ClientError> {
        let json = |value: Result<Vec<u8>, serde_json::Error>| {
            value.map_err(|error| ClientError::Damaged(forsat_client::Damage::Other(error.to_string())))
        };
        let issues = engine.issues(true)?.issues;
        let mut rows = BTreeMap::new();
        let tx = engine.store().read()?;
        for module in engine.schema().modules() {
            tx.each_row(&module.name, &mut |id, bytes| {
                rows.insert((module.name.to_string(), id), bytes.to_vec());
                ControlFlow::Continue(())
            })?;
        }
        Ok(Self {
            pipeline: json(serde_json::to_vec(&engine.pipeline()?))?,
            issue_count: issues.len() as u64,
            issues: json(serde_json::to_vec(&issues))?,
            rows,
        })
    }

    fn differs(&self, other: &Self) -> Option<String> {
        if self.pipeline != other.pipeline {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            return Some(format!("the pipeline:\n{}\n{}", text(&self.pipeline), text(&other.pipeline)));
        }
        if let Some((key, _)) = self.rows.iter().find(|(key, row)| other.rows.get(key) != Some(row)) {
            return Some(format!("the row of {} {}", key.0, key.1));
        }
        if self.rows.len() != other.rows.len() {
            return Some("the number of records".to_owned());
        }
        (self.issues != other.issues).then(|| "the issues".to_owned())
    }
}

fn said(error: StoreError) -> String {
    error.to_string()
}
