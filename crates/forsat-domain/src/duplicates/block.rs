//! Blocks: which records are compared at all, so that ten thousand of them take no fifty million comparisons.

use std::collections::{BTreeMap, BTreeSet};

use super::pair::How;
use super::{Criterion, in_order, key};
use crate::id::RecordId;
use crate::record::RecordState;
use crate::schema::ModuleDef;
use crate::world::World;

/// Records of one block that are compared each with each; in a larger block each is paired with its neighbour.
pub const BLOCK_RECORDS_MAX: usize = 64;

/// Names with fewer letters are similar only when they are the same.
pub const SIMILAR_LETTERS_MIN: usize = 6;

/// From this similarity (Jaro–Winkler, 0 to 1) on, two names are spelled alike.
pub const SIMILARITY_MIN: f64 = 0.9;

/// Groups of letters that a name is looked up by, its rarest first.
const GROUPS_PROBED: usize = 8;

/// A group of letters that more names have says too little to look up by.
const GROUP_NAMES_MAX: usize = 200;

/// Letters that a value must have before another can begin with it or contain it.
const PART_LETTERS_MIN: usize = 3;

/// Tells whether two folded names are spelled alike.
pub fn is_similar(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let is_long = |text: &str| text.chars().nth(SIMILAR_LETTERS_MIN - 1).is_some();
    // Jaro's matching can depend on the order; in one order every replica agrees.
    let (first, second) = if one < other { (one, other) } else { (other, one) };
    is_long(one) && is_long(other) && strsim::jaro_winkler(first, second) >= SIMILARITY_MIN
}

/// Hands out the pairs of records that share a key.
pub(super) fn pair_equal(
    records: &[&RecordState],
    keys: &dyn Fn(&RecordState) -> Vec<String>,
    note: &mut dyn FnMut(RecordId, RecordId),
) {
    let mut blocks: BTreeMap<String, BTreeSet<RecordId>> = BTreeMap::new();
    for state in records {
        for key in keys(state) {
            blocks.entry(key).or_default().insert(state.id);
        }
    }
    for block in blocks.into_values() {
        pair_block(&block.into_iter().collect::<Vec<_>>(), note);
    }
}

fn pair_block(block: &[RecordId], note: &mut dyn FnMut(RecordId, RecordId)) {
    let reach = if block.len() > BLOCK_RECORDS_MAX { 1 } else { block.len() };
    for (at, left) in block.iter().enumerate() {
        for right in block.iter().skip(at + 1).take(reach) {
            note(*left, *right);
        }
    }
}

/// Hands out the pairs of records whose names are spelled alike without being the same.
pub(super) fn pair_similar(
    records: &[&RecordState],
    name: &dyn Fn(&RecordState) -> String,
    note: &mut dyn FnMut(RecordId, RecordId),
) {
    let named: Vec<(RecordId, String)> = records.iter().map(|state| (state.id, name(state))).collect();
    let texts: BTreeSet<&str> = named.iter().map(|(_, text)| text.as_str()).collect();
    let texts: Vec<&str> =
        texts.into_iter().filter(|text| text.chars().nth(SIMILAR_LETTERS_MIN - 1).is_some()).collect();
    let mut holders: BTreeMap<&str, Vec<RecordId>> = BTreeMap::new();
    for (id, text) in &named {
        holders.entry(text).or_default().push(*id);
    }
    for (left, right) in similar_texts(&texts) {
        for one in &holders[left] {
            for other in &holders[right] {
                note(*one, *other);
            }
        }
    }
}

/// The pairs of different texts that are spelled alike, among those that share a rarer group of letters.
fn similar_texts<'t>(texts: &[&'t str]) -> BTreeSet<(&'t str, &'t str)> {
    let index = Groups::of(texts);
    let mut found = BTreeSet::new();
    for (at, text) in texts.iter().enumerate() {
        for other in index.candidates(text).into_iter().filter(|other| *other != at) {
            let pair = if *text < texts[other] { (*text, texts[other]) } else { (texts[other], *text) };
            if !found.contains(&pair) && is_similar(text, texts[other]) {
                found.insert(pair);
            }
        }
    }
    found
}

/// Which texts have which groups of three letters.
struct Groups(BTreeMap<[char; 3], Vec<usize>>);

impl Groups {
    fn of(texts: &[&str]) -> Self {
        let mut by_group: BTreeMap<[char; 3], Vec<usize>> = BTreeMap::new();
        for (at, text) in texts.iter().enumerate() {
            for group in groups(text) {
                by_group.entry(group).or_default().push(at);
            }
        }
        Self(by_group)
    }

    /// The texts that share one of the rarest groups of a text, itself among them.
    fn candidates(&self, text: &str) -> BTreeSet<usize> {
        let mut lists: Vec<&Vec<usize>> = groups(text).iter().filter_map(|group| self.0.get(group)).collect();
        lists.sort_by_key(|list| list.len());
        // A group of this text alone finds nobody and takes no other's turn.
        let shared = lists.into_iter().filter(|list| (2..=GROUP_NAMES_MAX).contains(&list.len()));
        shared.take(GROUPS_PROBED).flatten().copied().collect()
    }
}

/// The groups of three letters of a text, with its beginning as letters of their own.
fn groups(text: &str) -> BTreeSet<[char; 3]> {
    let letters: Vec<char> = ['\u{2}', '\u{2}'].into_iter().chain(text.chars()).collect();
    letters.windows(3).filter_map(|window| window.try_into().ok()).collect()
}

/// The values of each record for one criterion.
type Values = BTreeMap<RecordId, Vec<String>>;

/// The pairs that agree in every criterion.
pub(super) fn agreeing(
    table: &ModuleDef,
    records: &[&RecordState],
    world: &dyn World,
    criteria: &[Criterion<'_>],
) -> BTreeSet<(RecordId, RecordId)> {
    let read = |criterion: &Criterion<'_>| -> Values {
        let values =
            |state: &&RecordState| (state.id, key::values(state, criterion.field, &table.name_field, world));
        records.iter().map(values).collect()
    };
    let mut parts: Vec<(How, Values)> =
        criteria.iter().map(|criterion| (criterion.how, read(criterion))).collect();
    // The criterion with the smallest blocks makes the pairs; the others are asked of each pair.
    parts.sort_by_key(|(how, values)| (largest_block(*how, values), *how));
    let Some(((how, values), others)) = parts.split_first() else { return BTreeSet::new() };
    let mut found = BTreeSet::new();
    pairs_of(*how, values, &mut |left, right| {
        let agrees = |(how, values): &(How, Values)| agree(*how, &values[&left], &values[&right]);
        if left != right && others.iter().all(agrees) {
            found.insert(in_order(left, right));
        }
    });
    found
}

/// How many records share one value, where that is what blocks are made of; half of them otherwise.
fn largest_block(how: How, values: &Values) -> usize {
    if how != How::Exact {
        return BLOCK_RECORDS_MAX;
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for value in values.values().flatten() {
        *counts.entry(value).or_default() += 1;
    }
    counts.into_values().max().unwrap_or(0)
}

/// Tells whether a value of one record agrees with a value of the other.
fn agree(how: How, one: &[String], other: &[String]) -> bool {
    one.iter().any(|left| other.iter().any(|right| agree_texts(how, left, right)))
}

fn agree_texts(how: How, left: &str, right: &str) -> bool {
    let (short, long) = if left.len() <= right.len() { (left, right) } else { (right, left) };
    let is_part = short.chars().nth(PART_LETTERS_MIN - 1).is_some();
    match how {
        How::Exact => left == right,
        How::StartsWith => left == right || (is_part && long.starts_with(short)),
        How::Contains => left == right || (is_part && long.contains(short)),
        How::Similar => is_similar(left, right),
    }
}

/// Hands out the pairs of one criterion.
fn pairs_of(how: How, values: &Values, note: &mut dyn FnMut(RecordId, RecordId)) {
    let mut holders: BTreeMap<&str, BTreeSet<RecordId>> = BTreeMap::new();
    for (id, texts) in values {
        for text in texts {
            holders.entry(text).or_default().insert(*id);
        }
    }
    for block in holders.values() {
        pair_block(&block.iter().copied().collect::<Vec<_>>(), note);
    }
    let texts: Vec<&str> = holders.keys().copied().collect();
    let others: BTreeSet<(&str, &str)> = match how {
        How::Exact => return,
        How::StartsWith => beginnings(&texts),
        How::Contains => containing(&texts),
        How::Similar => similar_texts(&texts),
    };
    for (left, right) in others {
        for one in &holders[left] {
            for other in &holders[right] {
                note(*one, *other);
            }
        }
    }
}

/// Texts of which one begins with the other: neighbours in the sorted list.
fn beginnings<'t>(sorted: &[&'t str]) -> BTreeSet<(&'t str, &'t str)> {
    let mut found = BTreeSet::new();
    for (at, text) in
        sorted.iter().enumerate().filter(|(_, text)| text.chars().nth(PART_LETTERS_MIN - 1).is_some())
    {
        let longer = sorted[at + 1..].iter().take_while(|other| other.starts_with(text));
        found.extend(longer.map(|other| (*text, *other)));
    }
    found
}

/// Texts of which one contains the other: the longer has every group of the shorter, so its rarest is enough.
fn containing<'t>(texts: &[&'t str]) -> BTreeSet<(&'t str, &'t str)> {
    let inner = |text: &str| -> BTreeSet<[char; 3]> {
        let letters: Vec<char> = text.chars().collect();
        letters.windows(3).filter_map(|window| window.try_into().ok()).collect()
    };
    let mut index: BTreeMap<[char; 3], Vec<usize>> = BTreeMap::new();
    for (at, text) in texts.iter().enumerate() {
        for group in inner(text) {
            index.entry(group).or_default().push(at);
        }
    }
    let mut found = BTreeSet::new();
    for text in texts {
        let rarest =
            inner(text).into_iter().filter_map(|group| index.get(&group)).min_by_key(|list| list.len());
        let longer = rarest.into_iter().flatten().map(|at| texts[*at]);
        found
            .extend(longer.filter(|other| other != text && other.contains(text)).map(|other| (*text, other)));
    }
    found
}
