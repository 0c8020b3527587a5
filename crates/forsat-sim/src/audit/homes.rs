//! Where documents live, from what all feeds say together: in one space each, and nowhere once they are erased.

use super::{Feed, Feeds, Word};
use forsat_sync::id::{DocumentId, HomeVersion, SpaceId};
use std::collections::{BTreeMap, BTreeSet};

/// Where each document lives that has changes.
pub type Homes = BTreeMap<DocumentId, SpaceId>;

/// The homes of the documents.
pub fn homes(feeds: &Feeds) -> Homes {
    let of = |(space, feed): (&SpaceId, &Feed)| {
        feed.changes.iter().map(|(document, _)| (*document, *space)).collect::<Vec<_>>()
    };
    feeds.iter().flat_map(of).collect()
}

/// Documents that have moved at least once.
pub fn moved(feeds: &Feeds) -> BTreeSet<DocumentId> {
    feeds.values().flat_map(|feed| &feed.words).map(|word| word.document).collect()
}

/// The documents that the control log erases.
pub fn erased(feeds: &Feeds) -> BTreeSet<DocumentId> {
    feeds.values().flat_map(|feed| feed.erased.iter().copied()).collect()
}

/// A document has one home, the one that the newest word names, and its changes stand there behind that word; an erased
/// one has none.
pub(super) fn check(feeds: &Feeds) -> Result<(), String> {
    let erased = erased(feeds);
    let mut found: BTreeMap<DocumentId, &str> = BTreeMap::new();
    for feed in feeds.values() {
        let documents: BTreeSet<_> = feed.changes.iter().map(|(document, _)| *document).collect();
        for document in documents {
            if erased.contains(&document) {
                return Err(format!("{document} was erased, and {} still brings it", feed.name));
            }
            if let Some(other) = found.insert(document, &feed.name) {
                return Err(format!("{document} lives in two spaces, {other} and {}", feed.name));
            }
        }
        check_places(feed)?;
    }
    let newest = newest_words(feeds);
    for (document, (word, name)) in &newest {
        let lives = found.get(document).copied();
        if lives.is_some_and(|lives| (lives == *name) != word.is_in) {
            return Err(format!(
                "{document} lives in {lives:?}, and its newest home is told otherwise: {word:?} in {name}"
            ));
        }
        if lives.is_none() && !erased.contains(document) {
            return Err(format!("{document} has moved, and lives nowhere"));
        }
    }
    Ok(())
}

/// Within a feed no change of a document stands before the last word about it.
fn check_places(feed: &Feed) -> Result<(), String> {
    let last: BTreeMap<DocumentId, &Word> = feed.words.iter().map(|word| (word.document, word)).collect();
    for (place, (document, header)) in feed.changes.iter().enumerate() {
        let Some(word) = last.get(document) else { continue };
        if place < word.after || !word.is_in {
            return Err(format!(
                "{}: {} of {document} stands where it left: {word:?}",
                feed.name, header.hash
            ));
        }
    }
    Ok(())
}

/// The word about each document that holds, and the space whose feed says it. A document comes in and goes out under
/// the same number, so that of the two the one that brings it in holds.
fn newest_words(feeds: &Feeds) -> BTreeMap<DocumentId, (Word, &str)> {
    let mut newest: BTreeMap<DocumentId, (Word, &str)> = BTreeMap::new();
    let rank = |word: &Word| -> (HomeVersion, bool) { (word.home, word.is_in) };
    for feed in feeds.values() {
        for word in &feed.words {
            let of = newest.entry(word.document).or_insert((*word, &feed.name));
            if rank(word) > rank(&of.0) {
                *of = (*word, &feed.name);
            }
        }
    }
    newest
}
