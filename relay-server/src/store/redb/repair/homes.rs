//! Where documents live, by what the feeds say of their moves; words of moves that are lost are put back.
//!
//! A word stands twice: the old space says that the document left, the new one that it came. Each is made from the other,
//! from the rows beside the feeds, or from where the changes stand: at its own position where that says nothing, else
//! behind the feed.

use std::collections::BTreeMap;

use forsat_sync::id::{DocumentId, FeedSeq, HomeVersion, SpaceId};
use redb::{ReadableTable as _, WriteTransaction};

use super::super::examine::readable;
use super::super::rows::{DocumentRow, FEED_KIND_MOVED_IN, FEED_KIND_MOVED_OUT, FeedRow, MovedOutRow};
use super::super::tables::{DOCUMENTS, FEED, FEED_HEADS, MOVED_OUT, Writable, decode, get, moved_out_key};
use super::super::{feed, moves};
use super::survey::Stay;
use super::{Survey, settle};
use crate::store::StoreError;

/// Where a document lives, and how many homes it has had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Home {
    pub(super) space: SpaceId,
    pub(super) version: u64,
}

type Stays = BTreeMap<SpaceId, Stay>;
/// Rows that name positions of words that are lost.
type Lost = BTreeMap<DocumentId, BTreeMap<SpaceId, MovedOutRow>>;

/// Finds the home of every document, and puts back what is lost of its moves; answers how many rows that took.
pub(super) fn restore(
    tx: &WriteTransaction,
    survey: &mut Survey,
    is_erased: impl Fn(&DocumentId) -> bool,
    now_ms: u64,
) -> Result<(BTreeMap<DocumentId, Home>, u64), StoreError> {
    let lost = lost(tx, survey)?;
    let homes = homes(tx, survey, &lost)?;
    let mut words = Words {
        feed: tx.open_table(FEED.table())?,
        heads: tx.open_table(FEED_HEADS.table())?,
        survey,
        now_ms,
        rows: 0,
    };
    for (document, home) in &homes {
        let nowhere = BTreeMap::new();
        words.put_back(document, *home, lost.get(document).unwrap_or(&nowhere))?;
        if home.version > 1 && !is_erased(document) {
            words.complete(document, *home)?;
        }
    }
    let rows = words.rows;
    drop(words);
    Ok((homes, rows + settle_moved_out(tx, survey)?))
}

/// The home of every document that feeds or rows speak of.
fn homes(
    tx: &WriteTransaction,
    survey: &mut Survey,
    lost: &Lost,
) -> Result<BTreeMap<DocumentId, Home>, StoreError> {
    for (document, spaces) in lost {
        for space in spaces.keys() {
            survey.stay(document, space);
        }
    }
    let documents = tx.open_table(DOCUMENTS.table())?;
    for item in documents.iter()? {
        let (key, value) = item?;
        let row = readable(decode::<DocumentRow>(DOCUMENTS, key.value(), value.value()))?;
        let moved = row.filter(|row| row.home_version > 1);
        if let (Some(row), Some(document)) = (moved, DocumentId::from_slice(key.value())) {
            survey.stay(&document, &row.space);
        }
    }
    let mut homes = BTreeMap::new();
    for (document, stays) in &survey.stays {
        let row = readable(get::<DocumentRow>(&documents, DOCUMENTS, document.as_bytes()))?.flatten();
        let newest = lost.get(document).into_iter().flatten().map(|(_, row)| row.home.get()).max();
        homes.extend(home(stays, row.as_ref(), newest).map(|home| (*document, home)));
    }
    Ok(homes)
}

/// The rows of words whose positions say nothing.
fn lost(tx: &WriteTransaction, survey: &Survey) -> Result<Lost, StoreError> {
    let mut lost = Lost::new();
    for item in tx.open_table(MOVED_OUT.table())?.iter()? {
        let (key, value) = item?;
        let Some(row) = readable(decode::<MovedOutRow>(MOVED_OUT, key.value(), value.value()))? else {
            continue;
        };
        let (space, document) = key.value().split_at(SpaceId::LEN.min(key.value().len()));
        let (Some(space), Some(document)) = (SpaceId::from_slice(space), DocumentId::from_slice(document))
        else {
            continue;
        };
        if survey.is_hole(&space, row.seq.get()) {
            lost.entry(document).or_default().insert(space, row);
        }
    }
    Ok(lost)
}

/// Where a document lives: where the word with the highest version says, unless its changes stand only elsewhere.
fn home(stays: &Stays, row: Option<&DocumentRow>, newest_lost: Option<u64>) -> Option<Home> {
    let came = stays.iter().filter_map(|(space, stay)| Some((stay.came?.1, *space)));
    let went = stays.values().filter_map(|stay| stay.went.and_then(|(_, version, to)| Some((version, to?))));
    let told = came.chain(went).max_by_key(|(version, _)| *version);
    let kept = row.map(|row| (row.home_version, row.space));
    let known = match (told, kept) {
        (Some(told), Some(kept)) if kept.0 > told.0 => Some(kept),
        (told, kept) => told.or(kept),
    };
    let stands = |stay: &Stay| stay.first.is_some();
    let first = stays.iter().find(|(_, stay)| stands(stay)).map(|(space, _)| *space);
    let (version, space) = match (known, first) {
        (Some((version, space)), Some(first)) => match stays.get(&space).is_some_and(stands) {
            true => (version, space),
            false => (version + 1, first),
        },
        (Some(known), None) => known,
        (None, first) => (1, first?),
    };
    let has_left = stays.iter().any(|(other, stay)| *other != space && stay.left.is_some());
    let least = newest_lost.unwrap_or(1).max(if has_left { 2 } else { 1 });
    Some(Home { space, version: version.max(least) })
}

struct Words<'tx, 's> {
    feed: Writable<'tx>,
    heads: Writable<'tx>,
    survey: &'s mut Survey,
    now_ms: u64,
    rows: u64,
}

impl Words<'_, '_> {
    /// Puts words back at the positions that rows name.
    fn put_back(
        &mut self,
        document: &DocumentId,
        home: Home,
        lost: &BTreeMap<SpaceId, MovedOutRow>,
    ) -> Result<(), StoreError> {
        for (space, row) in lost {
            let (seq, version) = (row.seq.get(), row.home.get());
            let stays = &self.survey.stays[document];
            let is_newer = stays.get(space).and_then(|stay| stay.went).is_none_or(|(went, ..)| went < seq);
            if !is_newer || !self.survey.is_hole(space, seq) {
                continue;
            }
            let came = |(_, stay): &(&SpaceId, &Stay)| stay.came.is_some_and(|(_, came)| came == version);
            let to = match stays.iter().find(came) {
                Some((to, _)) => Some(*to),
                None => Some(home.space).filter(|_| home.version == version),
            };
            let word = self.word(document, FEED_KIND_MOVED_OUT, version, to);
            self.survey.fill(&mut self.feed, space, seq, &word)?;
            self.survey.stay(document, space).went = Some((seq, version, to));
            self.rows += 1;
        }
        Ok(())
    }

    /// Sees to it that the home says that the document came, and every other space that it left.
    fn complete(&mut self, document: &DocumentId, home: Home) -> Result<(), StoreError> {
        let stay = self.survey.stay(document, &home.space);
        let (first, says) = (stay.first, stay.came.is_some_and(|(_, version)| version == home.version));
        if !says {
            let word = self.word(document, FEED_KIND_MOVED_IN, home.version, None);
            // It stood right before the changes.
            let place = first.map(|first| first - 1).filter(|seq| self.survey.is_hole(&home.space, *seq));
            let seq = self.say(&home.space, place, &word)?;
            self.survey.stay(document, &home.space).came = Some((seq, home.version));
        }
        let stays = &self.survey.stays[document];
        let silent: Vec<SpaceId> = stays
            .iter()
            .filter(|(space, stay)| **space != home.space && !stay.is_over())
            .map(|(space, _)| *space)
            .collect();
        for space in silent {
            let to = Some(home.space);
            let word = self.word(document, FEED_KIND_MOVED_OUT, home.version, to);
            let seq = self.say(&space, None, &word)?;
            self.survey.stay(document, &space).went = Some((seq, home.version, to));
        }
        Ok(())
    }

    fn say(&mut self, space: &SpaceId, place: Option<u64>, word: &FeedRow) -> Result<u64, StoreError> {
        self.rows += 1;
        match place {
            Some(seq) => self.survey.fill(&mut self.feed, space, seq, word).map(|()| seq),
            None => Ok(feed::push(&mut self.feed, &mut self.heads, space, word)?.get()),
        }
    }

    fn word(&self, document: &DocumentId, kind: u8, version: u64, to: Option<SpaceId>) -> FeedRow {
        let word = moves::word(document, kind, HomeVersion::new(version), to);
        FeedRow { received_at_ms: self.now_ms, ..word }
    }
}

/// 10: `moved_out` names the newest word of each document that left a space.
fn settle_moved_out(tx: &WriteTransaction, survey: &Survey) -> Result<u64, StoreError> {
    let mut rows = BTreeMap::new();
    for (document, stays) in &survey.stays {
        for (space, stay) in stays {
            let Some((seq, version, _)) = stay.went else { continue };
            let row = MovedOutRow { seq: FeedSeq::new(seq), home: HomeVersion::new(version) };
            rows.insert(moved_out_key(space, document).to_vec(), row);
        }
    }
    settle(tx, MOVED_OUT, rows)
}
